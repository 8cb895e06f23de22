/* SPDX-License-Identifier: MIT */
/* Lazy arithmetic flags.
 *
 * An operation leaves its sign-extended result and a word of leftovers, from which each flag is one or two
 * host operations away, without a branch on what the operation was:
 *
 *   flag_result   ZF = (result == 0); SF = bit 63 ^ aux bit 61; PF = even parity of (result ^ aux >> 8) bits
 * 0-7 flag_aux      63     62        61         15..8      3 CF     CF ^ OF   SF delta   PF delta   AF
 *
 * With the carry (or borrow) vector of an addition shifted so that its top bit is bit 63, bits 63, 62 and 3
 * fall into place. The deltas let any combination of flags be represented; ALU operations leave them 0.
 */
#ifndef LATHE_CORE_X86_FLAGS_H
#define LATHE_CORE_X86_FLAGS_H

#include "core/x86/cpu.h"

#define AUX_CF       (UINT64_C(1) << 63)
#define AUX_CARRIES  (UINT64_C(3) << 62)
#define AUX_SF_DELTA (UINT64_C(1) << 61)
#define AUX_PF_DELTA (UINT64_C(1) << 8)
#define AUX_AF       UINT64_C(8)

static inline bool flag_cf(const struct cpu *cpu)
{
    return (cpu->flag_aux >> 63) != 0;
}

static inline bool flag_of(const struct cpu *cpu)
{
    return ((cpu->flag_aux ^ (cpu->flag_aux << 1)) >> 63) != 0;
}

static inline bool flag_zf(const struct cpu *cpu)
{
    return cpu->flag_result == 0;
}

static inline bool flag_sf(const struct cpu *cpu)
{
    return ((cpu->flag_result ^ (cpu->flag_aux << 2)) >> 63) != 0;
}

static inline bool flag_af(const struct cpu *cpu)
{
    return (cpu->flag_aux & AUX_AF) != 0;
}

static inline bool flag_pf(const struct cpu *cpu)
{
    unsigned v = (unsigned)(cpu->flag_result ^ (cpu->flag_aux >> 8)) & 0xFF;
    return ((0x9669u >> ((v ^ (v >> 4)) & 15)) & 1) != 0;
}

/* Condition codes as encoded in the low four opcode bits of Jcc, SETcc and CMOVcc. */
static inline bool flag_condition(const struct cpu *cpu, unsigned code)
{
    bool met;
    switch (code >> 1) {
    case 0: met = flag_of(cpu); break;
    case 1: met = flag_cf(cpu); break;
    case 2: met = flag_zf(cpu); break;
    case 3: met = flag_cf(cpu) || flag_zf(cpu); break;
    case 4: met = flag_sf(cpu); break;
    case 5: met = flag_pf(cpu); break;
    case 6: met = flag_sf(cpu) != flag_of(cpu); break;
    default: met = flag_zf(cpu) || (flag_sf(cpu) != flag_of(cpu)); break;
    }
    return met != (code & 1);
}

static inline uint64_t sign_extend(uint64_t value, unsigned bits)
{
    return (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

/* flag_aux from the carry out of each bit, 64-bit operands. */
static inline uint64_t aux_from_carries(uint64_t carries)
{
    return carries & (AUX_CARRIES | AUX_AF);
}

/* flag_aux from the carry into each bit: those of narrower operands still show the carry out of the top one,
 * at bit `bits`. */
static inline uint64_t aux_from_carries_in(uint64_t carries, unsigned bits)
{
    return carries >> (bits - 1) << 62 | (carries >> 1 & AUX_AF);
}

/* Flags of result = a + b (+ carry), operands of `bits` bits and zero above, the result not cut to them. */
static inline void flags_add(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned bits)
{
    cpu->flag_result = sign_extend(result, bits);
    cpu->flag_aux = bits == 64 ? aux_from_carries((a & b) | ((a | b) & ~result))
                               : aux_from_carries_in(a ^ b ^ result, bits);
}

/* Flags of result = a - b (- borrow), the same way. */
static inline void flags_sub(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t result, unsigned bits)
{
    cpu->flag_result = sign_extend(result, bits);
    cpu->flag_aux = bits == 64 ? aux_from_carries((~a & b) | ((~a | b) & result))
                               : aux_from_carries_in(a ^ b ^ result, bits);
}

/* Flags of AND, OR, XOR, TEST: CF, OF and AF clear. */
static inline void flags_logic(struct cpu *cpu, uint64_t result, unsigned bits)
{
    cpu->flag_result = sign_extend(result, bits);
    cpu->flag_aux = 0;
}

/* Replaces CF and OF, keeps the rest. */
static inline void flags_set_cf_of(struct cpu *cpu, bool cf, bool of)
{
    cpu->flag_aux = (cpu->flag_aux & ~AUX_CARRIES) | (uint64_t)cf << 63 | (uint64_t)(cf != of) << 62;
}

/* Replaces CF, keeps the rest. */
static inline void flags_set_cf(struct cpu *cpu, bool cf)
{
    flags_set_cf_of(cpu, cf, flag_of(cpu));
}

/* SZP from a result, with CF and OF given and AF clear. */
static inline void flags_result_cf_of(struct cpu *cpu, uint64_t result, unsigned bits, bool cf, bool of)
{
    cpu->flag_result = sign_extend(result, bits);
    cpu->flag_aux = (uint64_t)cf << 63 | (uint64_t)(cf != of) << 62;
}

/* Flags of INC or DEC of `a`, which keep CF: `carry` is AUX_CF or 0, `of` whether the result left the signed
 * range. */
static inline void flags_step(struct cpu *cpu, uint64_t a, uint64_t result, unsigned bits, uint64_t carry,
                              bool of)
{
    cpu->flag_result = sign_extend(result, bits);
    cpu->flag_aux = (carry | carry >> 1) ^ (uint64_t)of << 62 ^ ((a ^ result) >> 1 & AUX_AF);
}

/* OSZAPC bits at their places in EFLAGS, and back. */
uint32_t flags_get_oszapc(const struct cpu *cpu);
void flags_set_oszapc(struct cpu *cpu, uint32_t flags);

#endif
