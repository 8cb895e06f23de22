/* SPDX-License-Identifier: MIT */
/* IMUL with two and three operands (SDM 2A, IMUL): CF and OF tell whether the product was cut. */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/modify.h"
#include "core/x86/exec/sized.h"
#include "core/x86/flags.h"
#include "core/x86/int128.h"

/* Low half of a signed product in the destination register. Up to 32 bits the product fits one host register.
 */
static inline void multiply_to_reg(struct cpu *cpu, const struct insn *insn, uint64_t a, uint64_t b,
                                   unsigned bits)
{
    int64_t x = (int64_t)sign_extend(a, bits), y = (int64_t)sign_extend(b, bits);
    uint64_t low;
    bool cut_off;
    if (bits == 64) {
        struct i128 product = i128_mul_signed(x, y);
        low = product.low;
        cut_off = product.high != (uint64_t)((int64_t)low >> 63);
    } else {
        low = (uint64_t)(x * y);
        cut_off = sign_extend(low, bits) != low;
    }
    reg_write(cpu, insn->reg, bits / 8, low);
    flags_result_cf_of(cpu, low, bits, cut_off, cut_off);
}

#define WIDTH 16
#include "core/x86/exec/imul.inc"
#undef WIDTH
#define WIDTH 32
#include "core/x86/exec/imul.inc"
#undef WIDTH
#define WIDTH 64
#include "core/x86/exec/imul.inc"
#undef WIDTH
