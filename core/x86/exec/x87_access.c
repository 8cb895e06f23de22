/* SPDX-License-Identifier: MIT */
#include "core/x86/exec/x87_access.h"

/* With CR0.NE clear the processor asserts FERR# and stops before this instruction until an interrupt comes
 * (IRQ 13, by way of the board) or IGNNE# is asserted (SDM 1 appendix D). It stops as HLT does, but at this
 * instruction. */
bool x87_report_error(struct cpu *cpu)
{
    if (cpu->cr0 & CR0_NE)
        return cpu_fault(cpu, VECTOR_MF);
    if (cpu->ignne)
        return true;
    if (!cpu->ferr) {
        cpu->ferr = true;
        if (cpu->bus->ferr)
            cpu->bus->ferr(cpu->bus_self, true);
    }
    if (cpu->ignne)
        return true;
    cpu->activity = CPU_HALTED;
    return false;
}

void x87_update_ferr(struct cpu *cpu)
{
    if (!cpu->ferr || x87_pending(&cpu->x87))
        return;
    cpu->ferr = false;
    if (cpu->bus->ferr)
        cpu->bus->ferr(cpu->bus_self, false);
}

static unsigned part_size(unsigned left, unsigned align)
{
    return left >= align ? align : 2;
}

bool x87_load_image(struct cpu *cpu, const struct insn *insn, uint8_t *image, unsigned size, unsigned align)
{
    uint64_t offset = operand_offset(cpu, insn);
    for (unsigned done = 0, part; done < size; done += part) {
        uint64_t value;
        part = part_size(size - done, align);
        if (!mem_read(cpu, insn, (enum seg_index)insn->seg, operand_wrap(insn, offset + done), part, &value))
            return false;
        store_le(image + done, part, value);
    }
    return true;
}

bool x87_put_image(struct cpu *cpu, const struct insn *insn, const uint8_t *image, unsigned size,
                   unsigned align)
{
    uint64_t offset = operand_offset(cpu, insn);
    if (!x87_check(cpu, insn, size, align, true))
        return false;
    for (unsigned done = 0, part; done < size; done += part) {
        part = part_size(size - done, align);
        if (!mem_write(cpu, insn, (enum seg_index)insn->seg, operand_wrap(insn, offset + done), part,
                       load_le(image + done, part)))
            return false;
    }
    return true;
}
