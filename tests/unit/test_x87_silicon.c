/* SPDX-License-Identifier: MIT */
/* The soft x87 against the x87 of the host CPU, on x86-64 Linux hosts: random edge-weighted states, every
   instruction but the transcendentals, registers, tags, status word and memory compared bit for bit. Each
   case loads a state with FXRSTOR, runs one instruction from a small code buffer and reads the state back
   with FXSAVE, which never raises #MF. Environment: LATHE_SILICON_CASES=N cases an instruction,
   LATHE_SILICON_SEED=N. */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/x86/fpu/x87.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/mman.h>
#endif

/* --- One instruction in software: a decoder of D8..DF that calls core/x86/fpu --- */

enum { MEMORY_SIZE = 112 };

struct operands {
    uint16_t opcode; /* high byte: prefix */
    uint8_t modrm;
    uint8_t *memory;
    uint32_t eflags;
};

static uint8_t reg_of(const struct operands *o)
{
    return o->modrm >> 3 & 7;
}

static uint8_t rm_of(const struct operands *o)
{
    return o->modrm & 7;
}

static void finish_store(struct x87 *f, struct x87_store s, uint8_t *memory, unsigned size)
{
    if (s.write) {
        for (unsigned i = 0; i < size && i < 8; i++)
            memory[i] = (uint8_t)(s.low >> 8 * i);
        if (size == 10)
            store_le16(memory + 8, s.high);
    }
    x87_store_commit(f, &s);
}

/* Operand size 16 in 64-bit mode selects the 16-bit protected format. */
static enum x87_layout layout(const struct operands *o)
{
    return o->opcode >> 8 ? X87_PROTECTED16 : X87_PROTECTED32;
}

static void run_d8(struct x87 *f, struct operands *o)
{
    enum x87_op op = (enum x87_op)reg_of(o);
    if (o->modrm < 0xc0)
        x87_arith_m32(f, op, load_le32(o->memory));
    else if (op == X87_COM || op == X87_COMP)
        x87_fcom(f, rm_of(o), false, op == X87_COMP);
    else
        x87_arith_st(f, op, 0, rm_of(o), false);
}

static void run_d9_register(struct x87 *f, struct operands *o)
{
    if (o->modrm < 0xc8)
        x87_fld_st(f, rm_of(o));
    else if (o->modrm < 0xd0)
        x87_fxch(f, rm_of(o));
    else if (o->modrm >= 0xd8 && o->modrm < 0xe0)
        x87_fstp1(f, rm_of(o));
    else if (o->modrm >= 0xe8 && o->modrm < 0xef)
        x87_fld_constant(f, (enum x87_constant)rm_of(o));
    else
        switch (o->modrm) {
        case 0xe0: x87_fchs(f); break;
        case 0xe1: x87_fabs(f); break;
        case 0xe4: x87_ftst(f); break;
        case 0xe5: x87_fxam(f); break;
        case 0xf0: x87_f2xm1(f); break;
        case 0xf1: x87_fyl2x(f); break;
        case 0xf2: x87_fptan(f); break;
        case 0xf3: x87_fpatan(f); break;
        case 0xf4: x87_fxtract(f); break;
        case 0xf5: x87_fprem1(f); break;
        case 0xf6: x87_fdecstp(f); break;
        case 0xf7: x87_fincstp(f); break;
        case 0xf8: x87_fprem(f); break;
        case 0xf9: x87_fyl2xp1(f); break;
        case 0xfa: x87_fsqrt(f); break;
        case 0xfb: x87_fsincos(f); break;
        case 0xfc: x87_frndint(f); break;
        case 0xfd: x87_fscale(f); break;
        case 0xfe: x87_fsin(f); break;
        case 0xff: x87_fcos(f); break;
        default: ck_abort_msg("no such instruction"); break;
        }
}

static void run_d9(struct x87 *f, struct operands *o)
{
    if (o->modrm >= 0xc0) {
        run_d9_register(f, o);
        return;
    }
    switch (reg_of(o)) {
    case 4: x87_fldenv(f, layout(o), o->memory); break;
    case 6:
        x87_fnstenv(f, layout(o), o->memory);
        x87_fnstenv_commit(f);
        break;
    case 0: x87_fld_m32(f, load_le32(o->memory)); break;
    case 2: finish_store(f, x87_fst_m32(f, false), o->memory, 4); break;
    case 3: finish_store(f, x87_fst_m32(f, true), o->memory, 4); break;
    case 5: x87_fldcw(f, load_le16(o->memory)); break;
    case 7: store_le16(o->memory, x87_fnstcw(f)); break;
    default: ck_abort_msg("no such instruction"); break;
    }
}

static bool condition(const struct operands *o)
{
    static const uint8_t flags[4] = {0x01, 0x40, 0x41, 0x04}; /* B, E, BE, U */
    return o->eflags & flags[reg_of(o) & 3];
}

static void run_da(struct x87 *f, struct operands *o)
{
    if (o->modrm < 0xc0)
        x87_arith_int(f, (enum x87_op)reg_of(o), (int32_t)load_le32(o->memory));
    else if (o->modrm == 0xe9)
        x87_fcom(f, 1, true, 2);
    else
        x87_fcmov(f, rm_of(o), condition(o));
}

static void run_fcomi(struct x87 *f, struct operands *o, bool pop)
{
    o->eflags = (o->eflags & ~0x8d5u) | x87_fcomi(f, rm_of(o), reg_of(o) == 5, pop);
}

static void run_db_register(struct x87 *f, struct operands *o)
{
    if (o->modrm == 0xe2)
        x87_fnclex(f);
    else if (o->modrm == 0xe3)
        x87_fninit(f);
    else if (o->modrm >= 0xe8)
        run_fcomi(f, o, false);
    else
        x87_fcmov(f, rm_of(o), !condition(o));
}

static void run_db(struct x87 *f, struct operands *o)
{
    if (o->modrm >= 0xc0) {
        run_db_register(f, o);
        return;
    }
    switch (reg_of(o)) {
    case 0: x87_fild(f, (int32_t)load_le32(o->memory)); break;
    case 1: finish_store(f, x87_fisttp(f, 32), o->memory, 4); break;
    case 2: finish_store(f, x87_fist(f, 32, false), o->memory, 4); break;
    case 3: finish_store(f, x87_fist(f, 32, true), o->memory, 4); break;
    case 5: x87_fld_m80(f, (struct float80){load_le64(o->memory), load_le16(o->memory + 8)}); break;
    case 7: finish_store(f, x87_fstp_m80(f), o->memory, 10); break;
    default: ck_abort_msg("no such instruction"); break;
    }
}

static const enum x87_op swapped[8] = {X87_ADD,  X87_MUL, X87_COM,  X87_COMP,
                                       X87_SUBR, X87_SUB, X87_DIVR, X87_DIV};

static void run_dc(struct x87 *f, struct operands *o)
{
    if (o->modrm < 0xc0)
        x87_arith_m64(f, (enum x87_op)reg_of(o), load_le64(o->memory));
    else if (reg_of(o) == X87_COM || reg_of(o) == X87_COMP)
        x87_fcom(f, rm_of(o), false, reg_of(o) == X87_COMP);
    else
        x87_arith_st(f, swapped[reg_of(o)], rm_of(o), 0, false);
}

static void run_dd_register(struct x87 *f, struct operands *o)
{
    switch (reg_of(o)) {
    case 0: x87_ffree(f, rm_of(o), false); break;
    case 1: x87_fxch(f, rm_of(o)); break;
    case 2: x87_fst_st(f, rm_of(o), false); break;
    case 3: x87_fst_st(f, rm_of(o), true); break;
    case 4: x87_fcom(f, rm_of(o), true, 0); break;
    case 5: x87_fcom(f, rm_of(o), true, 1); break;
    default: ck_abort_msg("no such instruction"); break;
    }
}

static void run_dd(struct x87 *f, struct operands *o)
{
    if (o->modrm >= 0xc0) {
        run_dd_register(f, o);
        return;
    }
    switch (reg_of(o)) {
    case 4: x87_frstor(f, layout(o), o->memory); break;
    case 6:
        x87_fnsave(f, layout(o), o->memory);
        x87_fnsave_commit(f);
        break;
    case 0: x87_fld_m64(f, load_le64(o->memory)); break;
    case 1: finish_store(f, x87_fisttp(f, 64), o->memory, 8); break;
    case 2: finish_store(f, x87_fst_m64(f, false), o->memory, 8); break;
    case 3: finish_store(f, x87_fst_m64(f, true), o->memory, 8); break;
    case 7: store_le16(o->memory, x87_fnstsw(f)); break;
    default: ck_abort_msg("no such instruction"); break;
    }
}

static void run_de(struct x87 *f, struct operands *o)
{
    if (o->modrm < 0xc0)
        x87_arith_int(f, (enum x87_op)reg_of(o), (int16_t)load_le16(o->memory));
    else if (reg_of(o) == X87_COM)
        x87_fcom(f, rm_of(o), false, 1);
    else if (o->modrm == 0xd9)
        x87_fcom(f, 1, false, 2);
    else
        x87_arith_st(f, swapped[reg_of(o)], rm_of(o), 0, true);
}

static void run_df_register(struct x87 *f, struct operands *o)
{
    if (o->modrm < 0xc8)
        x87_ffree(f, rm_of(o), true);
    else if (o->modrm < 0xd0)
        x87_fxch(f, rm_of(o));
    else if (o->modrm < 0xe0)
        x87_fst_st(f, rm_of(o), true);
    else
        run_fcomi(f, o, true);
}

static void run_df(struct x87 *f, struct operands *o)
{
    if (o->modrm >= 0xc0) {
        run_df_register(f, o);
        return;
    }
    switch (reg_of(o)) {
    case 0: x87_fild(f, (int16_t)load_le16(o->memory)); break;
    case 1: finish_store(f, x87_fisttp(f, 16), o->memory, 2); break;
    case 2: finish_store(f, x87_fist(f, 16, false), o->memory, 2); break;
    case 3: finish_store(f, x87_fist(f, 16, true), o->memory, 2); break;
    case 4: x87_fbld(f, load_le64(o->memory), load_le16(o->memory + 8)); break;
    case 5: x87_fild(f, (int64_t)load_le64(o->memory)); break;
    case 6: finish_store(f, x87_fbstp(f), o->memory, 10); break;
    default: finish_store(f, x87_fist(f, 64, true), o->memory, 8); break;
    }
}

static void run_software(struct x87 *f, struct operands *o)
{
    static void (*const run[8])(struct x87 *, struct operands *) = {run_d8, run_d9, run_da, run_db,
                                                                    run_dc, run_dd, run_de, run_df};
    if (o->opcode == 0x0f)
        x87_emms(f); /* 0F 77 */
    else
        run[o->opcode & 7](f, o);
}

/* --- What to run --- */

struct instruction {
    const char *name;
    uint16_t opcode; /* high byte: prefix */
    uint8_t modrm;   /* below C0: memory operand, /reg in bits 5..3 */
    uint8_t many;    /* number of consecutive forms: ST(i), or /reg */
    uint8_t slack;   /* enum slack */
};

enum slack {
    EXACT,
    ANY_C1,      /* processors differ in C1 */
    APPROXIMATE, /* any C1, and registers within one unit in the last place */
};

/* FCOMI and its kin: Intel documents C1 = 0, AMD leaves it. */
static const struct instruction instructions[] = {
    {"FADD..FDIVR ST,ST(i)", 0xd8, 0xc0, 64, EXACT},
    {"FADD..FDIVR m32", 0xd8, 0x00, 8, EXACT},
    {"FADD..FDIVR m64", 0xdc, 0x00, 8, EXACT},
    {"FIADD..FIDIVR m32", 0xda, 0x00, 8, EXACT},
    {"FIADD..FIDIVR m16", 0xde, 0x00, 8, EXACT},
    {"FADD ST(i),ST", 0xdc, 0xc0, 16, EXACT},
    {"FSUB..FDIVR ST(i),ST", 0xdc, 0xe0, 32, EXACT},
    {"FADDP ST(i),ST", 0xde, 0xc0, 16, EXACT},
    {"FSUBP..FDIVRP ST(i),ST", 0xde, 0xe0, 32, EXACT},
    {"FCOMPP", 0xde, 0xd9, 1, EXACT},
    {"FUCOMPP", 0xda, 0xe9, 1, EXACT},
    {"FUCOM FUCOMP", 0xdd, 0xe0, 16, EXACT},
    {"FLD ST(i)", 0xd9, 0xc0, 8, EXACT},
    {"FLD m32", 0xd9, 0x00, 1, EXACT},
    {"FLD m64", 0xdd, 0x00, 1, EXACT},
    {"FLD m80", 0xdb, 0x28, 1, EXACT},
    {"FILD m16", 0xdf, 0x00, 1, EXACT},
    {"FILD m32", 0xdb, 0x00, 1, EXACT},
    {"FILD m64", 0xdf, 0x28, 1, EXACT},
    {"FBLD", 0xdf, 0x20, 1, EXACT},
    {"FST m32", 0xd9, 0x10, 1, EXACT},
    {"FSTP m32", 0xd9, 0x18, 1, EXACT},
    {"FST m64", 0xdd, 0x10, 1, EXACT},
    {"FSTP m64", 0xdd, 0x18, 1, EXACT},
    {"FSTP m80", 0xdb, 0x38, 1, EXACT},
    {"FIST m16", 0xdf, 0x10, 1, EXACT},
    {"FISTP m16", 0xdf, 0x18, 1, EXACT},
    {"FIST m32", 0xdb, 0x10, 1, EXACT},
    {"FISTP m32", 0xdb, 0x18, 1, EXACT},
    {"FISTP m64", 0xdf, 0x38, 1, EXACT},
    {"FISTTP m16", 0xdf, 0x08, 1, EXACT},
    {"FISTTP m32", 0xdb, 0x08, 1, EXACT},
    {"FISTTP m64", 0xdd, 0x08, 1, EXACT},
    {"FBSTP", 0xdf, 0x30, 1, EXACT},
    {"FST FSTP ST(i)", 0xdd, 0xd0, 16, EXACT},
    {"FXCH", 0xd9, 0xc8, 8, EXACT},
    {"FCMOVcc", 0xda, 0xc0, 32, EXACT},
    {"FCMOVNcc", 0xdb, 0xc0, 32, EXACT},
    {"FUCOMI FCOMI", 0xdb, 0xe8, 16, ANY_C1},
    {"FUCOMIP FCOMIP", 0xdf, 0xe8, 16, ANY_C1},
    {"FCHS", 0xd9, 0xe0, 1, EXACT},
    {"FABS", 0xd9, 0xe1, 1, EXACT},
    {"FTST", 0xd9, 0xe4, 1, EXACT},
    {"FXAM", 0xd9, 0xe5, 1, EXACT},
    {"FLD constant", 0xd9, 0xe8, 7, EXACT},
    {"FXTRACT", 0xd9, 0xf4, 1, EXACT},
    {"FPREM1", 0xd9, 0xf5, 1, EXACT},
    {"F2XM1", 0xd9, 0xf0, 1, APPROXIMATE},
    {"FYL2X", 0xd9, 0xf1, 1, APPROXIMATE},
    {"FPTAN", 0xd9, 0xf2, 1, APPROXIMATE},
    {"FPATAN", 0xd9, 0xf3, 1, APPROXIMATE},
    {"FYL2XP1", 0xd9, 0xf9, 1, APPROXIMATE},
    {"FSINCOS", 0xd9, 0xfb, 1, APPROXIMATE},
    {"FSIN", 0xd9, 0xfe, 1, APPROXIMATE},
    {"FCOS", 0xd9, 0xff, 1, APPROXIMATE},
    {"FDECSTP", 0xd9, 0xf6, 1, EXACT},
    {"FINCSTP", 0xd9, 0xf7, 1, EXACT},
    {"FPREM", 0xd9, 0xf8, 1, EXACT},
    {"FSQRT", 0xd9, 0xfa, 1, EXACT},
    {"FRNDINT", 0xd9, 0xfc, 1, EXACT},
    {"FSCALE", 0xd9, 0xfd, 1, EXACT},
    {"FFREE", 0xdd, 0xc0, 8, EXACT},
    {"FFREEP", 0xdf, 0xc0, 8, EXACT},
    {"FNCLEX", 0xdb, 0xe2, 1, EXACT},
    {"FNINIT", 0xdb, 0xe3, 1, EXACT},
    {"FLDCW", 0xd9, 0x28, 1, EXACT},
    {"FNSTCW", 0xd9, 0x38, 1, EXACT},
    {"FNSTSW", 0xdd, 0x38, 1, EXACT},
    {"FSTP1", 0xd9, 0xd8, 8, EXACT},
    {"FCOM FCOMP alias DC", 0xdc, 0xd0, 16, EXACT},
    {"FXCH alias DD", 0xdd, 0xc8, 8, EXACT},
    {"FCOMP alias DE", 0xde, 0xd0, 8, EXACT},
    {"FXCH alias DF", 0xdf, 0xc8, 8, EXACT},
    {"FSTP alias DF", 0xdf, 0xd0, 16, EXACT},
    {"FNSTENV", 0xd9, 0x30, 1, EXACT},
    {"FNSTENV 16", 0x66d9, 0x30, 1, EXACT},
    {"FLDENV", 0xd9, 0x20, 1, EXACT},
    {"FLDENV 16", 0x66d9, 0x20, 1, EXACT},
    {"FNSAVE", 0xdd, 0x30, 1, EXACT},
    {"FNSAVE 16", 0x66dd, 0x30, 1, EXACT},
    {"FRSTOR", 0xdd, 0x20, 1, EXACT},
    {"FRSTOR 16", 0x66dd, 0x20, 1, EXACT},
    {"EMMS", 0x0f, 0x77, 1, EXACT},
};

/* --- Random states --- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t random_mantissa(uint64_t *state)
{
    uint64_t r = next_random(state), shape = next_random(state);
    unsigned shift = shape >> 8 & 63;
    switch (shape & 15) {
    case 0: return UINT64_C(1) << 63;
    case 1: return ~UINT64_C(0);
    case 2: return 0;
    case 3: return UINT64_C(3) << 62;
    case 4: return ~UINT64_C(0) << shift | UINT64_C(1) << 63;
    case 5: return UINT64_C(1) << 63 | UINT64_C(1) << shift;
    case 6: return r >> shift;
    case 7: return (UINT64_C(1) << 63) + (r >> shift);
    case 8: return (UINT64_C(1) << 63 | r) & ~UINT64_C(0) << shift;
    case 9: return ((UINT64_C(1) << 63 | r) & ~UINT64_C(0) << shift) + (UINT64_C(1) << shift >> 1);
    case 10: return ~(r >> shift);
    default: return UINT64_C(1) << 63 | r;
    }
}

static struct float80 random_float80(uint64_t *state)
{
    static const uint16_t anchors[] = {0,      0,      1,      0x3fff, 0x3fff, 0x7ffe, 0x7fff,
                                       0x7fff, 0x3f81, 0x3f6a, 0x407e, 0x3c01, 0x3bcd, 0x43fe,
                                       0x400e, 0x401e, 0x403e, 0x403a, 0x0040, 0x7fbe};
    uint64_t r = next_random(state);
    unsigned exponent = anchors[r % (sizeof anchors / sizeof *anchors)];
    if (r >> 8 & 1)
        exponent += (unsigned)(r >> 16 & 7) - 4u;
    else if (r >> 9 & 1)
        exponent = (unsigned)(r >> 16);
    else if (r >> 10 & 1)
        exponent = 0x3fff + (unsigned)(r >> 16 & 127) - 64u;
    struct float80 v = {random_mantissa(state), (uint16_t)((exponent & 0x7fff) | (r >> 40 & 0x8000))};
    if (f80_exponent(v) && r >> 57) /* keep unnormals rare */
        v.mantissa |= UINT64_C(1) << 63;
    return v;
}

static uint64_t random_memory(uint64_t *state)
{
    static const uint64_t anchors[] = {0,
                                       1,
                                       UINT64_C(0x7ff0000000000000),
                                       UINT64_C(0x7f8000007f800000),
                                       UINT64_C(0xffc00000ffc00000),
                                       UINT64_C(0x000fffffffffffff),
                                       UINT64_C(0x3ff0000000000000),
                                       UINT64_C(0x3f8000003f800000),
                                       UINT64_C(0x8000000080008000),
                                       UINT64_C(0x0000000100000001),
                                       UINT64_C(0x007fffff007fffff),
                                       UINT64_C(0x7fffffffffffffff)};
    uint64_t r = next_random(state), v = anchors[r % (sizeof anchors / sizeof *anchors)];
    switch (r >> 8 & 3) {
    case 0: return next_random(state);
    case 1: return v ^ (next_random(state) & 1) << 63 ^ (next_random(state) & 1) << 31;
    case 2: return v ^ next_random(state) >> (r >> 16 & 63);
    default: return v ^ next_random(state) << (r >> 16 & 63);
    }
}

static void random_state(uint64_t *state, struct x87 *f, bool memory_is_m80, uint8_t *memory)
{
    uint64_t r = next_random(state);
    *f = (struct x87){0};
    x87_fldcw(f, (uint16_t)(r & 1 ? r >> 16 : (r >> 16 | 0x3f)));
    x87_set_status(f, (uint16_t)(r >> 32));
    f->status &= (uint16_t) ~((~f->control & 0x3f) | X87_SF);
    for (unsigned i = 0; i < 8; i++)
        x87_set(f, i, random_float80(state));
    if (r >> 1 & 1) { /* operands of nearby magnitude */
        struct float80 v = x87_get(f, 1), w = x87_get(f, 0);
        v.sign_exponent = (uint16_t)(w.sign_exponent + (r >> 48 & 127) - 64);
        x87_set(f, 1, v);
    }
    f->tag = r >> 2 & 3 ? 0xff : (uint8_t)(r >> 56 | (r >> 4 & 7 ? 3u << f->top : 0));
    if (r >> 8 & 1)
        f->tag &= (uint8_t) ~(1u << ((f->top + 7) & 7));
    struct float80 m = random_float80(state);
    store_le64(memory, memory_is_m80 ? m.mantissa : random_memory(state));
    store_le64(memory + 8, 0x5a5a5a5a5a5a0000 | m.sign_exponent);
    for (unsigned i = 16; i < MEMORY_SIZE; i += 8)
        store_le64(memory + i, next_random(state));
}

/* --- FXSAVE images --- */

static void to_image(const struct x87 *f, uint8_t *image)
{
    memset(image, 0, 512);
    store_le16(image, f->control);
    store_le16(image + 2, x87_fnstsw(f));
    image[4] = f->tag;
    store_le32(image + 24, 0x1f80);
    for (unsigned i = 0; i < 8; i++) {
        store_le64(image + 32 + 16 * i, x87_get(f, i).mantissa);
        store_le16(image + 40 + 16 * i, x87_get(f, i).sign_exponent);
    }
}

/* --- One case --- */

struct trial {
    const struct instruction *insn;
    uint8_t modrm;
    bool first; /* of this modrm */
    struct x87 before;
    uint8_t memory[MEMORY_SIZE];
    uint32_t eflags;
};

struct outcome {
    uint8_t image[512] __attribute__((aligned(16)));
    uint8_t memory[MEMORY_SIZE];
    uint32_t eflags;
};

static void random_trial(struct trial *t, uint64_t *seed)
{
    bool fbld = t->insn->opcode == 0xdf && t->modrm == 0x20;
    random_state(seed, &t->before, t->insn->opcode == 0xdb || fbld, t->memory);
    t->eflags = 0x202 | (next_random(seed) & 0x8d5);
    if (fbld) /* digits above 9 are undefined */
        for (unsigned i = 0; i < 9; i++)
            t->memory[i] = (uint8_t)((t->memory[i] & 15) % 10 + (t->memory[i] >> 4) % 10 * 16);
}

static void soft_outcome(const struct trial *t, struct outcome *out)
{
    struct x87 f = t->before;
    memcpy(out->memory, t->memory, MEMORY_SIZE);
    struct operands o = {t->insn->opcode, t->modrm, out->memory, t->eflags};
    run_software(&f, &o);
    to_image(&f, out->image);
    out->eflags = o.eflags;
}

/* Calls visit for `cases` random states of every instruction (four times as many where it has many forms). */
typedef void visit_fn(void *context, const struct trial *t);

static void visit_all(visit_fn *visit, void *context, uint64_t cases, uint64_t seed)
{
    for (unsigned k = 0; k < sizeof instructions / sizeof *instructions; k++) {
        struct trial t = {.insn = &instructions[k]};
        uint64_t per_form = cases * (t.insn->many > 4 ? 4 : 1) / t.insn->many;
        for (unsigned form = 0; form < t.insn->many; form++) {
            t.modrm = (uint8_t)(t.insn->modrm + form * (t.insn->modrm < 0xc0 ? 8 : 1));
            for (uint64_t i = 0; i < per_form; i++) {
                t.first = i == 0;
                random_trial(&t, &seed);
                visit(context, &t);
            }
        }
    }
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* --- The same result on every host --- */

static void digest_bytes(uint64_t *digest, const uint8_t *p, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *digest = (*digest ^ p[i]) * UINT64_C(0x100000001b3);
}

static void digest_trial(void *context, const struct trial *t)
{
    struct outcome out;
    uint8_t eflags[4];
    soft_outcome(t, &out);
    store_le32(eflags, out.eflags);
    digest_bytes(context, out.image, 160);
    digest_bytes(context, out.memory, MEMORY_SIZE);
    digest_bytes(context, eflags, sizeof eflags);
}

/* The digest of all outcomes was taken where test_against_host passes; transcendentals are part of it. */
START_TEST(test_digest)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    visit_all(digest_trial, &digest, 1000, 1);
    ck_assert_uint_eq(digest, UINT64_C(0x71778f151f92c7b2));
}
END_TEST

/* --- Against the host --- */

#if defined(__x86_64__) && defined(__linux__)

/* fxrstor [rdi]; popf(rcx); instruction; pushf -> rax; fxsave [rdx]; fninit */
typedef uint64_t code_fn(const uint8_t *before, uint8_t *memory, uint8_t *after, uint64_t eflags);

/* Clears the bits of the status word on which processors differ. */
static uint16_t comparable(const struct instruction *insn, uint16_t status)
{
    return insn->slack != EXACT && !(status & X87_SF) ? status & (uint16_t)~X87_C1 : status;
}

static bool same_register(const struct instruction *insn, const uint8_t *a, const uint8_t *b)
{
    if (memcmp(a, b, 10) == 0)
        return true;
    /* Neighbours: with exponent and mantissa as one number they are one apart, up to the integer bit. */
    uint64_t low = (load_le64(a) << 1) - (load_le64(b) << 1);
    return insn->slack == APPROXIMATE && (low + 2 <= 4) &&
           (uint16_t)(load_le16(a + 8) - load_le16(b + 8) + 1) <= 2;
}

static bool same_image(const struct instruction *insn, const uint8_t *a, const uint8_t *b)
{
    if (load_le16(a) != load_le16(b) || a[4] != b[4])
        return false;
    if (comparable(insn, load_le16(a + 2)) != comparable(insn, load_le16(b + 2)))
        return false;
    for (unsigned i = 0; i < 8; i++)
        if (!same_register(insn, a + 32 + 16 * i, b + 32 + 16 * i))
            return false;
    return true;
}

static void print_image(const char *what, const uint8_t *image, const uint8_t *memory, uint64_t eflags)
{
    printf("  %s cw %04x sw %04x tag %02x fl %03x st0 %04x.%016llx st1 %04x.%016llx st7 %04x.%016llx m "
           "%016llx.%04x\n",
           what, load_le16(image), load_le16(image + 2), image[4], (unsigned)eflags & 0x8d5,
           load_le16(image + 40), (unsigned long long)load_le64(image + 32), load_le16(image + 56),
           (unsigned long long)load_le64(image + 48), load_le16(image + 152),
           (unsigned long long)load_le64(image + 144), (unsigned long long)load_le64(memory),
           load_le16(memory + 8));
}

struct comparison {
    uint8_t *buffer;
    code_fn *code;
    uint64_t failed;
};

static void emit(uint8_t *code, uint16_t opcode, uint8_t modrm)
{
    static const uint8_t before[] = {0x0f, 0xae, 0x0f, 0x51, 0x9d}; /* fxrstor [rdi]; push rcx; popfq */
    static const uint8_t after[] = {0x9c, 0x58, 0x0f, 0xae, 0x02,   /* pushfq; pop rax; fxsave [rdx] */
                                    0xdb, 0xe3, 0xc3};              /* fninit; ret */
    uint8_t *p = code;
    memcpy(p, before, sizeof before);
    p += sizeof before;
    if (opcode >> 8)
        *p++ = (uint8_t)(opcode >> 8);
    *p++ = (uint8_t)opcode;
    *p++ = modrm < 0xc0 ? modrm | 6 : modrm; /* [rsi] */
    memcpy(p, after, sizeof after);
}

/* FNSTENV and FNSAVE store the host's instruction pointer, which is left out. */
static bool same_memory(const struct trial *t, const uint8_t *hard, const uint8_t *soft)
{
    bool environment = t->modrm == 0x30 && (t->insn->opcode & 0xfb) == 0xd9;
    unsigned from = t->insn->opcode >> 8 ? 6 : 12, to = t->insn->opcode >> 8 ? 14 : 28;
    if (!environment)
        return memcmp(hard, soft, MEMORY_SIZE) == 0;
    return memcmp(hard, soft, from) == 0 && memcmp(hard + to, soft + to, MEMORY_SIZE - to) == 0;
}

static void compare_trial(void *context, const struct trial *t)
{
    struct comparison *c = context;
    struct outcome soft, hard = {{0}, {0}, 0};
    uint8_t before[512] __attribute__((aligned(16)));
    if (t->first)
        emit(c->buffer, t->insn->opcode, t->modrm);
    to_image(&t->before, before);
    memcpy(hard.memory, t->memory, MEMORY_SIZE);
    hard.eflags = (uint32_t)c->code(before, hard.memory, hard.image, t->eflags);
    soft_outcome(t, &soft);
    if (same_image(t->insn, hard.image, soft.image) && same_memory(t, hard.memory, soft.memory) &&
        !((hard.eflags ^ soft.eflags) & 0x8d5))
        return;
    if (c->failed++ >= 20)
        return;
    printf("%s (%02x %02x)\n", t->insn->name, t->insn->opcode, t->modrm);
    print_image("before", before, t->memory, t->eflags);
    print_image("host  ", hard.image, hard.memory, hard.eflags);
    print_image("soft  ", soft.image, soft.memory, soft.eflags);
}

START_TEST(test_against_host)
{
    struct comparison c = {0};
    c.buffer = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c.buffer == MAP_FAILED) {
        puts("x87 against host: skipped, no executable memory");
        return;
    }
    memcpy(&c.code, &c.buffer, sizeof c.code);
    visit_all(compare_trial, &c, setting("LATHE_SILICON_CASES", 3000), setting("LATHE_SILICON_SEED", 1));
    munmap(c.buffer, 4096);
    fflush(stdout);
    ck_assert_uint_eq(c.failed, 0);
}
END_TEST
#else
START_TEST(test_against_host)
{
    puts("x87 against host: skipped, the host is not x86-64 Linux");
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("x87 silicon");
    TCase *tests = tcase_create("host");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, test_digest);
    tcase_add_test(tests, test_against_host);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
