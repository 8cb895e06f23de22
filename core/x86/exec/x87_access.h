/* SPDX-License-Identifier: MIT */
/* What the x87 operations share: availability, waiting errors, pointers, memory operands (SDM 1, 8.1.8, 8.7).
 */
#ifndef LATHE_CORE_X86_EXEC_X87_ACCESS_H
#define LATHE_CORE_X86_EXEC_X87_ACCESS_H

#include "core/x86/operand.h"

/* Before an instruction that does not wait for errors: #NM where CR0.EM or CR0.TS keep the FPU away. */
static inline bool x87_available(struct cpu *cpu)
{
    return __builtin_expect(!(cpu->cr0 & (CR0_EM | CR0_TS)), 1) || cpu_fault(cpu, VECTOR_NM);
}

/* An unmasked exception is pending: #MF, or FERR# and sleep until the board answers. True: IGNNE# lets it
 * pass. */
bool x87_report_error(struct cpu *cpu);

/* Before any other instruction. */
static inline bool x87_begin(struct cpu *cpu)
{
    if (!x87_available(cpu))
        return false;
    return __builtin_expect(!x87_pending(&cpu->x87), 1) || x87_report_error(cpu);
}

/* After instructions that can clear errors: FERR# follows the pending state. */
void x87_update_ferr(struct cpu *cpu);

/* Notes the instruction in FOP, FCS and FIP; control instructions do not. */
static inline void x87_note_code(struct cpu *cpu, const struct insn *insn)
{
    struct x87 *f = &cpu->x87;
    f->fop = (uint16_t)((insn->opcode & 7u) << 8 | insn->modrm);
    f->fip = insn_rip(cpu, insn);
    f->fcs = cpu->seg[SEG_CS].selector;
}

/* The same for an instruction with a memory operand: FDS and FDP too. */
static inline void x87_note_data(struct cpu *cpu, const struct insn *insn)
{
    x87_note_code(cpu, insn);
    cpu->x87.fdp = operand_offset(cpu, insn);
    cpu->x87.fds = cpu->seg[insn->seg].selector;
}

/* The memory operand, 2, 4 or 8 bytes. */
static inline bool x87_load(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    return mem_read(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
}

static inline bool x87_put(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value)
{
    return mem_write(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, value);
}

/* The checks of an access without the access. */
static inline bool x87_check(struct cpu *cpu, const struct insn *insn, unsigned size, unsigned align,
                             bool write)
{
    return mem_check(cpu, insn, (enum seg_index)insn->seg, operand_offset(cpu, insn), size, align, write);
}

/* ST(i) of ModRM.rm; the FPU does not know REX. */
static inline unsigned x87_sti(const struct insn *insn)
{
    return insn->rm & 7;
}

/* Starts of instructions: with registers only, and with a memory operand to load. */
static inline bool x87_begin_register(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin(cpu))
        return false;
    x87_note_code(cpu, insn);
    return true;
}

static inline bool x87_begin_load(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t *value)
{
    if (!x87_begin(cpu) || !x87_load(cpu, insn, size, value))
        return false;
    x87_note_data(cpu, insn);
    return true;
}

/* Larger images, in pieces of at most `align` bytes, which is also the alignment that EFLAGS.AC asks for. A
 * store is proved possible before its first byte is written. `size` is even. */
bool x87_load_image(struct cpu *cpu, const struct insn *insn, uint8_t *image, unsigned size, unsigned align);
bool x87_put_image(struct cpu *cpu, const struct insn *insn, const uint8_t *image, unsigned size,
                   unsigned align);

#endif
