/* SPDX-License-Identifier: MIT */
/* Arithmetic and power series on 128-bit significands. */
#include "core/x86/fpu/wide.h"

#include "core/x86/fpu/wide_tables.h"

const struct unrounded wide_one = {{F80_INTEGER_BIT, 0}, 0, PARTS_FINITE, false};
const struct unrounded wide_pi = {
    {UINT64_C(0xc90fdaa22168c234), UINT64_C(0xc4c6628b80dc1cd1)}, 1, PARTS_FINITE, false};
const struct unrounded wide_ln2 = {
    {UINT64_C(0xb17217f7d1cf79ab), UINT64_C(0xc9e3b39803f2f6af)}, -1, PARTS_FINITE, false};
const struct unrounded wide_2_log2e = {
    {UINT64_C(0xb8aa3b295c17f0bb), UINT64_C(0xbe87fed0691d3e88)}, 1, PARTS_FINITE, false};

struct unrounded wide_normalise(bool sign, int32_t exponent, struct u128 m)
{
    unsigned shift = m.hi ? clz64(m.hi) : 64 + clz64(m.lo);
    return (struct unrounded){u128_shl(m, shift), exponent - (int32_t)shift, PARTS_FINITE, sign};
}

struct unrounded wide_from_parts(struct parts a)
{
    return (struct unrounded){{a.mantissa, 0}, a.exponent, a.kind, a.sign};
}

struct unrounded wide_mul(struct unrounded a, struct unrounded b)
{
    return wide_normalise(a.sign ^ b.sign, a.exponent + b.exponent + 1, u128_mulhi(a.m, b.m));
}

struct unrounded wide_div(struct unrounded a, struct unrounded b)
{
    return wide_normalise(a.sign ^ b.sign, a.exponent - b.exponent, u128_ratio(a.m, b.m));
}

struct unrounded wide_add(struct unrounded a, struct unrounded b)
{
    if (a.exponent < b.exponent || (a.exponent == b.exponent && u128_less(a.m, b.m))) {
        struct unrounded t = a;
        a = b;
        b = t;
    }
    struct u128 low = u128_shr_sticky(b.m, (unsigned)(a.exponent - b.exponent));
    if (a.sign != b.sign) {
        struct u128 difference = u128_sub(a.m, low);
        if (u128_is_zero(difference))
            return (struct unrounded){{0, 0}, 0, PARTS_ZERO, false};
        return wide_normalise(a.sign, a.exponent, difference);
    }
    struct u128 sum = u128_add(a.m, low);
    if (u128_less(sum, a.m)) {
        sum = u128_shr_sticky(sum, 1);
        sum.hi |= F80_INTEGER_BIT;
        a.exponent++;
    }
    a.m = sum;
    return a;
}

struct u128 wide_fraction(struct unrounded a)
{
    return u128_shr(a.m, (unsigned)(-1 - a.exponent));
}

struct series {
    const struct u128 *coefficients;
    uint8_t count, stride;
    bool alternating;
};

static const struct series series_table[] = {
    [WIDE_SIN] = {reciprocal_factorial + 1, 16, 2, true}, [WIDE_COS] = {reciprocal_factorial, 17, 2, true},
    [WIDE_EXP] = {reciprocal_factorial, 33, 1, false},    [WIDE_EXP_N] = {reciprocal_factorial, 33, 1, true},
    [WIDE_ATAN] = {reciprocal_odd, 27, 1, true},          [WIDE_ATANH] = {reciprocal_odd, 27, 1, false},
};

/* z (c0 -+ z (c1 -+ z (...))), leaving out the powers of z that vanish. */
static struct u128 horner(const struct series *t, struct u128 z)
{
    unsigned zeros = clz64(z.hi);
    unsigned count = zeros ? 128 / zeros + 2 : t->count;
    if (count > t->count)
        count = t->count;
    struct u128 p = t->coefficients[(count - 1) * t->stride];
    for (unsigned i = count - 1; i-- > 0;) {
        struct u128 product = u128_mulhi(z, p);
        struct u128 c = t->coefficients[i * t->stride];
        p = t->alternating ? u128_sub(c, product) : u128_add(c, product);
    }
    return u128_mulhi(z, p);
}

struct unrounded wide_series(enum wide_series which, struct unrounded s, struct u128 z)
{
    const struct series *t = &series_table[which];
    struct u128 correction = u128_mulhi(s.m, horner(t, z));
    /* Never exact: directed roundings must see on which side the result is. */
    correction.lo |= 1;
    if (t->alternating) {
        struct u128 difference = u128_sub(s.m, correction);
        difference.lo |= 1; /* where the errors of both cancel */
        return wide_normalise(s.sign, s.exponent, difference);
    }
    struct u128 sum = u128_add(s.m, correction);
    sum.lo |= 1;
    if (u128_less(sum, s.m)) {
        sum = u128_shr_sticky(sum, 1);
        sum.hi |= F80_INTEGER_BIT;
        s.exponent++;
    }
    s.m = sum;
    return s;
}

struct unrounded wide_atan_sixteenth(unsigned k)
{
    return wide_normalise(false, -1, atan_sixteenths[k]);
}
