/* SPDX-License-Identifier: MIT */
/* The stack as instructions and interrupt delivery use it (SDM 1 6.2, 3A 5.8.5). */
#include "core/x86/stack.h"

#include "core/base/assert.h"
#include "core/x86/access.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"

enum exception_vector stack_fault_vector(const struct cpu *cpu)
{
    return cpu_is_protected(cpu) || cpu_model_has(cpu->model, FEATURE_386) ? VECTOR_SS : VECTOR_GP;
}

uint64_t stack_mask(const struct segment *ss)
{
    return ss->attributes & SEG_ATTR_DB ? 0xFFFFFFFF : 0xFFFF;
}

void stack_pointer_set(struct cpu *cpu, uint64_t mask, uint64_t value)
{
    uint64_t *sp = &cpu->gpr[GPR_SP];
    *sp = mask == 0xFFFF ? (*sp & ~mask) | (value & mask) : value & mask;
}

void stack_frame_init(struct stack_frame *frame, const struct segment *ss, uint64_t sp, unsigned size,
                      unsigned cpl)
{
    frame->ss = *ss;
    frame->sp = sp;
    frame->mask = stack_mask(ss);
    frame->size = size;
    frame->user = cpl == 3;
    frame->flat = false;
    frame->count = 0;
}

void stack_frame_current(const struct cpu *cpu, struct stack_frame *frame, unsigned size)
{
    stack_frame_init(frame, &cpu->seg[SEG_SS], cpu->gpr[GPR_SP], size, cpu->cpl);
    frame->mask = cpu->sp_mask;
    frame->flat = cpu->mode == MODE_64;
}

void stack_frame_push(struct stack_frame *frame, uint64_t value)
{
    ASSERT(frame->count < STACK_FRAME_MAX);
    frame->value[frame->count++] = value;
}

/* The limit check of a segment that may not be loaded yet (SDM 3A 5.3). */
static bool within_limit(const struct segment *ss, uint64_t offset, unsigned size)
{
    uint64_t last = offset + size - 1;
    if (!(ss->attributes & SEG_ATTR_P))
        return false;
    if (!(ss->attributes & SEG_ATTR_EXPAND_DOWN) || ss->attributes & SEG_ATTR_CODE)
        return last <= ss->limit;
    return offset > ss->limit && last <= (ss->attributes & SEG_ATTR_DB ? 0xFFFFFFFF : 0xFFFF);
}

/* Linear address of one value. False where it does not lie within the stack. */
static bool locate(const struct cpu *cpu, const struct stack_frame *frame, uint64_t offset, gva_t *address)
{
    *address = offset;
    if (frame->flat)
        return is_canonical(offset) && is_canonical(offset + frame->size - 1);
    *address = (frame->ss.base + offset) & UINT32_MAX;
    return cpu_model_wraps(cpu->model) || within_limit(&frame->ss, offset, frame->size);
}

bool stack_frame_check(struct cpu *cpu, struct stack_frame *frame, uint32_t error)
{
    uint64_t sp = frame->sp;
    for (unsigned i = 0; i < frame->count; i++) {
        sp = (sp - frame->size) & frame->mask;
        if (!locate(cpu, frame, sp, &frame->address[i]))
            return cpu_fault_code(cpu, stack_fault_vector(cpu), error);
        if (!linear_probe(cpu, frame->address[i], frame->size, frame->user, true))
            return false;
    }
    frame->sp = (frame->sp & ~frame->mask) | sp;
    return true;
}

bool stack_frame_check_call(struct cpu *cpu, struct stack_frame *frame)
{
    gva_t base = frame->flat ? 0 : frame->ss.base;
    if (frame->user && linear_misaligned(cpu, base + frame->sp, frame->size))
        return cpu_fault_code(cpu, VECTOR_AC, 0);
    return stack_frame_check(cpu, frame, 0);
}

/* A word at FFFFh where offsets wrap: its upper byte is at the segment's start. */
static bool write_split(struct cpu *cpu, const struct stack_frame *frame, unsigned i)
{
    return linear_write(cpu, frame->address[i], 1, frame->user, frame->value[i] & 0xFF) &&
           linear_write(cpu, frame->ss.base, 1, frame->user, frame->value[i] >> 8 & 0xFF);
}

bool stack_frame_write(struct cpu *cpu, const struct stack_frame *frame)
{
    for (unsigned i = 0; i < frame->count; i++) {
        if (cpu_model_wraps(cpu->model) && frame->address[i] - frame->ss.base == 0xFFFF) {
            if (!write_split(cpu, frame, i))
                return false;
            continue;
        }
        if (!linear_write(cpu, frame->address[i], frame->size, frame->user, frame->value[i]))
            return false;
    }
    return true;
}

bool stack_read(struct cpu *cpu, unsigned offset, unsigned size, uint64_t *value)
{
    uint64_t address = (cpu->gpr[GPR_SP] + offset) & cpu->sp_mask;
    return mem_read(cpu, cpu->current, SEG_SS, address, size, value);
}

void stack_release(struct cpu *cpu, unsigned bytes)
{
    stack_pointer_set(cpu, cpu->sp_mask, cpu->gpr[GPR_SP] + bytes);
}

bool stack_push(struct cpu *cpu, unsigned size, uint64_t value)
{
    uint64_t offset = (cpu->gpr[GPR_SP] - size) & cpu->sp_mask;
    if (!mem_write(cpu, cpu->current, SEG_SS, offset, size, value))
        return false;
    stack_pointer_set(cpu, cpu->sp_mask, offset);
    return true;
}

bool stack_pop(struct cpu *cpu, unsigned size, uint64_t *value)
{
    if (!stack_read(cpu, 0, size, value))
        return false;
    stack_release(cpu, size);
    return true;
}
