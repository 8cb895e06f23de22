/* SPDX-License-Identifier: MIT */
/* The x87 FPU: state and one function per instruction (Intel SDM volume 1, chapter 8; volume 2).
   Nothing here touches memory, EFLAGS or interrupts. The caller decodes, raises #NM (CR0.EM, CR0.TS) and,
   before every waiting instruction, #MF or IRQ13 where x87_pending() says so. Memory operands are loaded
   before the call. Stores come in three steps, so that a page fault leaves the state untouched: struct
   x87_store s = x87_fst_m32(f, pop);      compute, f unchanged if (s.write) ... store s.low, s.high ... may
   fault: just return x87_store_commit(f, &s);                       flags, C1, pop */
#ifndef LATHE_CORE_X86_FPU_X87_H
#define LATHE_CORE_X86_FPU_X87_H

#include "core/x86/fpu/softfloat.h"

/* Status word. IE..PE are enum float_exception. */
enum x87_status {
    X87_SF = 1 << 6,
    X87_ES = 1 << 7,
    X87_C0 = 1 << 8,
    X87_C1 = 1 << 9,
    X87_C2 = 1 << 10,
    X87_TOP_SHIFT = 11,
    X87_C3 = 1 << 14,
    X87_B = 1 << 15,
};

enum x87_control {
    X87_CONTROL_DEFAULT = 0x037f,
    X87_CONTROL_FIXED = 0x0040,    /* bit 6 always reads 1 */
    X87_CONTROL_WRITABLE = 0x1f3f, /* masks, PC, RC, and the 287's infinity control */
};

/* Plain data. Registers are physical: ST(i) is (top + i) & 7. mantissa[] doubles as MM0..MM7. */
struct x87 {
    uint64_t mantissa[8];
    uint16_t sign_exponent[8];
    uint16_t control;
    uint16_t status; /* flags, SF, C0-C3; TOP lives in `top`, ES and B follow from status and control */
    uint8_t top;
    uint8_t tag; /* bit i set: physical register i is in use (as in FXSAVE) */
    uint16_t fop, fcs, fds;
    uint64_t fip, fdp;
};

/* modrm.reg of D8, DA, DC and DE with a memory operand. */
enum x87_op { X87_ADD, X87_MUL, X87_COM, X87_COMP, X87_SUB, X87_SUBR, X87_DIV, X87_DIVR };

/* D9 E8..EE. */
enum x87_constant { X87_FLD1, X87_FLDL2T, X87_FLDL2E, X87_FLDPI, X87_FLDLG2, X87_FLDLN2, X87_FLDZ };

/* --- State and control --- */
/* Power-on: all registers +0 and in use, control 0040 (SDM 3A table 9-1). FNINIT is what makes it usable. */
void x87_reset(struct x87 *f);
void x87_fninit(struct x87 *f);
/* An unmasked exception waits: the next waiting instruction raises #MF (or IRQ13). */
static inline bool x87_pending(const struct x87 *f)
{
    return (f->status & ~f->control & FLOAT_EXCEPTIONS) != 0;
}
/* The status word as FNSTSW shows it, and back (FXRSTOR, debuggers). */
uint16_t x87_fnstsw(const struct x87 *f);
void x87_set_status(struct x87 *f, uint16_t status);
uint16_t x87_fnstcw(const struct x87 *f);
void x87_fldcw(struct x87 *f, uint16_t control);
void x87_fnclex(struct x87 *f);
void x87_fincstp(struct x87 *f);
void x87_fdecstp(struct x87 *f);
/* pop: FFREEP (DF C0+i). */
void x87_ffree(struct x87 *f, unsigned i, bool pop);
/* ST(i) as it is, empty or not; and the register becomes `value`, in use (debugger, tests). */
static inline struct float80 x87_get(const struct x87 *f, unsigned i)
{
    unsigned r = (f->top + i) & 7;
    return (struct float80){f->mantissa[r], f->sign_exponent[r]};
}

static inline void x87_set(struct x87 *f, unsigned i, struct float80 value)
{
    unsigned r = (f->top + i) & 7;
    f->mantissa[r] = value.mantissa;
    f->sign_exponent[r] = value.sign_exponent;
    f->tag |= (uint8_t)(1u << r);
}

static inline bool x87_is_empty(const struct x87 *f, unsigned i)
{
    return !(f->tag >> ((f->top + i) & 7) & 1);
}
/* The full tag word of FNSTENV: two bits a physical register. */
uint16_t x87_tag_word(const struct x87 *f);

/* --- Loads --- */
void x87_fld_st(struct x87 *f, unsigned i);
void x87_fld_m32(struct x87 *f, uint32_t value);
void x87_fld_m64(struct x87 *f, uint64_t value);
void x87_fld_m80(struct x87 *f, struct float80 value);
/* FILD: the caller sign-extends m16int and m32int. */
void x87_fild(struct x87 *f, int64_t value);
void x87_fbld(struct x87 *f, uint64_t low, uint16_t high);
void x87_fld_constant(struct x87 *f, enum x87_constant constant);

/* --- Stores --- */
struct x87_store {
    uint64_t low;  /* the value; bytes 0..7 of m80 and of packed BCD */
    uint16_t high; /* bytes 8 and 9 */
    bool write;    /* false: an unmasked exception, memory stays as it is */
    bool pop;
    uint16_t raise; /* status bits to set at commit */
};
struct x87_store x87_fst_m32(const struct x87 *f, bool pop);
struct x87_store x87_fst_m64(const struct x87 *f, bool pop);
struct x87_store x87_fstp_m80(const struct x87 *f);
/* bits: 16, 32 or 64; the value is in the low bits of `low`. */
struct x87_store x87_fist(const struct x87 *f, unsigned bits, bool pop);
struct x87_store x87_fisttp(const struct x87 *f, unsigned bits);
struct x87_store x87_fbstp(const struct x87 *f);
void x87_store_commit(struct x87 *f, const struct x87_store *store);
/* FST ST(i), FSTP ST(i). */
void x87_fst_st(struct x87 *f, unsigned i, bool pop);
/* FSTP1, D9 D8+i: an undocumented FSTP ST(i) that knows no stack fault. */
void x87_fstp1(struct x87 *f, unsigned i);

/* --- Moves --- */
void x87_fxch(struct x87 *f, unsigned i);
/* The caller evaluates the condition. */
void x87_fcmov(struct x87 *f, unsigned i, bool condition);
void x87_fchs(struct x87 *f);
void x87_fabs(struct x87 *f);

/* --- Arithmetic --- */
/* ST(dst) = ST(dst) op ST(src), operands exchanged for SUBR and DIVR; op is the mnemonic's, not the
   encoding's (DC and DE have SUB and SUBR, DIV and DIVR exchanged). Not for COM. */
void x87_arith_st(struct x87 *f, enum x87_op op, unsigned dst, unsigned src, bool pop);
/* ST(0) = ST(0) op memory; COM and COMP included. */
void x87_arith_m32(struct x87 *f, enum x87_op op, uint32_t value);
void x87_arith_m64(struct x87 *f, enum x87_op op, uint64_t value);
/* m16int and m32int, sign-extended by the caller. */
void x87_arith_int(struct x87 *f, enum x87_op op, int32_t value);
void x87_fsqrt(struct x87 *f);
void x87_frndint(struct x87 *f);
void x87_fscale(struct x87 *f);
void x87_fxtract(struct x87 *f);
void x87_fprem(struct x87 *f);
void x87_fprem1(struct x87 *f);

/* --- Comparisons --- */
/* FCOM, FCOMP, FCOMPP by pops 0, 1, 2; quiet: FUCOM... */
void x87_fcom(struct x87 *f, unsigned i, bool quiet, unsigned pops);
/* FCOMI(P), FUCOMI(P). Returns CF, PF and ZF as bits of EFLAGS; the caller clears OF, SF and AF. */
uint32_t x87_fcomi(struct x87 *f, unsigned i, bool quiet, bool pop);
void x87_ftst(struct x87 *f);
void x87_fxam(struct x87 *f);

/* --- Transcendentals: within 1 ulp, the same on every host (docs/fpu.md) --- */
void x87_f2xm1(struct x87 *f);
void x87_fyl2x(struct x87 *f);
void x87_fyl2xp1(struct x87 *f);
void x87_fpatan(struct x87 *f);
void x87_fptan(struct x87 *f);
void x87_fsin(struct x87 *f);
void x87_fcos(struct x87 *f);
void x87_fsincos(struct x87 *f);

/* --- Memory images (SDM volume 1, 8.1.10 and 10.5.1) --- */
/* FNSTENV and FNSAVE formats. Virtual-8086 mode uses REAL, 64-bit mode PROTECTED. */
enum x87_layout { X87_REAL16, X87_PROTECTED16, X87_REAL32, X87_PROTECTED32 };
enum { X87_ENV_MAX = 28, X87_SAVE_MAX = 108, X87_FXSAVE_SIZE = 160 };
/* Bytes of the environment (14 or 28); FNSAVE images are 80 more. */
unsigned x87_env_size(enum x87_layout layout);
/* Fill the image; the caller stores it and then commits (FNSTENV masks all exceptions, FNSAVE initialises).
 */
void x87_fnstenv(const struct x87 *f, enum x87_layout layout, uint8_t image[X87_ENV_MAX]);
void x87_fnstenv_commit(struct x87 *f);
void x87_fldenv(struct x87 *f, enum x87_layout layout, const uint8_t image[X87_ENV_MAX]);
void x87_fnsave(const struct x87 *f, enum x87_layout layout, uint8_t image[X87_SAVE_MAX]);
void x87_fnsave_commit(struct x87 *f);
void x87_frstor(struct x87 *f, enum x87_layout layout, const uint8_t image[X87_SAVE_MAX]);
/* x87 part of FXSAVE, FXRSTOR and of the legacy region of XSAVE: bytes 0..23 and 32..159; 24..31 (MXCSR) are
   not touched. wide: REX.W, 64-bit FIP and FDP without selectors. */
void x87_fxsave(const struct x87 *f, bool wide, uint8_t image[X87_FXSAVE_SIZE]);
void x87_fxrstor(struct x87 *f, bool wide, const uint8_t image[X87_FXSAVE_SIZE]);
/* Whether this is XRSTOR's initial state: as after FNINIT, and registers of zeros (SDM 1, 13.6). */
bool x87_is_initial(const struct x87 *f);

/* --- MMX aliasing (SDM volume 1, 9.5.1) --- */
/* Every MMX instruction but EMMS: TOP = 0, all registers in use. MMn is mantissa[n]. */
static inline void x87_mmx_enter(struct x87 *f)
{
    f->top = 0;
    f->tag = 0xFF;
}

/* Writing MMn also sets the sign and exponent to ones. */
static inline void x87_mmx_write(struct x87 *f, unsigned n, uint64_t value)
{
    f->mantissa[n] = value;
    f->sign_exponent[n] = 0xFFFF;
}
void x87_emms(struct x87 *f);

#endif
