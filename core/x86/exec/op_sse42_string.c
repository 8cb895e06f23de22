/* SPDX-License-Identifier: MIT */
/* PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM 2, 4.1). imm8:
 *     1-0 lanes: bytes or words (bit 0), signed (bit 1)   3-2 aggregation   5-4 polarity   6 form of the
 * result */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/simd_lanes.h"
#include "core/x86/exec/sse.h"
#include "core/x86/flags.h"

enum {
    IMM_WORDS = 1 << 0,
    IMM_SIGNED = 1 << 1,
    IMM_NEGATIVE = 1 << 4,
    IMM_MASKED = 1 << 5, /* the negation leaves out lanes behind the string's end */
    IMM_TOP = 1 << 6,    /* index: of the last match; mask: whole lanes */
};

enum aggregation { EQUAL_ANY, RANGES, EQUAL_EACH, EQUAL_ORDERED };

/* One operand: its lanes as numbers, and how many of them belong to the string. */
struct string {
    int32_t lane[16];
    unsigned length;
};

/* Both operands: `set` is the destination (xmm1), `text` the source (xmm2/m128). */
struct comparison {
    struct string set, text;
    unsigned lanes, imm;
    uint32_t result; /* bit per lane of the text: IntRes2 of the manual */
};

static int32_t lane_value(const struct xmm *v, unsigned n, unsigned imm)
{
    if (imm & IMM_WORDS) {
        uint64_t half = v->q[n / 4];
        return imm & IMM_SIGNED ? lane_s16(half, n & 3) : (int32_t)lane_u16(half, n & 3);
    }
    uint64_t half = v->q[n / 8];
    return imm & IMM_SIGNED ? lane_s8(half, n & 7) : (int32_t)lane_u8(half, n & 7);
}

static void load_lanes(struct string *s, const struct xmm *v, const struct comparison *c)
{
    for (unsigned n = 0; n < c->lanes; n++)
        s->lane[n] = lane_value(v, n, c->imm);
}

/* Lanes before the first zero. */
static unsigned implicit_length(const struct string *s, unsigned lanes)
{
    unsigned n = 0;
    while (n < lanes && s->lane[n])
        n++;
    return n;
}

/* Absolute value of a register, at most the number of lanes. */
static unsigned explicit_length(uint64_t value, unsigned size, unsigned lanes)
{
    uint64_t count = sign_extend(value, 8 * size);
    if (count >> 63)
        count = 0 - count;
    return count > lanes ? lanes : (unsigned)count;
}

static bool equals_any(const struct comparison *c, unsigned i)
{
    for (unsigned j = 0; j < c->set.length; j++) {
        if (c->set.lane[j] == c->text.lane[i])
            return true;
    }
    return false;
}

/* Pairs of the set are bounds; one without its second bound counts for nothing. */
static bool in_ranges(const struct comparison *c, unsigned i)
{
    for (unsigned j = 0; j + 1 < c->set.length; j += 2) {
        if (c->text.lane[i] >= c->set.lane[j] && c->text.lane[i] <= c->set.lane[j + 1])
            return true;
    }
    return false;
}

/* Behind both ends lanes are equal; behind one, different. */
static bool equals_each(const struct comparison *c, unsigned i)
{
    bool in_set = i < c->set.length, in_text = i < c->text.length;
    return in_set && in_text ? c->set.lane[i] == c->text.lane[i] : in_set == in_text;
}

/* The set is a substring of the text that starts at lane i, or would if the text went on. */
static bool starts_at(const struct comparison *c, unsigned i)
{
    for (unsigned j = 0; j < c->set.length && i + j < c->lanes; j++) {
        if (i + j >= c->text.length || c->set.lane[j] != c->text.lane[i + j])
            return false;
    }
    return true;
}

static bool matches(const struct comparison *c, unsigned i)
{
    switch (c->imm >> 2 & 3) {
    case EQUAL_ANY: return i < c->text.length && equals_any(c, i);
    case RANGES: return i < c->text.length && in_ranges(c, i);
    case EQUAL_EACH: return equals_each(c, i);
    default: return starts_at(c, i);
    }
}

static void aggregate(struct comparison *c)
{
    c->result = 0;
    for (unsigned i = 0; i < c->lanes; i++) {
        bool negate = c->imm & IMM_NEGATIVE && !(c->imm & IMM_MASKED && i >= c->text.length);
        c->result |= (uint32_t)(matches(c, i) != negate) << i;
    }
}

/* Reads the operands and compares them; the flags are set where it succeeds. */
static bool compare(struct cpu *cpu, const struct insn *insn, bool is_explicit, struct comparison *c)
{
    struct xmm a = sse_get(cpu, insn->reg), b = sse_get(cpu, insn->rm & 15);
    if (!sse_begin(cpu) || (insn->flags & INSN_MEM && !sse_load(cpu, insn, &b)))
        return false;
    c->imm = (unsigned)insn_imm(insn);
    c->lanes = c->imm & IMM_WORDS ? 8 : 16;
    load_lanes(&c->set, &a, c);
    load_lanes(&c->text, &b, c);
    if (is_explicit) {
        unsigned size = insn->op_size == 8 ? 8 : 4;
        c->set.length = explicit_length(cpu->gpr[GPR_AX], size, c->lanes);
        c->text.length = explicit_length(cpu->gpr[GPR_DX], size, c->lanes);
    } else {
        c->set.length = implicit_length(&c->set, c->lanes);
        c->text.length = implicit_length(&c->text, c->lanes);
    }
    aggregate(c);
    flags_set_oszapc(cpu, (c->result ? EFLAGS_CF : 0u) | (c->text.length < c->lanes ? EFLAGS_ZF : 0u) |
                              (c->set.length < c->lanes ? EFLAGS_SF : 0u) | (c->result & 1 ? EFLAGS_OF : 0u));
    return true;
}

/* ECX: the first or last match, or the number of lanes. */
static bool to_index(struct cpu *cpu, const struct insn *insn, bool is_explicit)
{
    struct comparison c;
    if (!compare(cpu, insn, is_explicit, &c))
        return false;
    unsigned index = c.lanes;
    if (c.result)
        index = (unsigned)(c.imm & IMM_TOP ? 31 - __builtin_clz(c.result) : __builtin_ctz(c.result));
    cpu->gpr[GPR_CX] = index;
    return true;
}

/* XMM0: a bit or a lane of ones for each match. */
static bool to_mask(struct cpu *cpu, const struct insn *insn, bool is_explicit)
{
    struct comparison c;
    if (!compare(cpu, insn, is_explicit, &c))
        return false;
    struct xmm mask = {{c.imm & IMM_TOP ? 0 : c.result, 0}};
    unsigned half = c.lanes / 2, bits = 64 / half;
    for (unsigned n = 0; c.imm & IMM_TOP && n < c.lanes; n++) {
        if (c.result >> n & 1)
            mask.q[n / half] |= UINT64_MAX >> (64 - bits) << (n % half * bits);
    }
    sse_set(cpu, 0, mask);
    return true;
}

bool op_pcmpestri(struct cpu *cpu, const struct insn *insn)
{
    return to_index(cpu, insn, true);
}

bool op_pcmpestrm(struct cpu *cpu, const struct insn *insn)
{
    return to_mask(cpu, insn, true);
}

bool op_pcmpistri(struct cpu *cpu, const struct insn *insn)
{
    return to_index(cpu, insn, false);
}

bool op_pcmpistrm(struct cpu *cpu, const struct insn *insn)
{
    return to_mask(cpu, insn, false);
}
