/* SPDX-License-Identifier: MIT */
/* x87 state: control and status words, the register stack, exceptions (Intel SDM volume 1, 8.1 and 8.5). */
#include "core/x86/fpu/x87.h"

#include "core/x86/fpu/x87_internal.h"

void x87_reset(struct x87 *f)
{
    *f = (struct x87){.control = X87_CONTROL_FIXED, .tag = 0xff};
}

void x87_fninit(struct x87 *f)
{
    f->control = X87_CONTROL_DEFAULT;
    f->status = 0;
    f->top = 0;
    f->tag = 0;
    f->fop = 0;
    f->fip = 0;
    f->fdp = 0;
    f->fcs = 0;
    f->fds = 0;
}

uint16_t x87_fnstsw(const struct x87 *f)
{
    unsigned summary = x87_pending(f) ? X87_ES | X87_B : 0;
    return (uint16_t)(f->status | (unsigned)f->top << X87_TOP_SHIFT | summary);
}

void x87_set_status(struct x87 *f, uint16_t status)
{
    f->status = status & (FLOAT_EXCEPTIONS | X87_SF | X87_CONDITIONS);
    f->top = status >> X87_TOP_SHIFT & 7;
}

uint16_t x87_fnstcw(const struct x87 *f)
{
    return f->control;
}

void x87_fldcw(struct x87 *f, uint16_t control)
{
    f->control = (control & X87_CONTROL_WRITABLE) | X87_CONTROL_FIXED;
}

void x87_fnclex(struct x87 *f)
{
    f->status &= X87_CONDITIONS;
}

static void clear_c1(struct x87 *f)
{
    f->status &= (uint16_t)~X87_C1;
}

void x87_fincstp(struct x87 *f)
{
    f->top = (f->top + 1) & 7;
    clear_c1(f);
}

void x87_fdecstp(struct x87 *f)
{
    f->top = (f->top - 1) & 7;
    clear_c1(f);
}

void x87_ffree(struct x87 *f, unsigned i, bool pop)
{
    f->tag &= (uint8_t) ~(1u << ((f->top + i) & 7));
    clear_c1(f);
    if (pop)
        x87_pop(f);
}

uint16_t x87_tag_word(const struct x87 *f)
{
    enum { VALID, ZERO, SPECIAL, EMPTY };
    unsigned word = 0;
    for (unsigned r = 0; r < 8; r++) {
        struct float80 value = {f->mantissa[r], f->sign_exponent[r]};
        enum f80_class class = f80_classify(value);
        unsigned tag = class == F80_NORMAL ? VALID : class == F80_ZERO ? ZERO : SPECIAL;
        word |= (f->tag >> r & 1 ? tag : EMPTY) << 2 * r;
    }
    return (uint16_t)word;
}

bool x87_stack_fault(struct x87 *f, bool overflow)
{
    clear_c1(f);
    f->status |= FLOAT_IE | X87_SF | (overflow ? X87_C1 : 0);
    return x87_masked(f, FLOAT_IE);
}

bool x87_need_st0(struct x87 *f)
{
    if (!x87_is_empty(f, 0))
        return true;
    if (x87_stack_fault(f, false))
        x87_set(f, 0, f80_default_nan());
    return false;
}

void x87_finish_st0(struct x87 *f, const struct float_env *env, struct float80 result)
{
    if (x87_retire(f, env))
        x87_set(f, 0, result);
}
