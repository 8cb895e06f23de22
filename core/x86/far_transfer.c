/* SPDX-License-Identifier: MIT */
/* Far JMP, CALL and RET: real and V86 mode, conforming and non-conforming code, call gates with and without a
 * change of privilege, task gates and TSSs (SDM 2A CALL, JMP, RET; 3A 5.8). Checks in the manual's order. */
#include "core/x86/transfer.h"

#include "core/x86/access.h"
#include "core/x86/long_mode.h"
#include "core/x86/protection.h"

bool real_target_check(struct cpu *cpu, uint64_t offset)
{
    uint32_t limit = cpu_is_v86(cpu) ? 0xFFFF : cpu->seg[SEG_CS].limit;
    return offset <= limit || cpu_fault_code(cpu, VECTOR_GP, 0);
}

void real_target_commit(struct cpu *cpu, uint16_t selector, uint64_t offset)
{
    segment_set_real(cpu, SEG_CS, selector);
    cpu->next_rip = offset;
    cpu_derive(cpu);
}

static void set_code(struct cpu *cpu, uint16_t selector, const struct descriptor *d, unsigned cpl,
                     uint64_t rip)
{
    cpu->cpl = (uint8_t)cpl;
    cpu->seg[SEG_CS] = segment_from_descriptor((uint16_t)((selector & ERROR_SELECTOR) | cpl), d);
    cpu->next_rip = rip;
}

void code_segment_commit(struct cpu *cpu, uint16_t selector, const struct descriptor *d, unsigned cpl,
                         uint64_t rip)
{
    set_code(cpu, selector, d, cpl, rip);
    cpu_derive(cpu);
}

void level_commit(struct cpu *cpu, const struct level_target *target)
{
    set_code(cpu, target->cs, target->code, target->cpl, target->rip);
    cpu->seg[SEG_SS] = segment_from_descriptor(target->ss, target->stack);
    stack_pointer_set(cpu, stack_mask(&cpu->seg[SEG_SS]), target->sp);
    cpu_derive(cpu);
}

static bool rip_within(struct cpu *cpu, const struct descriptor *d, uint64_t rip, unsigned ext)
{
    return rip <= descriptor_limit(d) || cpu_fault_code(cpu, VECTOR_GP, ext);
}

static bool frame_current(struct cpu *cpu, unsigned size, uint64_t cs, uint64_t rip,
                          struct stack_frame *frame)
{
    stack_frame_current(cpu, frame, size);
    stack_frame_push(frame, cs);
    stack_frame_push(frame, cut_offset(rip, size));
    return stack_frame_check_call(cpu, frame);
}

/* Checks of a code segment named directly by JMP or CALL: conforming or of the same level. */
static bool direct_code_check(struct cpu *cpu, uint16_t selector, const struct descriptor *d)
{
    bool allowed = descriptor_is_conforming(d)
                       ? descriptor_dpl(d) <= cpu->cpl
                       : (selector & SELECTOR_RPL) <= cpu->cpl && descriptor_dpl(d) == cpu->cpl;
    if (!allowed)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    return true;
}

/* Privilege and presence of a gate or TSS named by JMP or CALL. */
static bool gate_access_check(struct cpu *cpu, uint16_t selector, const struct descriptor *d)
{
    unsigned dpl = descriptor_dpl(d);
    if (dpl < cpu->cpl || dpl < (selector & SELECTOR_RPL))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    return true;
}

static bool tss_access_check(struct cpu *cpu, uint16_t selector, const struct descriptor *d)
{
    unsigned dpl = descriptor_dpl(d);
    if (dpl < cpu->cpl || dpl < (selector & SELECTOR_RPL))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    return true;
}

/* The code segment behind a call gate. JMP may not change level through a non-conforming one. */
static bool gate_code_check(struct cpu *cpu, uint16_t selector, bool call, struct descriptor *d)
{
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, d))
        return false;
    unsigned dpl = descriptor_dpl(d);
    bool level = call || descriptor_is_conforming(d) ? dpl <= cpu->cpl : dpl == cpu->cpl;
    if (!descriptor_is_code(d) || !level)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    return true;
}

/* Enters a code segment without a change of level, pushing CS:return_rip where it is a call. */
static bool enter_same_level(struct cpu *cpu, uint16_t selector, struct descriptor *d, uint64_t rip,
                             unsigned size, const uint64_t *return_rip)
{
    struct stack_frame frame;
    if (return_rip && !frame_current(cpu, size, cpu->seg[SEG_CS].selector, *return_rip, &frame))
        return false;
    if (!rip_within(cpu, d, rip, 0) || !descriptor_set_accessed(cpu, selector, d))
        return false;
    if (return_rip) {
        if (!stack_frame_write(cpu, &frame))
            return false;
        stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    }
    code_segment_commit(cpu, selector, d, cpu->cpl, rip);
    return true;
}

bool tss_read_stack(struct cpu *cpu, unsigned level, unsigned ext, uint16_t *ss, uint32_t *sp)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    bool wide = (tr->attributes & 8) != 0;
    unsigned offset = wide ? level * 8 + 4 : level * 4 + 2;
    unsigned sp_size = wide ? 4 : 2;
    uint64_t value_sp, value_ss;
    if (offset + sp_size + 1 > tr->limit)
        return selector_fault(cpu, VECTOR_TS, tr->selector, ext);
    gva_t address = (tr->base + offset) & cpu->linear_mask;
    if (!linear_read(cpu, address, sp_size, false, &value_sp) ||
        !linear_read(cpu, (address + sp_size) & cpu->linear_mask, 2, false, &value_ss))
        return false;
    *sp = (uint32_t)value_sp;
    *ss = (uint16_t)value_ss;
    return true;
}

/* Copies call-gate parameters from the caller's stack to the frame, first pushed first. */
static bool copy_parameters(struct cpu *cpu, struct stack_frame *frame, unsigned count)
{
    for (unsigned i = count; i-- > 0;) {
        uint64_t value;
        if (!stack_read(cpu, i * frame->size, frame->size, &value))
            return false;
        stack_frame_push(frame, value);
    }
    return true;
}

/* CALL through a gate to an inner level (SDM 2A CALL, MORE-PRIVILEGE). */
static bool call_inner_level(struct cpu *cpu, const struct descriptor *gate, uint16_t selector,
                             struct descriptor *code, uint64_t rip, uint64_t return_rip)
{
    unsigned size = descriptor_is_386(gate) ? 4 : 2;
    unsigned level = descriptor_dpl(code);
    struct descriptor stack;
    struct stack_frame frame;
    uint16_t ss;
    uint32_t sp;
    if (!tss_read_stack(cpu, level, 0, &ss, &sp) ||
        !stack_segment_check(cpu, ss, level, VECTOR_TS, 0, &stack))
        return false;
    struct segment segment = segment_from_descriptor(ss, &stack);
    stack_frame_init(&frame, &segment, sp, size, level);
    stack_frame_push(&frame, cpu->seg[SEG_SS].selector);
    stack_frame_push(&frame, cut_offset(cpu->gpr[GPR_SP], size));
    if (!copy_parameters(cpu, &frame, gate->high & 31))
        return false;
    stack_frame_push(&frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(&frame, cut_offset(return_rip, size));
    if (!stack_frame_check(cpu, &frame, ss & ERROR_SELECTOR) || !rip_within(cpu, code, rip, 0) ||
        !descriptor_set_accessed(cpu, ss, &stack) || !descriptor_set_accessed(cpu, selector, code))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    level_commit(cpu, &(struct level_target){.cs = selector,
                                             .code = code,
                                             .cpl = level,
                                             .rip = rip,
                                             .ss = ss,
                                             .stack = &stack,
                                             .sp = frame.sp});
    return true;
}

static bool through_call_gate(struct cpu *cpu, uint16_t gate_sel, const struct descriptor *gate,
                              const uint64_t *return_rip)
{
    uint16_t selector = gate_selector(gate);
    unsigned size = descriptor_is_386(gate) ? 4 : 2;
    uint64_t rip = cut_offset(gate_offset(gate), size);
    struct descriptor code;
    if (!gate_access_check(cpu, gate_sel, gate) || !gate_code_check(cpu, selector, return_rip != NULL, &code))
        return false;
    if (return_rip && !descriptor_is_conforming(&code) && descriptor_dpl(&code) < cpu->cpl)
        return call_inner_level(cpu, gate, selector, &code, rip, *return_rip);
    return enter_same_level(cpu, selector, &code, rip, size, return_rip);
}

/* JMP (return_rip NULL) or CALL to something that is not a code segment. */
static bool through_system_descriptor(struct cpu *cpu, uint16_t selector, const struct descriptor *d,
                                      const uint64_t *return_rip)
{
    enum task_reason reason = return_rip ? TASK_CALL : TASK_JUMP;
    uint64_t next = return_rip ? *return_rip : cpu->next_rip;
    switch (descriptor_type(d)) {
    case TYPE_CALL_GATE16:
    case TYPE_CALL_GATE32: return through_call_gate(cpu, selector, d, return_rip);
    case TYPE_TASK_GATE:
        return gate_access_check(cpu, selector, d) &&
               task_gate_enter(cpu, d, reason, 0, cpu_get_eflags(cpu), next);
    case TYPE_TSS16:
    case TYPE_TSS32:
    case TYPE_TSS16_BUSY:
    case TYPE_TSS32_BUSY:
        return tss_access_check(cpu, selector, d) &&
               task_switch(cpu, selector, reason, 0, cpu_get_eflags(cpu), next);
    default: return selector_fault(cpu, VECTOR_GP, selector, 0);
    }
}

static bool protected_transfer(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned size,
                               const uint64_t *return_rip)
{
    struct descriptor d;
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, &d))
        return false;
    if (descriptor_is_system(&d))
        return through_system_descriptor(cpu, selector, &d, return_rip);
    if (!descriptor_is_code(&d))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    return direct_code_check(cpu, selector, &d) &&
           enter_same_level(cpu, selector, &d, cut_offset(offset, size), size, return_rip);
}

bool far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size)
{
    if (cpu_is_long(cpu))
        return long_far_jump(cpu, selector, offset, op_size);
    if (!cpu_is_real_like(cpu))
        return protected_transfer(cpu, selector, offset, op_size, NULL);
    offset = cut_offset(offset, op_size);
    if (!real_target_check(cpu, offset))
        return false;
    real_target_commit(cpu, selector, offset);
    return true;
}

bool far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t return_rip)
{
    struct stack_frame frame;
    if (cpu_is_long(cpu))
        return long_far_call(cpu, selector, offset, op_size, return_rip);
    if (!cpu_is_real_like(cpu))
        return protected_transfer(cpu, selector, offset, op_size, &return_rip);
    offset = cut_offset(offset, op_size);
    if (!frame_current(cpu, op_size, cpu->seg[SEG_CS].selector, return_rip, &frame) ||
        !real_target_check(cpu, offset))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    real_target_commit(cpu, selector, offset);
    return true;
}

bool return_target_check(struct cpu *cpu, uint16_t selector, struct descriptor *d)
{
    unsigned rpl = selector & SELECTOR_RPL;
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, d))
        return false;
    unsigned dpl = descriptor_dpl(d);
    if (!descriptor_is_code(d) || rpl < cpu->cpl || (descriptor_is_conforming(d) ? dpl > rpl : dpl != rpl))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(d))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    return true;
}

static bool return_real(struct cpu *cpu, unsigned size, unsigned release)
{
    uint64_t rip, cs;
    if (!stack_read(cpu, 0, size, &rip) || !stack_read(cpu, size, size, &cs) || !real_target_check(cpu, rip))
        return false;
    stack_release(cpu, 2 * size + release);
    real_target_commit(cpu, (uint16_t)cs, rip);
    return true;
}

static bool return_outer_level(struct cpu *cpu, uint16_t selector, struct descriptor *code, uint64_t rip,
                               unsigned size, unsigned release)
{
    unsigned cpl = selector & SELECTOR_RPL;
    struct descriptor stack;
    uint64_t sp, ss;
    if (!stack_read(cpu, 2 * size + release, size, &sp) || !stack_read(cpu, 3 * size + release, size, &ss) ||
        !stack_segment_check(cpu, (uint16_t)ss, cpl, VECTOR_GP, 0, &stack) ||
        !rip_within(cpu, code, rip, 0) || !descriptor_set_accessed(cpu, (uint16_t)ss, &stack) ||
        !descriptor_set_accessed(cpu, selector, code))
        return false;
    level_commit(cpu, &(struct level_target){.cs = selector,
                                             .code = code,
                                             .cpl = cpl,
                                             .rip = rip,
                                             .ss = (uint16_t)ss,
                                             .stack = &stack,
                                             .sp = sp + release});
    segments_drop_privileged(cpu);
    return true;
}

bool far_return(struct cpu *cpu, unsigned op_size, uint16_t release)
{
    struct descriptor code;
    uint64_t rip, cs;
    if (cpu_is_long(cpu))
        return long_far_return(cpu, op_size, release);
    if (cpu_is_real_like(cpu))
        return return_real(cpu, op_size, release);
    if (!stack_read(cpu, op_size, op_size, &cs) || !stack_read(cpu, 0, op_size, &rip) ||
        !return_target_check(cpu, (uint16_t)cs, &code))
        return false;
    if ((cs & SELECTOR_RPL) > cpu->cpl)
        return return_outer_level(cpu, (uint16_t)cs, &code, rip, op_size, release);
    if (!rip_within(cpu, &code, rip, 0) || !descriptor_set_accessed(cpu, (uint16_t)cs, &code))
        return false;
    stack_release(cpu, 2 * op_size + release);
    code_segment_commit(cpu, (uint16_t)cs, &code, cpu->cpl, rip);
    return true;
}
