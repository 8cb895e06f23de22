/* SPDX-License-Identifier: MIT */
#include "jit/pass_share.h"

#include <string.h>

#include "core/x86/regs.h"
#include "jit/fp_form.h"
#include "jit/ir.h"

enum {
    MOST_SPAN = 1056,  /* bytes of a group: a table of 256 dwords fits */
    ALIGNMENT = 16,    /* of operands that must be aligned */
    ORIGIN = 1,        /* first version */
    MOST_BOUND = 255,  /* of a register taken for an index into a small table */
    BOUNDED_WORTH = 1, /* such an operand is worth a group of its own */
    MOST_STRIDE = 1024
};

/* Host instructions: of a look-up, and of moving a place from pass to pass. */
enum { LOOK_UP_COST = 8, MOVE_COST = 3 };

/* What is known of guest registers at the present operation. */
struct known {
    struct ir *ir;
    unsigned bits; /* of the addresses looked at */
    bool loosely;
    bool interrupted; /* control was elsewhere */
    uint16_t next_version;
    struct ir_value value[IR_GPRS];
    uint32_t bound[IR_GPRS]; /* largest value; 0: unknown */
    unsigned closed;         /* groups before this one are done: control may have been elsewhere since */
};

static bool is_reg(unsigned value)
{
    return value < IR_HIGH + 4;
}

static unsigned whole(unsigned value)
{
    return value >= IR_HIGH ? value - IR_HIGH : value;
}

static void forget(struct known *k, unsigned reg)
{
    if (!is_reg(reg))
        return;
    k->value[whole(reg)] = (struct ir_value){.version = k->next_version++};
    k->bound[whole(reg)] = 0;
}

static void forget_all(struct known *k)
{
    for (unsigned i = 0; i < IR_GPRS; i++)
        forget(k, i);
}

/* Whether the whole of the value that addresses are made of takes part. */
static bool is_full_width(const struct known *k, unsigned size)
{
    return k->bits == 64 ? size == 8 : size == 4 || (k->bits == 16 && size == 2);
}

/* Register d becomes a's value and `add`. */
static void derive(struct known *k, const struct ir_op *op, unsigned a, int64_t add)
{
    struct ir_value value = k->value[whole(a)];
    int64_t offset = value.offset + add;
    bool known = is_full_width(k, op->size) && a < IR_GPRS && op->d < IR_GPRS && offset == (int32_t)offset;
    uint32_t bound = op->size >= 4 && !add ? k->bound[whole(a)] : 0;
    forget(k, op->d);
    if (known) {
        k->value[op->d] = (struct ir_value){.version = value.version, .offset = (int32_t)offset};
        k->bound[op->d] = bound;
    }
}

static void note_lea(struct known *k, const struct ir_op *op)
{
    const struct ir_address *at = &op->address;
    bool plain = at->base < IR_GPRS && at->index == IR_NONE && at->bits == op->size * 8;
    if (plain)
        derive(k, op, at->base, at->disp);
    else
        forget(k, op->d);
}

static void note_bound(struct known *k, const struct ir_op *op, int64_t bound)
{
    forget(k, op->d);
    if (op->size >= 4 && op->d < IR_GPRS && bound > 0 && bound <= MOST_BOUND)
        k->bound[op->d] = (uint32_t)bound;
}

/* Registers that an operation changes. */
static void note(struct known *k, const struct ir_op *op)
{
    switch (op->code) {
    case IR_CMP:
    case IR_TEST:
    case IR_BT: return;
    case IR_LEA: note_lea(k, op); return;
    case IR_MOV:
        if (is_reg(op->a) && is_reg(op->d))
            derive(k, op, op->a, 0);
        else
            forget(k, op->d);
        return;
    case IR_MOVZX: note_bound(k, op, op->source_size == 1 ? UINT8_MAX : 0); return;
    case IR_AND: note_bound(k, op, op->a == IR_IMM ? op->imm : 0); return;
    case IR_ADD:
    case IR_SUB:
        if (op->a == IR_IMM && is_reg(op->d))
            derive(k, op, op->d, op->code == IR_ADD ? op->imm : -op->imm);
        else
            forget(k, op->d);
        return;
    case IR_INC:
    case IR_DEC:
        if (is_reg(op->d))
            derive(k, op, op->d, op->code == IR_INC ? 1 : -1);
        return;
    case IR_MUL:
    case IR_IMULW:
    case IR_DIV:
    case IR_IDIV:
    case IR_CMPXCHG:
        forget(k, GPR_AX);
        forget(k, GPR_DX);
        break;
    case IR_XCHG:
    case IR_XADD: forget(k, op->a); break;
    case IR_FP:
    case IR_FP_COMPARE:
        if (op->fp->general)
            forget_all(k);
        return;
    default: break;
    }
    forget(k, op->d);
}

/* An operand as groups see it. */
struct operand {
    struct ir_group key; /* seg, base, index, scale, and from low to high */
    bool bounded;
    uint8_t loose; /* the bounded register */
    uint8_t loose_scale;
};

static uint16_t version_of(const struct known *k, unsigned reg)
{
    return reg == IR_NONE ? 0 : k->value[reg].version;
}

static int64_t offset_of(const struct known *k, unsigned reg)
{
    return reg == IR_NONE ? 0 : k->value[reg].offset;
}

/* Splits a register with few possible values off the address. Of an operand that must be aligned all of the
 * address has to be looked at. */
static void loosen(const struct known *k, bool aligned, struct ir_address *at, struct operand *operand)
{
    operand->loose = IR_NONE;
    if (k->bits != 32 || !k->loosely || aligned)
        return;
    if (at->index != IR_NONE && k->bound[at->index]) {
        operand->loose = at->index;
        operand->loose_scale = at->scale;
        at->index = IR_NONE;
    } else if (at->base != IR_NONE && k->bound[at->base]) {
        operand->loose = at->base;
        at->base = IR_NONE;
    }
    operand->bounded = operand->loose != IR_NONE;
}

/* False where the operand cannot be in a group. */
static bool describe(const struct known *k, const struct ir_op *op, struct operand *operand)
{
    struct ir_address at = op->address;
    *operand = (struct operand){0};
    if (at.bits != k->bits)
        return false;
    loosen(k, op->aligned, &at, operand);
    if (at.index == IR_NONE)
        at.scale = 0;
    int64_t low = at.disp + offset_of(k, at.base) + offset_of(k, at.index) * (1 << at.scale);
    int64_t high = low + op->size;
    if (operand->bounded)
        high += (int64_t)k->bound[operand->loose] << operand->loose_scale;
    if (low != (int32_t)low || high != (int32_t)high)
        return false;
    operand->key = (struct ir_group){.seg = at.seg,
                                     .bits = at.bits,
                                     .scale = at.scale,
                                     .base = version_of(k, at.base),
                                     .index = version_of(k, at.index),
                                     .low = (int32_t)low,
                                     .high = (int32_t)high,
                                     .aligned_at = (int32_t)low,
                                     .aligned = op->aligned,
                                     .reads = op->access != IR_WRITE,
                                     .writes = op->access != IR_READ};
    return high - low <= MOST_SPAN;
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Where a group begins once what must be aligned is a multiple of 16 bytes from there. */
static int32_t start_of(const struct ir_group *g)
{
    return g->aligned ? g->low - ((g->low - g->aligned_at) % ALIGNMENT + ALIGNMENT) % ALIGNMENT : g->low;
}

static bool merge(struct ir_group *g, const struct ir_group *other)
{
    struct ir_group sum = *g;
    if (g->seg != other->seg || g->scale != other->scale || g->base != other->base ||
        g->index != other->index)
        return false;
    if (g->aligned && other->aligned && (g->aligned_at - other->aligned_at) % ALIGNMENT)
        return false;
    sum.low = least(g->low, other->low);
    sum.high = most(g->high, other->high);
    if (other->aligned && !g->aligned) {
        sum.aligned = true;
        sum.aligned_at = other->aligned_at;
    }
    sum.reads |= other->reads;
    sum.writes |= other->writes;
    if (sum.high - start_of(&sum) > MOST_SPAN)
        return false;
    *g = sum;
    return true;
}

static struct ir_group *group_for(struct known *k, const struct operand *operand)
{
    struct ir *ir = k->ir;
    for (unsigned i = ir->groups; i-- > k->closed;)
        if (merge(&ir->group[i], &operand->key))
            return &ir->group[i];
    if (ir->groups == IR_MOST_GROUPS)
        return NULL;
    ir->group[ir->groups] = operand->key;
    return &ir->group[ir->groups++];
}

static void note_probe(struct known *k, struct ir_op *op)
{
    struct operand operand;
    struct ir_group *group = describe(k, op, &operand) ? group_for(k, &operand) : NULL;
    if (!group)
        return;
    if (!group->members)
        group->first = op->insn;
    group->last = op->insn;
    group->members += operand.bounded ? 1 + BOUNDED_WORTH : 1;
    op->group = group;
    op->delta = operand.key.low; /* from the origin; made relative to the group's start later */
    op->loose = operand.loose;
    op->loose_scale = operand.loose_scale;
}

static bool ends_groups(const struct ir_op *op)
{
    return op->code == IR_CALL || op->code == IR_REPEAT || op->code == IR_SERIAL || op->code == IR_LEAVE;
}

/* What a pass through the block adds to a numbered value. False where another takes its place. */
static bool add_stride(const struct known *k, uint16_t version, unsigned scale, int64_t *stride)
{
    unsigned reg = version - ORIGIN;
    if (!version)
        return true;
    if (reg >= IR_GPRS || k->value[reg].version != version)
        return false;
    *stride += k->value[reg].offset * (INT64_C(1) << scale);
    return true;
}

/* Whether a group may move so: it is only seen whether it leaves its page. */
static bool may_move(const struct ir_group *g, int64_t stride, const struct share_options *options)
{
    return stride >= -MOST_STRIDE && stride <= MOST_STRIDE && options->endless_segs >> g->seg & 1 &&
           !(g->aligned && stride % ALIGNMENT);
}

/* Whether a group's place, looked up where the block begins, serves the next pass as well. Stores of 16-bit
 * code are often to pages with code, which only the look-up of an operand forgives. */
static bool can_be_kept(const struct known *k, struct ir_group *g, const struct share_options *options)
{
    int64_t stride = 0;
    if ((k->bits == 16 && g->writes) || !add_stride(k, g->base, 0, &stride) ||
        !add_stride(k, g->index, g->scale, &stride))
        return false;
    g->stride = (int32_t)stride;
    return !stride || may_move(g, stride, options);
}

static void find_kept(struct known *k, const struct share_options *options)
{
    for (unsigned i = 0; options->loops && !k->interrupted && i < k->ir->groups; i++)
        k->ir->group[i].kept = can_be_kept(k, &k->ir->group[i], options);
}

static void find_groups(struct ir *ir, const struct share_options *options)
{
    struct known k = {.ir = ir,
                      .bits = options->bits,
                      .loosely = options->sharing == SHARE_LOOSELY,
                      .next_version = ORIGIN};
    forget_all(&k);
    for (unsigned i = 0; i < ir->count; i++) {
        struct ir_op *op = &ir->op[i];
        if (op->happened)
            continue;
        if (op->code == IR_INSN) {
            memcpy(ir->value[op->insn], k.value, sizeof k.value);
        } else if (op->code == IR_PROBE) {
            note_probe(&k, op);
        } else if (ends_groups(op)) {
            forget_all(&k);
            k.closed = ir->groups;
            k.interrupted = true;
        } else {
            note(&k, op);
        }
    }
    find_kept(&k, options);
}

static bool is_free(const struct ir *ir, unsigned place, const struct ir_group *wanted)
{
    for (unsigned i = 0; i < ir->groups; i++) {
        const struct ir_group *g = &ir->group[i];
        if (g->placed && g->place == place && g->first <= wanted->last && wanted->first <= g->last)
            return false;
    }
    return true;
}

/* Host instructions that a group saves a pass. */
static unsigned gain_of(const struct ir_group *g)
{
    if (!g->members)
        return 0;
    return g->kept ? g->members * LOOK_UP_COST - (g->stride ? MOVE_COST : 0)
                   : (g->members - 1) * LOOK_UP_COST;
}

static struct ir_group *best_waiting(struct ir *ir)
{
    struct ir_group *best = NULL;
    for (unsigned i = 0; i < ir->groups; i++) {
        struct ir_group *g = &ir->group[i];
        if (!g->placed && gain_of(g) > (best ? gain_of(best) : 0))
            best = g;
    }
    return best;
}

static void place_group(struct ir *ir, struct ir_group *g, unsigned first_place)
{
    struct ir_group wanted = *g;
    if (g->kept) {
        wanted.first = 0;
        wanted.last = IR_ALL_INSNS;
    }
    for (unsigned place = first_place; place < IR_PLACES && !wanted.placed; place++) {
        wanted.placed = is_free(ir, place, &wanted);
        wanted.place = (uint8_t)place;
    }
    if (wanted.placed)
        *g = wanted;
    else if (g->kept)
        g->kept = false;
    else
        g->members = 0;
}

/* The groups that save most choose first. */
static void place_groups(struct ir *ir, unsigned first_place)
{
    for (struct ir_group *g; (g = best_waiting(ir)) != NULL;)
        place_group(ir, g, first_place);
}

unsigned ir_places_kept(const struct ir *ir, unsigned insn)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < ir->groups; i++) {
        const struct ir_group *g = &ir->group[i];
        if (g->placed && g->first <= insn && insn <= g->last)
            kept |= 1u << g->place;
    }
    return kept;
}

/* Up, the place is that of the last byte: behind a page's end, its offset in the page is less than the
 * stride. Down, it is so far above the first byte that the same holds. */
static int32_t bias_of(const struct ir_group *g)
{
    if (!g->stride)
        return 0;
    return g->stride > 0 ? g->high - g->low - 1 : (int32_t)ir_stride_step(g);
}

static void settle_groups(struct ir *ir)
{
    for (unsigned i = 0; i < ir->groups; i++) {
        struct ir_group *g = &ir->group[i];
        g->low = start_of(g);
        g->kept &= g->placed;
        g->opened = g->kept;
        g->bias = g->kept ? bias_of(g) : 0;
        ir->keeps |= g->kept;
    }
}

/* The first operand of a group that is not kept opens it. */
static void settle_operands(struct ir *ir)
{
    for (unsigned i = 0; i < ir->count; i++) {
        struct ir_op *op = &ir->op[i];
        if (op->code != IR_PROBE)
            continue;
        if (op->group && !op->group->placed)
            op->group = NULL;
        if (!op->group)
            continue;
        op->delta -= op->group->low;
        if (op->group->opened)
            op->code = IR_SHARED;
        op->group->opened = true;
    }
}

void pass_share(struct ir *ir, const struct share_options *options)
{
    find_groups(ir, options);
    place_groups(ir, options->bits == 64 ? IR_PLACE_ADDEND : 0);
    settle_groups(ir);
    settle_operands(ir);
}
