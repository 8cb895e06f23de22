/* SPDX-License-Identifier: MIT */
/* Delivery of interrupts and exceptions (SDM 2A INT n; 3A 6.11-6.13, 20.1-20.3).
 *
 * Real mode goes through the IVT at IDTR; protected mode through interrupt, trap and task gates; INT n in V86
 * mode first through the VME redirection bitmap.
 */
#include "core/x86/transfer.h"

#include "core/x86/access.h"
#include "core/x86/insn.h"
#include "core/x86/long_mode.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"

/* One delivery under way. */
struct delivery {
    uint8_t vector;
    bool has_error;
    uint32_t error;
    unsigned ext;    /* ERROR_EXT for events from outside the program */
    uint32_t eflags; /* image to push */
    uint64_t return_rip;
};

/* A handler's code segment. */
struct handler {
    uint16_t selector;
    struct descriptor code;
    uint64_t rip;
    unsigned size; /* bytes a push: 2 through 286 gates, 4 through 386 gates */
    bool masks;    /* interrupt gate: clears IF */
};

static bool idt_fault(struct cpu *cpu, enum exception_vector vector, const struct delivery *event)
{
    return cpu_fault_code(cpu, vector, event->vector * 8u | ERROR_IDT | event->ext);
}

/* Whether RF is set in the pushed image: by faults, so that the instruction can restart past its own code
 * breakpoint, and by whatever comes between two iterations of a string instruction. Debug exceptions and
 * aborts leave RF as it was: a handler that continues past a code breakpoint sets it (SDM 3B 17.3.1.1). */
static bool sets_rf(const struct cpu *cpu, uint8_t vector, enum interrupt_source source)
{
    if (cpu->repeating)
        return true;
    return source == INTERRUPT_EXCEPTION && vector != VECTOR_DB && vector != VECTOR_DF && vector != VECTOR_MC;
}

static uint32_t pushed_eflags(const struct cpu *cpu, uint8_t vector, enum interrupt_source source)
{
    uint32_t eflags = cpu_get_eflags(cpu);
    if (sets_rf(cpu, vector, source))
        eflags |= EFLAGS_RF & cpu->model->eflags_mask;
    return eflags;
}

/* Flags after entry through a gate. */
static void mask_flags(struct cpu *cpu, bool masks)
{
    cpu->eflags &= ~(uint32_t)(EFLAGS_TF | EFLAGS_VM | EFLAGS_RF | EFLAGS_NT);
    if (masks)
        cpu->eflags &= ~(uint32_t)EFLAGS_IF;
}

static bool deliver_real(struct cpu *cpu, const struct delivery *event)
{
    struct stack_frame frame;
    uint64_t entry;
    unsigned offset = event->vector * 4u;
    if (offset + 3 > cpu->idtr.limit)
        return idt_fault(cpu, cpu_model_has(cpu->model, FEATURE_386) ? VECTOR_GP : VECTOR_DF, event);
    stack_frame_current(cpu, &frame, 2);
    stack_frame_push(&frame, event->eflags & 0xFFFF);
    stack_frame_push(&frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(&frame, event->return_rip & 0xFFFF);
    if (!stack_frame_check(cpu, &frame, event->ext) ||
        !linear_read(cpu, (cpu->idtr.base + offset) & cpu->linear_mask, 4, false, &entry) ||
        !real_target_check(cpu, entry & 0xFFFF))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    cpu->eflags &= ~(uint32_t)(EFLAGS_IF | EFLAGS_TF | EFLAGS_RF | EFLAGS_AC);
    real_target_commit(cpu, (uint16_t)(entry >> 16), entry & 0xFFFF);
    return true;
}

static bool handler_rip_check(struct cpu *cpu, const struct handler *handler, unsigned ext)
{
    return handler->rip <= descriptor_limit(&handler->code) || cpu_fault_code(cpu, VECTOR_GP, ext);
}

static void push_return(struct cpu *cpu, struct stack_frame *frame, const struct delivery *event)
{
    stack_frame_push(frame, cut_offset(event->eflags, frame->size));
    stack_frame_push(frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(frame, cut_offset(event->return_rip, frame->size));
    if (event->has_error)
        stack_frame_push(frame, cut_offset(event->error, frame->size));
}

static bool deliver_same_level(struct cpu *cpu, struct handler *handler, const struct delivery *event)
{
    struct stack_frame frame;
    stack_frame_current(cpu, &frame, handler->size);
    push_return(cpu, &frame, event);
    if (!stack_frame_check(cpu, &frame, event->ext) || !handler_rip_check(cpu, handler, event->ext) ||
        !descriptor_set_accessed(cpu, handler->selector, &handler->code))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    mask_flags(cpu, handler->masks);
    code_segment_commit(cpu, handler->selector, &handler->code, cpu->cpl, handler->rip);
    return true;
}

static void push_v86_segments(struct cpu *cpu, struct stack_frame *frame)
{
    static const enum seg_index order[] = {SEG_GS, SEG_FS, SEG_DS, SEG_ES};
    for (unsigned i = 0; i < 4; i++)
        stack_frame_push(frame, cpu->seg[order[i]].selector);
}

static void clear_v86_segments(struct cpu *cpu)
{
    static const enum seg_index order[] = {SEG_GS, SEG_FS, SEG_DS, SEG_ES};
    for (unsigned i = 0; i < 4; i++)
        segment_set_unusable(cpu, order[i], 0);
}

/* To an inner level; from V86 mode the data segments go on the new stack too and become null. */
static bool deliver_inner_level(struct cpu *cpu, struct handler *handler, const struct delivery *event)
{
    unsigned level = descriptor_dpl(&handler->code);
    bool from_v86 = cpu_is_v86(cpu);
    struct descriptor stack;
    struct stack_frame frame;
    uint16_t ss;
    uint32_t sp;
    if (!tss_read_stack(cpu, level, event->ext, &ss, &sp) ||
        !stack_segment_check(cpu, ss, level, VECTOR_TS, event->ext, &stack))
        return false;
    struct segment segment = segment_from_descriptor(ss, &stack);
    stack_frame_init(&frame, &segment, sp, handler->size, level);
    if (from_v86)
        push_v86_segments(cpu, &frame);
    stack_frame_push(&frame, cpu->seg[SEG_SS].selector);
    stack_frame_push(&frame, cut_offset(cpu->gpr[GPR_SP], handler->size));
    push_return(cpu, &frame, event);
    if (!stack_frame_check(cpu, &frame, (ss & ERROR_SELECTOR) | event->ext) ||
        !handler_rip_check(cpu, handler, event->ext) || !descriptor_set_accessed(cpu, ss, &stack) ||
        !descriptor_set_accessed(cpu, handler->selector, &handler->code))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    mask_flags(cpu, handler->masks);
    level_commit(cpu, &(struct level_target){.cs = handler->selector,
                                             .code = &handler->code,
                                             .cpl = level,
                                             .rip = handler->rip,
                                             .ss = ss,
                                             .stack = &stack,
                                             .sp = frame.sp});
    if (from_v86)
        clear_v86_segments(cpu);
    return true;
}

static bool through_gate(struct cpu *cpu, const struct descriptor *gate, const struct delivery *event)
{
    unsigned size = descriptor_is_386(gate) ? 4 : 2;
    struct handler handler = {.selector = gate_selector(gate),
                              .rip = cut_offset(gate_offset(gate), size),
                              .size = size,
                              .masks = !(descriptor_type(gate) & 1)};
    const struct descriptor *code = &handler.code;
    if (selector_is_null(handler.selector))
        return cpu_fault_code(cpu, VECTOR_GP, event->ext);
    if (!descriptor_read(cpu, handler.selector, VECTOR_GP, event->ext, &handler.code))
        return false;
    unsigned dpl = descriptor_dpl(code);
    if (!descriptor_is_code(code) || dpl > cpu->cpl)
        return selector_fault(cpu, VECTOR_GP, handler.selector, event->ext);
    if (!descriptor_present(code))
        return selector_fault(cpu, VECTOR_NP, handler.selector, event->ext);
    bool inner = !descriptor_is_conforming(code) && dpl < cpu->cpl;
    if (cpu_is_v86(cpu) && (!inner || dpl != 0))
        return selector_fault(cpu, VECTOR_GP, handler.selector, event->ext);
    return inner ? deliver_inner_level(cpu, &handler, event) : deliver_same_level(cpu, &handler, event);
}

/* The new task gets the error code on its own stack. */
static bool push_task_error(struct cpu *cpu, const struct delivery *event)
{
    struct stack_frame frame;
    stack_frame_current(cpu, &frame, cpu->seg[SEG_TR].attributes & 8 ? 4 : 2);
    stack_frame_push(&frame, cut_offset(event->error, frame.size));
    if (!stack_frame_check(cpu, &frame, event->ext))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    return true;
}

static bool through_task_gate(struct cpu *cpu, const struct descriptor *gate, const struct delivery *event)
{
    if (!task_gate_enter(cpu, gate, TASK_INTERRUPT, event->ext, event->eflags, event->return_rip))
        return false;
    return !event->has_error || push_task_error(cpu, event);
}

static bool deliver_protected(struct cpu *cpu, const struct delivery *event, bool check_dpl)
{
    struct descriptor gate;
    uint64_t raw;
    unsigned offset = event->vector * 8u;
    if (offset + 7 > cpu->idtr.limit)
        return idt_fault(cpu, VECTOR_GP, event);
    if (!linear_read(cpu, (cpu->idtr.base + offset) & cpu->linear_mask, 8, false, &raw))
        return false;
    gate.low = (uint32_t)raw;
    gate.high = (uint32_t)(raw >> 32);
    unsigned type = descriptor_type(&gate);
    bool is_task = type == TYPE_TASK_GATE;
    bool is_gate16 = type == TYPE_INT_GATE16 || type == TYPE_TRAP_GATE16;
    bool is_gate32 =
        (type == TYPE_INT_GATE32 || type == TYPE_TRAP_GATE32) && cpu_model_has(cpu->model, FEATURE_386);
    if (!descriptor_is_system(&gate) || !(is_task || is_gate16 || is_gate32))
        return idt_fault(cpu, VECTOR_GP, event);
    if (check_dpl && descriptor_dpl(&gate) < cpu->cpl)
        return idt_fault(cpu, VECTOR_GP, event);
    if (!descriptor_present(&gate))
        return idt_fault(cpu, VECTOR_NP, event);
    return is_task ? through_task_gate(cpu, &gate, event) : through_gate(cpu, &gate, event);
}

bool interrupt_deliver(struct cpu *cpu, uint8_t vector, enum interrupt_source source, bool has_error,
                       uint32_t error, uint64_t return_rip)
{
    bool software = source == INTERRUPT_SOFTWARE;
    struct delivery event = {.vector = vector,
                             .has_error = has_error,
                             .error = error,
                             .ext = software ? 0 : ERROR_EXT,
                             .eflags = pushed_eflags(cpu, vector, source),
                             .return_rip = return_rip};
    bool delivered;
    if (!cpu_is_protected(cpu))
        delivered = deliver_real(cpu, &event);
    else if (cpu_is_long(cpu))
        delivered = long_interrupt(cpu, vector, source, has_error, error, event.eflags, return_rip);
    else
        delivered = deliver_protected(cpu, &event, software);
    if (!delivered)
        return false;
    cpu->repeating = false;
    if (vector == VECTOR_DB && !software) {
        cpu->dr[7] &= ~(uint64_t)DR7_GD;
        cpu->msr.debugctl &= ~(uint64_t)DEBUGCTL_BTF;
    }
    return true;
}

/* Bit of the VME interrupt redirection map: set where INT n goes to the monitor (SDM 3A 20.3.3). #GP where
 * the TSS does not hold the map. */
static bool redirection_bit(struct cpu *cpu, uint8_t vector, bool *to_monitor)
{
    const struct segment *tr = &cpu->seg[SEG_TR];
    uint64_t io_map, byte;
    if (!(tr->attributes & 8) || tr->limit < 0x67)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!linear_read(cpu, (tr->base + 0x66) & cpu->linear_mask, 2, false, &io_map))
        return false;
    uint64_t offset = io_map - 32 + vector / 8;
    if (io_map < 32 || offset > tr->limit)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    if (!linear_read(cpu, (tr->base + offset) & cpu->linear_mask, 1, false, &byte))
        return false;
    *to_monitor = byte >> (vector & 7) & 1;
    return true;
}

/* INT n of a V86 task through its own interrupt table at linear 0. Below IOPL 3 the program sees VIF as IF.
 */
static bool deliver_v86_redirected(struct cpu *cpu, uint8_t vector, uint64_t return_rip)
{
    struct stack_frame frame;
    uint64_t entry;
    uint32_t flags = cpu_get_eflags(cpu);
    bool virtual_if = cpu_iopl(cpu) < 3;
    if (virtual_if)
        flags = (flags & ~(uint32_t)EFLAGS_IF) | EFLAGS_IOPL | (flags & EFLAGS_VIF ? EFLAGS_IF : 0u);
    stack_frame_current(cpu, &frame, 2);
    stack_frame_push(&frame, flags & 0xFFFF);
    stack_frame_push(&frame, cpu->seg[SEG_CS].selector);
    stack_frame_push(&frame, return_rip & 0xFFFF);
    if (!linear_read(cpu, vector * 4u, 4, true, &entry) || !stack_frame_check(cpu, &frame, 0))
        return false;
    if (!stack_frame_write(cpu, &frame))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, frame.sp);
    cpu->eflags &= ~(uint32_t)(EFLAGS_TF | EFLAGS_RF | (virtual_if ? EFLAGS_VIF : EFLAGS_IF));
    real_target_commit(cpu, (uint16_t)(entry >> 16), entry & 0xFFFF);
    return true;
}

bool interrupt_software(struct cpu *cpu, uint8_t vector, uint64_t return_rip)
{
    if (cpu_is_v86(cpu)) {
        bool to_monitor = true;
        if (cpu->cr4 & CR4_VME) {
            if (!redirection_bit(cpu, vector, &to_monitor))
                return false;
            if (!to_monitor)
                return deliver_v86_redirected(cpu, vector, return_rip);
        }
        if (cpu_iopl(cpu) < 3)
            return cpu_fault_code(cpu, VECTOR_GP, 0);
    }
    return interrupt_deliver(cpu, vector, INTERRUPT_SOFTWARE, false, 0, return_rip);
}
