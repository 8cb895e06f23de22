/* SPDX-License-Identifier: MIT */
/* ARPL, LAR, LSL, VERR and VERW: what may be done with a selector, without a fault (SDM 2). */
#include "core/x86/access.h"
#include "core/x86/descriptor.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/operand.h"

enum { LAR_BITS = 0x00FFFF00 };

static void set_zf(struct cpu *cpu, bool zf)
{
    uint32_t eflags = cpu_get_eflags(cpu) & ~(uint32_t)EFLAGS_ZF;
    cpu_set_eflags(cpu, eflags | (zf ? EFLAGS_ZF : 0u));
}

bool op_arpl(struct cpu *cpu, const struct insn *insn)
{
    uint64_t selector;
    if (!operand_read(cpu, insn, 2, &selector))
        return false;
    unsigned rpl = (unsigned)reg_read(cpu, insn->reg, 2) & SELECTOR_RPL;
    bool raise = (selector & SELECTOR_RPL) < rpl;
    if (raise && !operand_write(cpu, insn, 2, (selector & ~(uint64_t)SELECTOR_RPL) | rpl))
        return false;
    set_zf(cpu, raise);
    return true;
}

/* Reads the operand and, where the selector names a descriptor, that. False: fault. */
static bool probe_selector(struct cpu *cpu, const struct insn *insn, uint16_t *selector, bool *found,
                           struct descriptor *d)
{
    uint64_t value;
    gva_t address;
    if (!operand_read(cpu, insn, 2, &value))
        return false;
    *selector = (uint16_t)value;
    *found = !selector_is_null(*selector) && descriptor_locate(cpu, *selector, &address);
    return !*found || descriptor_read(cpu, *selector, VECTOR_GP, 0, d);
}

/* Conforming code is visible from everywhere. */
static bool visible(const struct cpu *cpu, uint16_t selector, const struct descriptor *d)
{
    unsigned dpl = descriptor_dpl(d);
    return descriptor_is_conforming(d) || (dpl >= cpu->cpl && dpl >= (selector & SELECTOR_RPL));
}

/* In IA-32e mode 286 types, task gates and with them half of the system descriptors are gone. */
enum { LONG_SEGMENTS = 1u << TYPE_LDT | 1u << TYPE_TSS32 | 1u << TYPE_TSS32_BUSY };

static bool lar_knows(const struct cpu *cpu, const struct descriptor *d)
{
    static const unsigned legacy = 1u << TYPE_TSS16 | 1u << TYPE_LDT | 1u << TYPE_TSS16_BUSY |
                                   1u << TYPE_CALL_GATE16 | 1u << TYPE_TASK_GATE | 1u << TYPE_TSS32 |
                                   1u << TYPE_TSS32_BUSY | 1u << TYPE_CALL_GATE32;
    unsigned types = cpu_is_long(cpu) ? LONG_SEGMENTS | 1u << TYPE_CALL_GATE32 : legacy;
    return !descriptor_is_system(d) || types >> descriptor_type(d) & 1;
}

static bool lsl_knows(const struct cpu *cpu, const struct descriptor *d)
{
    unsigned types =
        cpu_is_long(cpu) ? LONG_SEGMENTS : LONG_SEGMENTS | 1u << TYPE_TSS16 | 1u << TYPE_TSS16_BUSY;
    return !descriptor_is_system(d) || types >> descriptor_type(d) & 1;
}

bool op_lar(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    bool found;
    struct descriptor d;
    if (!probe_selector(cpu, insn, &selector, &found, &d))
        return false;
    bool valid = found && lar_knows(cpu, &d) && visible(cpu, selector, &d);
    if (valid)
        reg_write(cpu, insn->reg, insn->op_size, d.high & LAR_BITS);
    set_zf(cpu, valid);
    return true;
}

/* In IA-32e mode a system segment's descriptor has 16 bytes, the last four with zeros in bits 8 to 12 (SDM
 * 2A, LSL). Clears *valid where this one is not like that. False: fault. */
static bool check_upper_half(struct cpu *cpu, uint16_t selector, bool *valid)
{
    gva_t address;
    uint64_t upper = UINT64_MAX;
    bool there = selector < 0xFFF8 && descriptor_locate(cpu, (uint16_t)(selector + 8), &address);
    if (there && !linear_read(cpu, address, 8, false, &upper))
        return false;
    *valid = !(upper >> 40 & 0x1F);
    return true;
}

bool op_lsl(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    bool found;
    struct descriptor d;
    if (!probe_selector(cpu, insn, &selector, &found, &d))
        return false;
    bool valid = found && lsl_knows(cpu, &d) && visible(cpu, selector, &d);
    if (valid && cpu_is_long(cpu) && descriptor_is_system(&d) && !check_upper_half(cpu, selector, &valid))
        return false;
    if (valid)
        reg_write(cpu, insn->reg, insn->op_size, descriptor_limit(&d));
    set_zf(cpu, valid);
    return true;
}

bool op_verr(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    bool found;
    struct descriptor d;
    if (!probe_selector(cpu, insn, &selector, &found, &d))
        return false;
    set_zf(cpu, found && descriptor_is_readable(&d) && visible(cpu, selector, &d));
    return true;
}

bool op_verw(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector;
    bool found;
    struct descriptor d;
    if (!probe_selector(cpu, insn, &selector, &found, &d))
        return false;
    set_zf(cpu, found && descriptor_is_writable_data(&d) && visible(cpu, selector, &d));
    return true;
}
