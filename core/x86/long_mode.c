/* SPDX-License-Identifier: MIT */
#include "core/x86/long_mode.h"

#include "core/x86/access.h"
#include "core/x86/eflags.h"
#include "core/x86/transfer.h"

/* A 64-bit gate or system descriptor: 16 bytes (SDM 3A figures 5-8, 6-8). */
struct wide_gate {
    struct descriptor low;
    uint32_t offset_high;
    uint32_t upper; /* bits 8-12 must be zero in tables where 8-byte descriptors live too */
};

enum { TSS64_RSP0 = 4, TSS64_IST1 = 0x24, IST_MASK = 7 };

/* A code segment that a transfer has chosen, and where in it. */
struct target {
    uint16_t selector;
    struct descriptor code;
    uint64_t rip;
    unsigned cpl;
};

static bool target_is_64bit(const struct descriptor *code)
{
    return descriptor_is_long_code(code);
}

static bool rip_check(struct cpu *cpu, const struct target *target, unsigned ext)
{
    bool good = target_is_64bit(&target->code) ? is_canonical(target->rip)
                                               : target->rip <= descriptor_limit(&target->code);
    return good || cpu_fault_code(cpu, VECTOR_GP, ext);
}

/* L and D together are reserved. */
static bool mode_bits_check(struct cpu *cpu, uint16_t selector, const struct descriptor *code)
{
    if (descriptor_is_long_code(code) && descriptor_is_32bit(code))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    return true;
}

static bool read_raw(struct cpu *cpu, gva_t address, struct wide_gate *gate)
{
    uint64_t low, high;
    if (!linear_read(cpu, address, 8, false, &low) || !linear_read(cpu, address + 8, 8, false, &high))
        return false;
    gate->low = (struct descriptor){.low = (uint32_t)low, .high = (uint32_t)(low >> 32)};
    gate->offset_high = (uint32_t)high;
    gate->upper = (uint32_t)(high >> 32);
    return true;
}

static uint64_t wide_offset(const struct wide_gate *gate)
{
    return (uint64_t)gate->offset_high << 32 | gate_offset(&gate->low);
}

/* A stack pointer of the 64-bit TSS at `offset`. */
static bool read_tss_rsp(struct cpu *cpu, unsigned offset, unsigned ext, uint64_t *rsp)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    if (offset + 7 > tr->limit)
        return selector_fault(cpu, VECTOR_TS, tr->selector, ext);
    return linear_read(cpu, tr->base + offset, 8, false, rsp);
}

/* Frames of 64-bit handlers ignore segmentation; their addresses must be canonical. */
static void flat_frame(struct stack_frame *frame, uint64_t rsp, unsigned size, unsigned cpl)
{
    struct segment none = {.attributes = SEG_ATTR_P};
    stack_frame_init(frame, &none, rsp, size, cpl);
    frame->mask = UINT64_MAX;
    frame->flat = true;
}

static void enter_64bit(struct cpu *cpu, const struct target *target, uint64_t rsp)
{
    bool inner = target->cpl != cpu->cpl;
    if (inner) {
        cpu->seg[SEG_SS] = (struct segment){.selector = (uint16_t)target->cpl};
        cpu->seg[SEG_SS].attributes = (uint16_t)(target->cpl << SEG_ATTR_DPL_SHIFT);
    }
    cpu->gpr[GPR_SP] = rsp;
    code_segment_commit(cpu, target->selector, &target->code, target->cpl, target->rip);
}

/* Interrupts. */

static bool interrupt_gate(struct cpu *cpu, uint8_t vector, bool software, struct wide_gate *gate)
{
    unsigned ext = software ? 0 : ERROR_EXT;
    uint32_t error = vector * 8u | ERROR_IDT | ext;
    if (vector * 16u + 15 > cpu->idtr.limit)
        return cpu_fault_code(cpu, VECTOR_GP, error);
    if (!read_raw(cpu, cpu->idtr.base + vector * 16u, gate))
        return false;
    unsigned type = descriptor_type(&gate->low);
    if (!descriptor_is_system(&gate->low) || (type != TYPE_INT_GATE32 && type != TYPE_TRAP_GATE32))
        return cpu_fault_code(cpu, VECTOR_GP, error);
    if (software && descriptor_dpl(&gate->low) < cpu->cpl)
        return cpu_fault_code(cpu, VECTOR_GP, error);
    if (!descriptor_present(&gate->low))
        return cpu_fault_code(cpu, VECTOR_NP, error);
    return true;
}

static bool handler_code(struct cpu *cpu, const struct wide_gate *gate, unsigned ext, struct target *target)
{
    target->selector = gate_selector(&gate->low);
    target->rip = wide_offset(gate);
    if (selector_is_null(target->selector))
        return cpu_fault_code(cpu, VECTOR_GP, ext);
    if (!descriptor_read(cpu, target->selector, VECTOR_GP, ext, &target->code))
        return false;
    const struct descriptor *code = &target->code;
    if (!descriptor_is_code(code) || descriptor_dpl(code) > cpu->cpl || !descriptor_is_long_code(code) ||
        descriptor_is_32bit(code))
        return selector_fault(cpu, VECTOR_GP, target->selector, ext);
    if (!descriptor_present(code))
        return selector_fault(cpu, VECTOR_NP, target->selector, ext);
    target->cpl = descriptor_is_conforming(code) ? cpu->cpl : descriptor_dpl(code);
    return true;
}

static bool handler_stack(struct cpu *cpu, const struct wide_gate *gate, const struct target *target,
                          unsigned ext, uint64_t *rsp)
{
    unsigned ist = gate->low.high & IST_MASK;
    *rsp = cpu->gpr[GPR_SP];
    if (ist)
        return read_tss_rsp(cpu, TSS64_IST1 + 8 * (ist - 1), ext, rsp);
    if (target->cpl < cpu->cpl)
        return read_tss_rsp(cpu, TSS64_RSP0 + 8 * target->cpl, ext, rsp);
    return true;
}

bool long_interrupt(struct cpu *cpu, uint8_t vector, enum interrupt_source source, bool has_error,
                    uint32_t error, uint32_t eflags, uint64_t return_rip)
{
    bool software = source == INTERRUPT_SOFTWARE;
    unsigned ext = software ? 0 : ERROR_EXT;
    struct wide_gate gate;
    struct target target;
    struct stack_frame frame;
    uint64_t rsp;
    if (!interrupt_gate(cpu, vector, software, &gate) || !handler_code(cpu, &gate, ext, &target) ||
        !handler_stack(cpu, &gate, &target, ext, &rsp))
        return false;
    flat_frame(&frame, rsp & ~UINT64_C(15), 8, target.cpl);
    stack_frame_push(&frame, cpu->seg[SEG_SS].selector);
    stack_frame_push(&frame, cpu->gpr[GPR_SP]);
    stack_frame_push(&frame, eflags);
    stack_frame_push(&frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(&frame, return_rip);
    if (has_error)
        stack_frame_push(&frame, error);
    if (!stack_frame_check(cpu, &frame, ext) || !rip_check(cpu, &target, ext) ||
        !descriptor_set_accessed(cpu, target.selector, &target.code) || !stack_frame_write(cpu, &frame))
        return false;
    cpu->eflags &= ~(uint32_t)(EFLAGS_TF | EFLAGS_VM | EFLAGS_RF | EFLAGS_NT);
    if (descriptor_type(&gate.low) == TYPE_INT_GATE32)
        cpu->eflags &= ~(uint32_t)EFLAGS_IF;
    enter_64bit(cpu, &target, frame.sp);
    return true;
}

/* Returns. */

/* SS for a return to `cpl`: a null selector is good for 64-bit code outside level 3. */
static bool return_stack_check(struct cpu *cpu, uint16_t ss, const struct target *target,
                               struct descriptor *stack)
{
    if (!selector_is_null(ss))
        return stack_segment_check(cpu, ss, target->cpl, VECTOR_GP, 0, stack) &&
               descriptor_set_accessed(cpu, ss, stack);
    if (!target_is_64bit(&target->code) || target->cpl == 3 || (ss & SELECTOR_RPL) != target->cpl)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    *stack = (struct descriptor){0};
    return true;
}

static bool return_code_check(struct cpu *cpu, uint64_t cs, uint64_t rip, struct target *target)
{
    target->selector = (uint16_t)cs;
    target->rip = rip;
    target->cpl = (unsigned)cs & SELECTOR_RPL;
    return return_target_check(cpu, target->selector, &target->code) &&
           mode_bits_check(cpu, target->selector, &target->code) && rip_check(cpu, target, 0);
}

/* Loads CS:RIP and SS:RSP; a 64-bit target takes RSP as a whole. */
static void commit_return(struct cpu *cpu, const struct target *target, uint16_t ss,
                          const struct descriptor *stack, uint64_t sp)
{
    bool outer = target->cpl > cpu->cpl;
    cpu->seg[SEG_SS] = segment_from_descriptor(ss, stack);
    if (target_is_64bit(&target->code))
        cpu->gpr[GPR_SP] = sp;
    else
        stack_pointer_set(cpu, stack_mask(&cpu->seg[SEG_SS]), sp);
    code_segment_commit(cpu, target->selector, &target->code, target->cpl, target->rip);
    if (outer)
        segments_drop_privileged(cpu);
}

/* From 64-bit code SS:RSP are popped at every level. */
bool long_interrupt_return(struct cpu *cpu, unsigned op_size)
{
    struct target target;
    struct descriptor stack;
    uint64_t rip, cs, eflags, sp = 0, ss = 0;
    if (cpu->eflags & EFLAGS_NT)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!stack_read(cpu, 0, op_size, &rip) || !stack_read(cpu, op_size, op_size, &cs) ||
        !stack_read(cpu, 2 * op_size, op_size, &eflags) || !return_code_check(cpu, cs, rip, &target))
        return false;
    bool pops_stack = cpu_is_64bit(cpu) || target.cpl > cpu->cpl;
    if (pops_stack &&
        (!stack_read(cpu, 3 * op_size, op_size, &sp) || !stack_read(cpu, 4 * op_size, op_size, &ss) ||
         !return_stack_check(cpu, (uint16_t)ss, &target, &stack)))
        return false;
    if (!descriptor_set_accessed(cpu, target.selector, &target.code))
        return false;
    eflags_write(cpu, (uint32_t)eflags, iret_flags_mask(cpu, op_size));
    if (pops_stack) {
        commit_return(cpu, &target, (uint16_t)ss, &stack, sp);
        return true;
    }
    stack_release(cpu, 3 * op_size);
    code_segment_commit(cpu, target.selector, &target.code, target.cpl, target.rip);
    return true;
}

bool long_far_return(struct cpu *cpu, unsigned op_size, uint16_t release)
{
    struct target target;
    struct descriptor stack;
    uint64_t rip, cs, sp, ss;
    if (!stack_read(cpu, 0, op_size, &rip) || !stack_read(cpu, op_size, op_size, &cs) ||
        !return_code_check(cpu, cs, rip, &target))
        return false;
    if (target.cpl == cpu->cpl) {
        if (!descriptor_set_accessed(cpu, target.selector, &target.code))
            return false;
        stack_release(cpu, 2 * op_size + release);
        code_segment_commit(cpu, target.selector, &target.code, target.cpl, target.rip);
        return true;
    }
    if (!stack_read(cpu, 2 * op_size + release, op_size, &sp) ||
        !stack_read(cpu, 3 * op_size + release, op_size, &ss) ||
        !return_stack_check(cpu, (uint16_t)ss, &target, &stack) ||
        !descriptor_set_accessed(cpu, target.selector, &target.code))
        return false;
    commit_return(cpu, &target, (uint16_t)ss, &stack, sp + release);
    return true;
}

/* Far JMP and CALL. */

static bool direct_target(struct cpu *cpu, uint16_t selector, uint64_t rip, struct target *target)
{
    const struct descriptor *code = &target->code;
    unsigned dpl = descriptor_dpl(code);
    bool allowed = descriptor_is_conforming(code) ? dpl <= cpu->cpl
                                                  : (selector & SELECTOR_RPL) <= cpu->cpl && dpl == cpu->cpl;
    target->selector = selector;
    target->rip = rip;
    target->cpl = cpu->cpl;
    if (!mode_bits_check(cpu, selector, code))
        return false;
    if (!allowed)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(code))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    return true;
}

/* The 64-bit call gate at `selector`, whose first half has been read. */
static bool gate_target(struct cpu *cpu, uint16_t selector, const struct descriptor *half, bool call,
                        struct target *target)
{
    struct wide_gate gate;
    gva_t address;
    unsigned gate_dpl = descriptor_dpl(half);
    if (gate_dpl < cpu->cpl || gate_dpl < (selector & SELECTOR_RPL))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!descriptor_present(half))
        return selector_fault(cpu, VECTOR_NP, selector, 0);
    if (!descriptor_locate(cpu, (uint16_t)(selector + 8), &address))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    if (!read_raw(cpu, address - 8, &gate))
        return false;
    if (gate.upper & 0x1F00)
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    target->selector = gate_selector(half);
    target->rip = wide_offset(&gate);
    if (selector_is_null(target->selector))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!descriptor_read(cpu, target->selector, VECTOR_GP, 0, &target->code))
        return false;
    const struct descriptor *code = &target->code;
    unsigned dpl = descriptor_dpl(code);
    bool level = call || descriptor_is_conforming(code) ? dpl <= cpu->cpl : dpl == cpu->cpl;
    if (!descriptor_is_code(code) || !level || !descriptor_is_long_code(code) || descriptor_is_32bit(code))
        return selector_fault(cpu, VECTOR_GP, target->selector, 0);
    if (!descriptor_present(code))
        return selector_fault(cpu, VECTOR_NP, target->selector, 0);
    target->cpl = descriptor_is_conforming(code) ? cpu->cpl : dpl;
    return true;
}

/* Finds the target of JMP or CALL; *gate tells whether a gate (64-bit pushes) led there. There are no task
 * switches: any other system descriptor is #GP. */
static bool find_target(struct cpu *cpu, uint16_t selector, uint64_t rip, bool call, struct target *target,
                        bool *gate)
{
    if (selector_is_null(selector))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!descriptor_read(cpu, selector, VECTOR_GP, 0, &target->code))
        return false;
    *gate = descriptor_is_system(&target->code);
    if (*gate && descriptor_type(&target->code) == TYPE_CALL_GATE32) {
        struct descriptor half = target->code;
        return gate_target(cpu, selector, &half, call, target);
    }
    if (!descriptor_is_code(&target->code))
        return selector_fault(cpu, VECTOR_GP, selector, 0);
    return direct_target(cpu, selector, rip, target);
}

bool long_far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size)
{
    struct target target;
    bool gate;
    if (!find_target(cpu, selector, cut_offset(offset, op_size), false, &target, &gate) ||
        !rip_check(cpu, &target, 0) || !descriptor_set_accessed(cpu, target.selector, &target.code))
        return false;
    code_segment_commit(cpu, target.selector, &target.code, target.cpl, target.rip);
    return true;
}

/* Through a gate to an inner level: RSP from the TSS, SS null, no parameters. */
static bool call_inner(struct cpu *cpu, struct target *target, uint64_t return_rip)
{
    struct stack_frame frame;
    uint64_t rsp;
    if (!read_tss_rsp(cpu, TSS64_RSP0 + 8 * target->cpl, 0, &rsp))
        return false;
    flat_frame(&frame, rsp, 8, target->cpl);
    stack_frame_push(&frame, cpu->seg[SEG_SS].selector);
    stack_frame_push(&frame, cpu->gpr[GPR_SP]);
    stack_frame_push(&frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(&frame, return_rip);
    if (!stack_frame_check(cpu, &frame, 0) || !rip_check(cpu, target, 0) ||
        !descriptor_set_accessed(cpu, target->selector, &target->code) || !stack_frame_write(cpu, &frame))
        return false;
    enter_64bit(cpu, target, frame.sp);
    return true;
}

bool long_far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t return_rip)
{
    struct target target;
    struct stack_frame frame;
    bool gate;
    if (!find_target(cpu, selector, cut_offset(offset, op_size), true, &target, &gate))
        return false;
    if (target.cpl < cpu->cpl)
        return call_inner(cpu, &target, return_rip);
    unsigned size = gate ? 8 : op_size;
    stack_frame_current(cpu, &frame, size);
    stack_frame_push(&frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(&frame, cut_offset(return_rip, size));
    if (!stack_frame_check_call(cpu, &frame) || !rip_check(cpu, &target, 0) ||
        !descriptor_set_accessed(cpu, target.selector, &target.code) || !stack_frame_write(cpu, &frame))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    code_segment_commit(cpu, target.selector, &target.code, target.cpl, target.rip);
    return true;
}

/* What outlives IA-32e mode of registers that have 64 bits in it: the manual leaves the upper halves open. */
static void cut_registers(struct cpu *cpu)
{
    for (unsigned i = GPR_AX; i <= GPR_R15; i++)
        cpu->gpr[i] = (uint32_t)cpu->gpr[i];
}

/* Entry needs PAE, a CS without L and a TSS of the 386 format; exit is from compatibility mode. */
bool long_mode_switch(struct cpu *cpu, bool enable)
{
    bool good = !(cpu->seg[SEG_CS].attributes & SEG_ATTR_L);
    if (enable)
        good = good && (cpu->cr4 & CR4_PAE) && (cpu->seg[SEG_TR].attributes & 8);
    if (!good)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (enable) {
        cpu->efer |= EFER_LMA;
    } else {
        cpu->efer &= ~(uint64_t)EFER_LMA;
        cut_registers(cpu);
    }
    return true;
}
