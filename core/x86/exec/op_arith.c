/* SPDX-License-Identifier: MIT */
/* Multiplication, division, BCD adjustment, double shifts, sign extension (SDM 2). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/modify.h"
#include "core/x86/flags.h"
#include "core/x86/int128.h"

static unsigned bits_of(const struct insn *insn)
{
    return insn->op_size * 8u;
}

/* The double-width product or dividend: AX, DX:AX, EDX:EAX, RDX:RAX. */
static void write_double(struct cpu *cpu, unsigned size, uint64_t low, uint64_t high)
{
    if (size == 1) {
        reg_write16(cpu, GPR_AX, (uint16_t)((low & 0xFF) | high << 8));
        return;
    }
    reg_write(cpu, GPR_AX, size, low);
    reg_write(cpu, GPR_DX, size, high);
}

static struct i128 read_double(const struct cpu *cpu, unsigned size)
{
    if (size == 1)
        return (struct i128){0, (uint16_t)cpu->gpr[GPR_AX]};
    uint64_t low = reg_read(cpu, GPR_AX, size), high = reg_read(cpu, GPR_DX, size);
    if (size == 8)
        return (struct i128){high, low};
    return (struct i128){0, high << (8 * size) | low};
}

bool op_mul(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    unsigned size = insn->op_size;
    if (!operand_read(cpu, insn, size, &value))
        return false;
    uint64_t a = reg_read(cpu, GPR_AX, size);
    struct i128 product = size == 8 ? i128_mul(a, value) : (struct i128){0, a * value};
    uint64_t high = size == 8 ? product.high : product.low >> bits_of(insn);
    write_double(cpu, size, product.low, high);
    flags_result_cf_of(cpu, product.low, bits_of(insn), high != 0, high != 0);
    return true;
}

/* Signed product of two operands of `bits` bits; *fits: whether the low half holds it. */
static struct i128 signed_product(uint64_t a, uint64_t b, unsigned bits, bool *fits)
{
    struct i128 product = i128_mul_signed((int64_t)sign_extend(a, bits), (int64_t)sign_extend(b, bits));
    uint64_t sign = sign_extend(product.low, bits);
    *fits = sign == product.low && product.high == (uint64_t)((int64_t)sign >> 63);
    return product;
}

bool op_imul(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    unsigned size = insn->op_size, bits = bits_of(insn);
    bool fits;
    if (!operand_read(cpu, insn, size, &value))
        return false;
    struct i128 product = signed_product(reg_read(cpu, GPR_AX, size), value, bits, &fits);
    write_double(cpu, size, product.low, size == 8 ? product.high : product.low >> bits);
    flags_result_cf_of(cpu, product.low, bits, !fits, !fits);
    return true;
}

static bool store_quotient(struct cpu *cpu, unsigned size, uint64_t quotient, uint64_t remainder)
{
    if (size == 1)
        reg_write16(cpu, GPR_AX, (uint16_t)((quotient & 0xFF) | (remainder & 0xFF) << 8));
    else
        write_double(cpu, size, quotient, remainder);
    return true;
}

bool op_div(struct cpu *cpu, const struct insn *insn)
{
    uint64_t divisor, quotient, remainder;
    unsigned size = insn->op_size;
    if (!operand_read(cpu, insn, size, &divisor))
        return false;
    if (!i128_div(read_double(cpu, size), divisor, &quotient, &remainder) ||
        (size < 8 && quotient >> bits_of(insn)))
        return cpu_fault(cpu, VECTOR_DE);
    return store_quotient(cpu, size, quotient, remainder);
}

bool op_idiv(struct cpu *cpu, const struct insn *insn)
{
    uint64_t divisor;
    int64_t quotient, remainder;
    unsigned size = insn->op_size, bits = bits_of(insn);
    if (!operand_read(cpu, insn, size, &divisor))
        return false;
    struct i128 dividend = read_double(cpu, size);
    if (size < 8) {
        dividend.low = sign_extend(dividend.low, 2 * bits);
        dividend.high = (uint64_t)((int64_t)dividend.low >> 63);
    }
    if (!i128_div_signed(dividend, (int64_t)sign_extend(divisor, bits), &quotient, &remainder) ||
        (int64_t)sign_extend((uint64_t)quotient, bits) != quotient)
        return cpu_fault(cpu, VECTOR_DE);
    return store_quotient(cpu, size, (uint64_t)quotient, (uint64_t)remainder);
}

/* AL takes the carry's sign: SBB AL,AL without flags (undocumented). */
bool op_salc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    reg_write8(cpu, GPR_AX, flag_cf(cpu) ? 0xFF : 0);
    return true;
}

bool op_cbw(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn->op_size;
    reg_write(cpu, GPR_AX, size, sign_extend(reg_read(cpu, GPR_AX, size / 2), size * 4));
    return true;
}

bool op_cwd(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn->op_size;
    bool negative = (reg_read(cpu, GPR_AX, size) >> (bits_of(insn) - 1) & 1) != 0;
    reg_write(cpu, GPR_DX, size, negative ? UINT64_MAX : 0);
    return true;
}

/* Sets CF and AF beside the SZP of AL. */
static bool finish_bcd(struct cpu *cpu, uint8_t al, bool cf, bool af)
{
    reg_write8(cpu, GPR_AX, al);
    flags_result_cf_of(cpu, al, 8, cf, false);
    cpu->flag_aux |= af ? AUX_AF : 0;
    return true;
}

bool op_daa(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    uint8_t old = reg_read8(cpu, GPR_AX), al = old;
    bool cf = flag_cf(cpu), af = (old & 15) > 9 || flag_af(cpu);
    if (af)
        al = (uint8_t)(al + 6);
    bool high = old > 0x99 || cf;
    if (high)
        al = (uint8_t)(al + 0x60);
    return finish_bcd(cpu, al, high, af);
}

bool op_das(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    uint8_t old = reg_read8(cpu, GPR_AX), al = old;
    bool cf = flag_cf(cpu), af = (old & 15) > 9 || flag_af(cpu), high = old > 0x99 || cf;
    bool carry = high || (af && old < 6);
    if (af)
        al = (uint8_t)(al - 6);
    if (high)
        al = (uint8_t)(al - 0x60);
    return finish_bcd(cpu, al, carry, af);
}

/* AAA and AAS: AX moves as a whole by 106h (286 and later). */
static bool ascii_adjust(struct cpu *cpu, int sign)
{
    uint16_t ax = (uint16_t)cpu->gpr[GPR_AX];
    bool adjust = (ax & 15) > 9 || flag_af(cpu);
    if (adjust)
        ax = (uint16_t)(ax + sign * 0x106);
    ax &= 0xFF0F;
    reg_write16(cpu, GPR_AX, ax);
    flags_result_cf_of(cpu, ax & 0xFF, 8, adjust, false);
    cpu->flag_aux |= adjust ? AUX_AF : 0;
    return true;
}

bool op_aaa(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return ascii_adjust(cpu, 1);
}

bool op_aas(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return ascii_adjust(cpu, -1);
}

bool op_aam(struct cpu *cpu, const struct insn *insn)
{
    uint8_t al = reg_read8(cpu, GPR_AX), base = (uint8_t)insn_imm(insn);
    if (!base)
        return cpu_fault(cpu, VECTOR_DE);
    reg_write16(cpu, GPR_AX, (uint16_t)((al / base) << 8 | al % base));
    flags_logic(cpu, al % base, 8);
    return true;
}

bool op_aad(struct cpu *cpu, const struct insn *insn)
{
    uint16_t ax = (uint16_t)cpu->gpr[GPR_AX];
    uint8_t al = (uint8_t)((ax & 0xFF) + (ax >> 8) * (uint8_t)insn_imm(insn));
    reg_write16(cpu, GPR_AX, al);
    flags_logic(cpu, al, 8);
    return true;
}

/* SHLD and SHRD. A count above the width of a 16-bit operand shifts in the pattern again, as hardware does
 * with the operand pair dest:src:dest. */
static bool double_shift(struct cpu *cpu, const struct insn *insn, uint64_t count, bool left)
{
    unsigned bits = bits_of(insn);
    uint64_t a, b = reg_read(cpu, insn->reg, insn->op_size), result;
    unsigned n = (unsigned)count & (bits == 64 ? 63 : 31);
    if (!operand_modify_read(cpu, insn, insn->op_size, &a))
        return false;
    if (!n)
        return insn->flags & INSN_MEM || operand_write(cpu, insn, insn->op_size, a);
    bool cf;
    if (bits == 16) {
        uint64_t three = left ? a << 32 | b << 16 | a : a << 32 | b << 16 | a;
        result = cut(left ? three << n >> 32 : three >> n, 16);
        cf = left ? (three << n >> 48 & 1) != 0 : (three >> (n - 1) & 1) != 0;
    } else {
        result = cut(left ? a << n | b >> (bits - n) : a >> n | b << (bits - n), bits);
        cf = left ? (a >> (bits - n) & 1) != 0 : (a >> (n - 1) & 1) != 0;
    }
    if (!operand_write(cpu, insn, insn->op_size, result))
        return false;
    bool of = ((result ^ a) >> (bits - 1) & 1) != 0;
    flags_result_cf_of(cpu, result, bits, cf, of);
    return true;
}

bool op_shld_i(struct cpu *cpu, const struct insn *insn)
{
    return double_shift(cpu, insn, insn_imm(insn), true);
}

bool op_shld_cl(struct cpu *cpu, const struct insn *insn)
{
    return double_shift(cpu, insn, cpu->gpr[GPR_CX], true);
}

bool op_shrd_i(struct cpu *cpu, const struct insn *insn)
{
    return double_shift(cpu, insn, insn_imm(insn), false);
}

bool op_shrd_cl(struct cpu *cpu, const struct insn *insn)
{
    return double_shift(cpu, insn, cpu->gpr[GPR_CX], false);
}
