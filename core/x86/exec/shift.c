/* SPDX-License-Identifier: MIT */
/* Shifts and rotates. Counts are cut to 5 bits (6 for 64-bit operands); a count of 0 changes no flag (SDM 2B,
 * SAL/SAR/SHL/ SHR and RCL/RCR/ROL/ROR). OF for counts above 1, which the manual leaves open, follows the
 * rule of count 1. */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/modify.h"
#include "core/x86/exec/sized.h"
#include "core/x86/flags.h"

static inline unsigned count_of(uint64_t count, unsigned bits)
{
    return (unsigned)count & (bits == 64 ? 63 : 31);
}

static inline bool top_bit(uint64_t value, unsigned bits)
{
    return (value >> (bits - 1) & 1) != 0;
}

static inline uint64_t alu_shl(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits);
    if (!count)
        return a;
    bool cf = count <= bits && (a >> (bits - count) & 1);
    uint64_t result = cut(a << count, bits);
    flags_result_cf_of(cpu, result, bits, cf, top_bit(result, bits) != cf);
    return result;
}

static inline uint64_t alu_shr(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits);
    if (!count)
        return a;
    bool cf = (a >> (count - 1) & 1) != 0;
    uint64_t result = a >> count;
    flags_result_cf_of(cpu, result, bits, cf, top_bit(result << 1, bits) != top_bit(result, bits));
    return result;
}

static inline uint64_t alu_sar(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits);
    if (!count)
        return a;
    int64_t value = (int64_t)sign_extend(a, bits);
    bool cf = (value >> (count - 1) & 1) != 0;
    uint64_t result = cut((uint64_t)(value >> count), bits);
    flags_result_cf_of(cpu, result, bits, cf, false);
    return result;
}

static inline uint64_t alu_rol(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits), turn = count % bits;
    if (!count)
        return a;
    uint64_t result = turn ? cut(a << turn | a >> (bits - turn), bits) : a;
    bool cf = (result & 1) != 0;
    flags_set_cf_of(cpu, cf, top_bit(result, bits) != cf);
    return result;
}

static inline uint64_t alu_ror(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits), turn = count % bits;
    if (!count)
        return a;
    uint64_t result = turn ? cut(a >> turn | a << (bits - turn), bits) : a;
    bool cf = top_bit(result, bits);
    flags_set_cf_of(cpu, cf, cf != top_bit(result << 1, bits));
    return result;
}

/* RCL and RCR turn bits + 1 bits, the carry being the highest. */
static inline uint64_t alu_rcl(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits) % (bits + 1);
    if (!count)
        return a;
    uint64_t carry = flag_cf(cpu);
    uint64_t wrapped = count > 1 ? a >> (bits + 1 - count) : 0;
    uint64_t shifted = count < bits ? a << count : 0;
    uint64_t result = cut(shifted | carry << (count - 1) | wrapped, bits);
    bool cf = (a >> (bits - count) & 1) != 0;
    flags_set_cf_of(cpu, cf, top_bit(result, bits) != cf);
    return result;
}

static inline uint64_t alu_rcr(struct cpu *cpu, uint64_t a, uint64_t b, unsigned bits)
{
    unsigned count = count_of(b, bits) % (bits + 1);
    if (!count)
        return a;
    uint64_t carry = flag_cf(cpu);
    uint64_t wrapped = count > 1 ? a << (bits + 1 - count) : 0;
    uint64_t shifted = count < bits ? a >> count : 0;
    uint64_t result = cut(shifted | carry << (bits - count) | wrapped, bits);
    bool cf = (a >> (count - 1) & 1) != 0;
    flags_set_cf_of(cpu, cf, top_bit(result, bits) != top_bit(result << 1, bits));
    return result;
}

#define OP rol
#include "core/x86/exec/shift_widths.inc"
#define OP ror
#include "core/x86/exec/shift_widths.inc"
#define OP rcl
#include "core/x86/exec/shift_widths.inc"
#define OP rcr
#include "core/x86/exec/shift_widths.inc"
#define OP shl
#include "core/x86/exec/shift_widths.inc"
#define OP shr
#include "core/x86/exec/shift_widths.inc"
#define OP sar
#include "core/x86/exec/shift_widths.inc"
