/* SPDX-License-Identifier: MIT */
/* Registers after a string instruction that ran into a segment's end on an 80286, as captured from the chip.
 * Its microcode advances a pointer while the access is on its way, and counts CX down ahead of it: by one for
 * a read, by two for a write, which overlaps the next iteration. CMPS reads ES:DI first and counts after it.
 */
#include "core/x86/exec/string_286.h"

#include "core/x86/access.h"
#include "core/x86/model.h"
#include "core/x86/operand.h"

/* Opcodes without their width bit. */
enum string_opcode {
    INS = 0x6C,
    OUTS = 0x6E,
    MOVS = 0xA4,
    CMPS = 0xA6,
    STOS = 0xAA,
    LODS = 0xAC,
    SCAS = 0xAE
};

static bool source_faults(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct exception kept = cpu->exception;
    gva_t address;
    bool good =
        segment_check(cpu, (enum seg_index)insn->seg, (uint16_t)cpu->gpr[GPR_SI], size, false, &address);
    cpu->exception = kept;
    return !good;
}

static bool destination_faults(struct cpu *cpu, unsigned size)
{
    struct exception kept = cpu->exception;
    gva_t address;
    bool good = segment_check(cpu, SEG_ES, (uint16_t)cpu->gpr[GPR_DI], size, false, &address);
    cpu->exception = kept;
    return !good;
}

static void advance(struct cpu *cpu, enum gpr reg, uint64_t step)
{
    reg_write16(cpu, reg, (uint16_t)(cpu->gpr[reg] + step));
}

static void count_down(struct cpu *cpu, const struct insn *insn, unsigned count)
{
    uint16_t left = (uint16_t)cpu->gpr[GPR_CX];
    if (insn->flags & (INSN_REP | INSN_REPNE))
        reg_write16(cpu, GPR_CX, (uint16_t)(left < count ? 0 : left - count));
}

static void after_read_of_source(struct cpu *cpu, const struct insn *insn, uint64_t step)
{
    advance(cpu, GPR_SI, step);
    count_down(cpu, insn, 1);
}

static void after_compare(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t step)
{
    if (!destination_faults(cpu, size))
        after_read_of_source(cpu, insn, step);
    advance(cpu, GPR_DI, step);
}

static void after_move(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t step)
{
    if (source_faults(cpu, insn, size)) {
        after_read_of_source(cpu, insn, step);
        return;
    }
    advance(cpu, GPR_SI, step);
    advance(cpu, GPR_DI, step);
    count_down(cpu, insn, 2);
}

void string_fault_286(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t step)
{
    if (cpu_model_has(cpu->model, FEATURE_386))
        return;
    switch (insn->opcode & 0xFE) {
    case OUTS:
    case LODS: after_read_of_source(cpu, insn, step); break;
    case CMPS: after_compare(cpu, insn, size, step); break;
    case MOVS: after_move(cpu, insn, size, step); break;
    default: /* INS, STOS and SCAS */
        advance(cpu, GPR_DI, step);
        count_down(cpu, insn, (insn->opcode & 0xFE) == SCAS ? 1 : 2);
        break;
    }
}
