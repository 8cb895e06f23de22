/* SPDX-License-Identifier: MIT */
#include "tests/silicon/encode.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/regs.h"
#include "tests/silicon/operands.h"

struct prefixes {
    bool op16, addr, lock;
    uint8_t segment, rep, rex;
};

static bool is_branch(const struct form *form)
{
    return form->row->class == CLASS_BRANCH;
}

/* 66 on near branches: Intel's processors ignore it in 64-bit mode, AMD's do not, and what follows is decoded
 * otherwise. */
static bool may_have_66(const struct form *form, unsigned mode)
{
    return form->sized && !form->prefix && !form->none && !(mode == MODE_64 && is_branch(form));
}

/* F2 and F3 before 0F choose other instructions. */
static bool may_have_rep(const struct form *form)
{
    return form->opcode_size == 1 && !form->prefix && !form->none && form->opcode[0] != 0x90;
}

static uint8_t random_segment(struct rng *rng)
{
    static const uint8_t all[8] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x64, 0x65};
    return all[rng_below(rng, 8)];
}

static void choose_prefixes(struct prefixes *p, const struct form *form, unsigned mode, unsigned how,
                            struct rng *rng)
{
    bool memory = form->memory || form->string || form->immediate == FORM_MOFFS;
    *p = (struct prefixes){.op16 = false};
    if (mode == MODE_64 && (form->rex || rng_chance(rng, 60)))
        p->rex = (uint8_t)(0x40 | rng_below(rng, 16) | form->rex);
    if (may_have_66(form, mode))
        p->op16 = rng_chance(rng, 25);
    if (how & ENCODE_PLAIN)
        return;
    p->addr = rng_chance(rng, memory ? 12 : 2);
    if (rng_chance(rng, memory ? 15 : 2) || (p->addr && mode == MODE_32 && rng_chance(rng, 80)))
        p->segment = p->addr && mode == MODE_32 ? 0x64 : random_segment(rng);
    p->lock = rng_chance(rng, form->row->modes & LOCKABLE ? 15 : 1);
    if (may_have_rep(form) && rng_chance(rng, form->string ? 50 : 2))
        p->rep = rng_chance(rng, 50) ? 0xF2 : 0xF3;
}

static void put(struct encoding *e, uint8_t byte)
{
    e->bytes[e->size++] = byte;
}

static void put_prefixes(struct encoding *e, const struct prefixes *p, const struct form *form,
                         struct rng *rng)
{
    uint8_t list[8];
    unsigned count = 0;
    if (p->op16)
        list[count++] = 0x66;
    if (p->addr)
        list[count++] = 0x67;
    if (p->lock)
        list[count++] = 0xF0;
    if (p->segment)
        list[count++] = p->segment;
    if (p->rep)
        list[count++] = p->rep;
    if (form->prefix)
        list[count++] = form->prefix;
    while (count) { /* in any order */
        unsigned i = rng_below(rng, count);
        put(e, list[i]);
        list[i] = list[--count];
    }
    if (p->rex)
        put(e, p->rex);
}

static void put_random(struct encoding *e, unsigned size, struct rng *rng)
{
    uint64_t value = rng_chance(rng, 50) ? random_integer(rng) : rng_next(rng);
    store_le(e->bytes + e->size, size, value);
    e->size += size;
}

static void put_displacement(struct encoding *e, unsigned size, struct rng *rng)
{
    e->disp_at = e->size;
    e->disp_size = size;
    store_le(e->bytes + e->size, size, size == 1 ? rng_next(rng) : (uint64_t)rng_below(rng, 256) - 128);
    e->size += size;
}

static void put_memory_16(struct encoding *e, unsigned reg, struct rng *rng)
{
    unsigned mod = rng_below(rng, 3), rm = rng_below(rng, 8);
    put(e, (uint8_t)(mod << 6 | reg << 3 | rm));
    if (mod == 1)
        put_displacement(e, 1, rng);
    else if (mod == 2 || rm == 6)
        put_displacement(e, 2, rng);
}

static void put_memory(struct encoding *e, unsigned reg, struct rng *rng)
{
    unsigned mod = rng_below(rng, 3), rm = rng_chance(rng, 40) ? 4 : rng_below(rng, 8);
    unsigned sib = rng_below(rng, 256);
    put(e, (uint8_t)(mod << 6 | reg << 3 | rm));
    if (rm == 4)
        put(e, (uint8_t)sib);
    if (mod == 1)
        put_displacement(e, 1, rng);
    else if (mod == 2 || rm == 5 || (rm == 4 && (sib & 7) == 5))
        put_displacement(e, 4, rng);
}

static void put_modrm(struct encoding *e, const struct form *form, struct rng *rng)
{
    unsigned reg = form->digit >= 0 ? (unsigned)form->digit : rng_below(rng, 8);
    if (form->exact >= 0)
        put(e, (uint8_t)form->exact);
    else if (!form->memory || (form->registers && rng_chance(rng, 50)))
        put(e, (uint8_t)(0xC0 | reg << 3 | rng_below(rng, 8)));
    else if (e->addr_size == 2)
        put_memory_16(e, reg, rng);
    else
        put_memory(e, reg, rng);
}

static void put_immediate(struct encoding *e, const struct form *form, unsigned mode, struct rng *rng)
{
    unsigned z = e->op_size == 2 ? 2 : 4;
    unsigned size = 0, second = 0;
    switch (form->immediate) {
    case FORM_IB:
    case FORM_JB: size = 1; break;
    case FORM_IW: size = 2; break;
    case FORM_IZ: size = z; break;
    case FORM_JZ: size = mode == MODE_64 ? 4 : z; break;
    case FORM_IV: size = e->op_size; break;
    case FORM_IW_IB:
        size = 2;
        second = 1;
        break;
    case FORM_AP:
        size = z;
        second = 2;
        break;
    case FORM_MOFFS: put_displacement(e, e->addr_size, rng); return;
    default: return;
    }
    e->immediate_at = e->size;
    e->immediate_size = size;
    put_random(e, size, rng);
    if (second)
        put_random(e, second, rng);
}

static unsigned operand_size(const struct prefixes *p, const struct form *form, unsigned mode)
{
    if (mode == MODE_64 && p->rex & 8)
        return 8;
    if (p->op16 || form->prefix == 0x66)
        return 2;
    return mode == MODE_64 && form->row->modes & DEFAULT_64 ? 8 : 4;
}

void encode_form(struct encoding *e, const struct form *form, unsigned mode, unsigned how, struct rng *rng)
{
    struct prefixes p;
    memset(e, 0, sizeof *e);
    choose_prefixes(&p, form, mode, how, rng);
    e->op_size = operand_size(&p, form, mode);
    e->addr_size = mode == MODE_64 ? (p.addr ? 4 : 8) : p.addr ? 2 : 4;
    put_prefixes(e, &p, form, rng);
    for (unsigned i = 0; i < form->opcode_size; i++)
        put(e, form->opcode[i]);
    if (form->opcode_reg)
        e->bytes[e->size - 1] |= (uint8_t)rng_below(rng, 8);
    if (form->modrm)
        put_modrm(e, form, rng);
    put_immediate(e, form, mode, rng);
}
