/* SPDX-License-Identifier: MIT */
/* Two-operand arithmetic and logic, INC, DEC, NEG, NOT (SDM 2). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/modify.h"
#include "core/x86/exec/sized.h"
#include "core/x86/flags.h"

const struct insn *alu_modify_slow(struct cpu *cpu, const struct insn *insn, uint64_t offset,
                                   uint64_t operand, unsigned bits, alu_fn *compute)
{
    uint64_t value, flag_result = cpu->flag_result, flag_aux = cpu->flag_aux;
    if (!mem_modify_read(cpu, insn, (enum seg_index)insn->seg, offset, bits / 8, &value))
        return exec_fault(cpu, insn);
    uint64_t result = compute(cpu, value, operand, bits);
    if (!mem_write(cpu, insn, (enum seg_index)insn->seg, offset, bits / 8, result)) {
        cpu->flag_result = flag_result;
        cpu->flag_aux = flag_aux;
        return exec_fault(cpu, insn);
    }
    return exec_next(cpu, insn);
}

static inline uint64_t alu_add(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t result = a + b;
    flags_add(cpu, a, b, result, bits);
    return cut(result, bits);
}

static inline uint64_t alu_adc(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t result = a + b + flag_cf(cpu);
    flags_add(cpu, a, b, result, bits);
    return cut(result, bits);
}

static inline uint64_t alu_sub(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t result = a - b;
    flags_sub(cpu, a, b, result, bits);
    return cut(result, bits);
}

static inline uint64_t alu_sbb(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t result = a - b - flag_cf(cpu);
    flags_sub(cpu, a, b, result, bits);
    return cut(result, bits);
}

static inline uint64_t alu_cmp(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    return alu_sub(cpu, a, b, bits);
}

static inline uint64_t alu_and(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    flags_logic(cpu, a & b, bits);
    return a & b;
}

static inline uint64_t alu_test(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    return alu_and(cpu, a, b, bits);
}

static inline uint64_t alu_or(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    flags_logic(cpu, a | b, bits);
    return a | b;
}

static inline uint64_t alu_xor(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    flags_logic(cpu, a ^ b, bits);
    return a ^ b;
}

static inline uint64_t alu_inc(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    (void)b;
    uint64_t result = cut(a + 1, bits);
    flags_step(cpu, a, result, bits, cpu->flag_aux & AUX_CF, result == UINT64_C(1) << (bits - 1));
    return result;
}

static inline uint64_t alu_dec(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    (void)b;
    uint64_t result = cut(a - 1, bits);
    flags_step(cpu, a, result, bits, cpu->flag_aux & AUX_CF, a == UINT64_C(1) << (bits - 1));
    return result;
}

static inline uint64_t alu_neg(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    (void)b;
    return alu_sub(cpu, 0, a, bits);
}

static inline uint64_t alu_not(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    (void)cpu;
    (void)b;
    return cut(~a, bits);
}

#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           add
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           or
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           adc
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           sbb
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           and
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           sub
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 1
#define HAS_R_RM     1
#define OP           xor
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 0
#define HAS_R_RM     1
#define OP           cmp
#include "core/x86/exec/alu_widths.inc"
#define KEEPS_RESULT 0
#define HAS_R_RM     0
#define OP           test
#include "core/x86/exec/alu_widths.inc"

#define OP inc
#include "core/x86/exec/unary_widths.inc"
#define OP dec
#include "core/x86/exec/unary_widths.inc"
#define OP neg
#include "core/x86/exec/unary_widths.inc"
#define OP not
#include "core/x86/exec/unary_widths.inc"
