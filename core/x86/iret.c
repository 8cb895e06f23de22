/* SPDX-License-Identifier: MIT */
/* IRET in every mode: real, V86 with IOPL and VME, protected to the same or an outer level, to V86 mode, and
 * back through a task link (SDM 2A IRET/IRETD). */
#include "core/x86/transfer.h"

#include "core/x86/access.h"
#include "core/x86/eflags.h"
#include "core/x86/long_mode.h"
#include "core/x86/protection.h"

/* What every IRET pops first. */
struct return_frame {
    uint64_t rip, cs, eflags;
};

static bool read_frame(struct cpu *cpu, unsigned size, struct return_frame *frame)
{
    return stack_read(cpu, 0, size, &frame->rip) && stack_read(cpu, size, size, &frame->cs) &&
           stack_read(cpu, 2 * size, size, &frame->eflags);
}

static bool return_real_like(struct cpu *cpu, unsigned size, uint32_t mask)
{
    struct return_frame frame;
    if (!read_frame(cpu, size, &frame) || !real_target_check(cpu, frame.rip))
        return false;
    stack_release(cpu, 3 * size);
    eflags_write(cpu, (uint32_t)frame.eflags, mask);
    real_target_commit(cpu, (uint16_t)frame.cs, frame.rip);
    return true;
}

/* IOPL < 3 with VME, 16-bit form: IF stands for VIF (SDM 3A 20.3.1, table 20-2). */
static bool return_v86_virtual(struct cpu *cpu)
{
    struct return_frame frame;
    if (!read_frame(cpu, 2, &frame))
        return false;
    if (frame.eflags & EFLAGS_TF || (frame.eflags & EFLAGS_IF && cpu->eflags & EFLAGS_VIP))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!real_target_check(cpu, frame.rip))
        return false;
    stack_release(cpu, 6);
    eflags_write(cpu, (uint32_t)frame.eflags, EFLAGS_ANY_LEVEL & 0xFFFF);
    cpu->eflags = (cpu->eflags & ~(uint32_t)EFLAGS_VIF) | (frame.eflags & EFLAGS_IF ? EFLAGS_VIF : 0u);
    real_target_commit(cpu, (uint16_t)frame.cs, frame.rip);
    return true;
}

static bool return_v86(struct cpu *cpu, unsigned size)
{
    if (cpu_iopl(cpu) == 3) {
        uint32_t mask = EFLAGS_ANY_LEVEL | EFLAGS_RF | EFLAGS_IF;
        return return_real_like(cpu, size, size == 2 ? mask & 0xFFFF : mask);
    }
    if (!(cpu->cr4 & CR4_VME) || size != 2)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return return_v86_virtual(cpu);
}

uint32_t iret_flags_mask(const struct cpu *cpu, unsigned size)
{
    uint32_t mask = EFLAGS_ANY_LEVEL | EFLAGS_RF;
    if (cpu->cpl <= cpu_iopl(cpu))
        mask |= EFLAGS_IF;
    if (cpu->cpl == 0)
        mask |= EFLAGS_IOPL | EFLAGS_VIF | EFLAGS_VIP;
    return size == 2 ? mask & 0xFFFF : mask;
}

static bool rip_within(struct cpu *cpu, const struct descriptor *d, uint64_t rip)
{
    return rip <= descriptor_limit(d) || cpu_fault_code(cpu, VECTOR_GP, 0);
}

static bool return_outer_level(struct cpu *cpu, const struct return_frame *frame, struct descriptor *code,
                               unsigned size)
{
    uint16_t cs = (uint16_t)frame->cs;
    unsigned cpl = cs & SELECTOR_RPL;
    struct descriptor stack;
    uint64_t sp, ss;
    if (!stack_read(cpu, 3 * size, size, &sp) || !stack_read(cpu, 4 * size, size, &ss) ||
        !stack_segment_check(cpu, (uint16_t)ss, cpl, VECTOR_GP, 0, &stack) ||
        !rip_within(cpu, code, frame->rip) || !descriptor_set_accessed(cpu, (uint16_t)ss, &stack) ||
        !descriptor_set_accessed(cpu, cs, code))
        return false;
    eflags_write(cpu, (uint32_t)frame->eflags, iret_flags_mask(cpu, size));
    level_commit(cpu, &(struct level_target){.cs = cs,
                                             .code = code,
                                             .cpl = cpl,
                                             .rip = frame->rip,
                                             .ss = (uint16_t)ss,
                                             .stack = &stack,
                                             .sp = sp});
    segments_drop_privileged(cpu);
    return true;
}

static bool return_same_level(struct cpu *cpu, const struct return_frame *frame, struct descriptor *code,
                              unsigned size)
{
    uint16_t cs = (uint16_t)frame->cs;
    if (!rip_within(cpu, code, frame->rip) || !descriptor_set_accessed(cpu, cs, code))
        return false;
    stack_release(cpu, 3 * size);
    eflags_write(cpu, (uint32_t)frame->eflags, iret_flags_mask(cpu, size));
    code_segment_commit(cpu, cs, code, cpu->cpl, frame->rip);
    return true;
}

/* From level 0 with VM set in the popped image: ESP, SS, ES, DS, FS and GS follow on the stack. */
static bool return_to_v86(struct cpu *cpu, const struct return_frame *frame)
{
    static const enum seg_index order[] = {SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    uint64_t sp, selector[5];
    if (!stack_read(cpu, 12, 4, &sp))
        return false;
    for (unsigned i = 0; i < 5; i++) {
        if (!stack_read(cpu, 16 + 4 * i, 4, &selector[i]))
            return false;
    }
    if (frame->rip > 0xFFFF)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    eflags_write(cpu, (uint32_t)frame->eflags, iret_flags_mask(cpu, 4) | EFLAGS_VM);
    cpu->cpl = 3;
    for (unsigned i = 0; i < 5; i++)
        segment_set_real(cpu, order[i], (uint16_t)selector[i]);
    cpu->gpr[GPR_SP] = (uint32_t)sp;
    real_target_commit(cpu, (uint16_t)frame->cs, frame->rip);
    return true;
}

static bool return_protected(struct cpu *cpu, unsigned size)
{
    struct return_frame frame;
    struct descriptor code;
    if (cpu->eflags & EFLAGS_NT)
        return task_return(cpu);
    if (!read_frame(cpu, size, &frame))
        return false;
    if (size == 4 && frame.eflags & EFLAGS_VM && cpu->cpl == 0)
        return return_to_v86(cpu, &frame);
    if (!return_target_check(cpu, (uint16_t)frame.cs, &code))
        return false;
    if ((frame.cs & SELECTOR_RPL) > cpu->cpl)
        return return_outer_level(cpu, &frame, &code, size);
    return return_same_level(cpu, &frame, &code, size);
}

bool interrupt_return(struct cpu *cpu, unsigned op_size)
{
    bool returned;
    if (!cpu_is_protected(cpu)) {
        uint32_t mask =
            (EFLAGS_ANY_LEVEL | EFLAGS_RF | EFLAGS_IF | EFLAGS_IOPL) & cpu_model_real_eflags(cpu->model);
        returned = return_real_like(cpu, op_size, op_size == 2 ? mask & 0xFFFF : mask);
    } else if (cpu_is_v86(cpu)) {
        returned = return_v86(cpu, op_size);
    } else if (cpu_is_long(cpu)) {
        returned = long_interrupt_return(cpu, op_size);
    } else {
        returned = return_protected(cpu, op_size);
    }
    if (returned)
        cpu->nmi_blocked = false;
    return returned;
}
