/* SPDX-License-Identifier: MIT */
#include "core/x86/exec/load_store.h"

const struct insn *exec_load_slow(struct cpu *cpu, const struct insn *insn, uint64_t offset, unsigned size,
                                  value_fn *finish)
{
    uint64_t value = mem_read_slow(cpu, insn, (enum seg_index)insn->seg, offset, size);
    return cpu->exception.pending ? exec_fault(cpu, insn) : finish(cpu, insn, value);
}

const struct insn *exec_store_slow(struct cpu *cpu, const struct insn *insn, uint64_t offset, unsigned size,
                                   uint64_t value)
{
    mem_write_slow(cpu, insn, (enum seg_index)insn->seg, offset, size, value);
    return cpu->exception.pending ? exec_fault(cpu, insn) : exec_next(cpu, insn);
}

bool push_slow(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value)
{
    uint64_t sp = (cpu->gpr[GPR_SP] - size) & cpu->sp_mask;
    mem_write_slow(cpu, insn, SEG_SS, sp, size, value);
    if (cpu->exception.pending)
        return false;
    set_sp(cpu, sp);
    return true;
}

const struct insn *exec_push_slow(struct cpu *cpu, const struct insn *insn, unsigned size, uint64_t value)
{
    return push_slow(cpu, insn, size, value) ? exec_next(cpu, insn) : exec_fault(cpu, insn);
}

const struct insn *exec_top_slow(struct cpu *cpu, const struct insn *insn, unsigned size, value_fn *finish)
{
    uint64_t value = mem_read_slow(cpu, insn, SEG_SS, cpu->gpr[GPR_SP] & cpu->sp_mask, size);
    return cpu->exception.pending ? exec_fault(cpu, insn) : finish(cpu, insn, value);
}
