/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/engines/program.h"

#include <stdlib.h>
#include <string.h>

#include "core/x86/insn.h"
#include "core/x86/regs.h"
#include "tests/fuzz/fuzz_code.h"

enum { PLACE_BYTES = 64, PLACES = GUEST_CODE_BYTES / PLACE_BYTES, LONGEST_PIECE = 20, LONGEST_WALK = 36 };

struct program {
    struct code code;
    const struct guest *guest;
    struct rng *rng;
    bool wide_address; /* of the instruction being written */
    bool rex_w;
};

/* --- Where things are ---------------------------------------------------------------------------------- */

static uint32_t edge_of_segment(const struct guest *guest, struct rng *rng)
{
    return guest->data_limit - 10 + rng_below(rng, 20);
}

static uint32_t flat_data(const struct guest *guest, struct rng *rng)
{
    switch (rng_below(rng, 16)) {
    case 0: return GUEST_CODE + rng_below(rng, GUEST_CODE_BYTES);
    case 1: return GUEST_DATA + GUEST_ALIAS + rng_below(rng, 0x2000);
    case 2: return 0x300000 + rng_below(rng, 0x100000);
    case 3: return rng_edge(rng);
    case 4: return edge_of_segment(guest, rng);
    case 5: return GUEST_STACK + rng_below(rng, 0x2000);
    case 6: return GUEST_CODE + GUEST_ALIAS + rng_below(rng, GUEST_CODE_BYTES);
    case 7:
    case 8: return GUEST_DATA + MEM_PAGE_SIZE * rng_below(rng, 4) + 0xFF8 + rng_below(rng, 12);
    default: return GUEST_DATA + rng_below(rng, 0x4000);
    }
}

uint32_t program_data(const struct guest *guest, struct rng *rng)
{
    if (guest_is_long(guest) && rng_chance(rng, 15))
        return flat_data(guest, rng) | (uint32_t)GUEST_HIGH;
    if (guest->mode >= GUEST_FLAT && guest->mode != GUEST_V86)
        return flat_data(guest, rng);
    switch (rng_below(rng, 8)) {
    case 0: return edge_of_segment(guest, rng);
    case 1: return rng_below(rng, 16);
    case 2: return 0xFFF0 + rng_below(rng, 32);
    case 3: return rng_edge(rng);
    case 4: return 0x1000 * rng_below(rng, 4) + 0xFF8 + rng_below(rng, 12);
    default: return rng_below(rng, guest->data_limit < 0x3000 ? guest->data_limit : 0x3000);
    }
}

/* Where piece number `i` of the program begins. */
static uint32_t place(const struct guest *guest, unsigned i)
{
    uint64_t mixed = (guest->seed ^ i) * UINT64_C(0x9E3779B97F4A7C15);
    return i * PLACE_BYTES + (uint32_t)(mixed >> 59);
}

uint32_t program_place(const struct guest *guest, struct rng *rng)
{
    uint32_t at = place(guest, rng_below(rng, PLACES));
    if (rng_chance(rng, 4))
        at += 1 + rng_below(rng, 20);
    return guest->code_start + at;
}

/* --- Encoding ------------------------------------------------------------------------------------------- */

static void put(struct program *p, uint64_t value, unsigned size)
{
    code_put(&p->code, value, size);
}

static bool chance(struct program *p, unsigned percent)
{
    return rng_chance(p->rng, percent);
}

static unsigned below(struct program *p, unsigned bound)
{
    return rng_below(p->rng, bound);
}

static unsigned any_size(struct program *p)
{
    static const uint8_t sizes[] = {1, 2, 4, 4};
    return sizes[below(p, 4)];
}

/* Mostly one of those that hold no pointers. */
static unsigned any_reg(struct program *p, unsigned size)
{
    if (size == 1)
        return below(p, 8);
    if (chance(p, 75))
        return below(p, 3);
    unsigned reg = below(p, 8);
    return reg == GPR_SP && chance(p, 90) ? GPR_BX : reg;
}

static bool is_long(const struct program *p)
{
    return guest_is_long(p->guest);
}

static void put_rex(struct program *p, unsigned size)
{
    p->rex_w = is_long(p) && size == 4 && chance(p, 45);
    unsigned extensions = chance(p, 40) ? below(p, 8) : 0;
    if (is_long(p) && (p->rex_w || extensions || chance(p, 10)))
        put(p, 0x40 | (p->rex_w ? 8u : 0u) | extensions, 1);
}

static void put_prefixes(struct program *p, unsigned size)
{
    static const uint8_t segments[] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
    p->wide_address = p->code.wide;
    if (chance(p, 8)) {
        p->wide_address = !p->wide_address;
        put(p, 0x67, 1);
    }
    if (size != 1 && (size == 4) != p->code.wide)
        put(p, 0x66, 1);
    if (chance(p, 8))
        put(p, segments[below(p, 6)], 1);
    put_rex(p, size);
}

static void put_opcode(struct program *p, unsigned opcode)
{
    if (opcode > 0xFF)
        put(p, opcode >> 8, 1);
    put(p, opcode, 1);
}

static unsigned small_displacement(struct program *p)
{
    return chance(p, 40) ? 16 * below(p, 3) : below(p, 32) - 8;
}

/* Relative to the next instruction in 64-bit code, give or take an immediate, or absolute. */
static void put_absolute(struct program *p, unsigned reg)
{
    uint32_t at = program_data(p->guest, p->rng);
    bool relative = is_long(p) && chance(p, 50);
    put(p, (is_long(p) && !relative ? 0x04 : 0x05) | reg << 3, 1);
    if (is_long(p) && !relative)
        put(p, 0x25, 1);
    put(p, relative ? at - (uint32_t)(GUEST_CODE + p->code.size + 4) : at, 4);
}

static void put_memory_32(struct program *p, unsigned reg)
{
    static const uint8_t pointers[] = {GPR_BX, GPR_BP, GPR_SI, GPR_DI};
    unsigned base = pointers[below(p, 4)];
    switch (below(p, 10)) {
    case 0: /* [ESP + disp8] */
        put(p, 0x44 | reg << 3, 1);
        put(p, 0x24, 1);
        break;
    case 1: /* with an index */
        put(p, 0x44 | reg << 3, 1);
        put(p, below(p, 4) << 6 | below(p, 8) << 3 | base, 1);
        break;
    case 2:
    case 3: put_absolute(p, reg); return;
    default: put(p, 0x40 | reg << 3 | base, 1); break;
    }
    put(p, small_displacement(p), 1);
}

static void put_memory_16(struct program *p, unsigned reg)
{
    if (chance(p, 30)) {
        put(p, 0x06 | reg << 3, 1);
        put(p, program_data(p->guest, p->rng), 2);
        return;
    }
    unsigned rm = chance(p, 85) ? 4 + below(p, 4) : below(p, 4);
    put(p, 0x40 | reg << 3 | rm, 1);
    put(p, small_displacement(p), 1);
}

static void put_memory(struct program *p, unsigned reg)
{
    if (p->wide_address || is_long(p))
        put_memory_32(p, reg);
    else
        put_memory_16(p, reg);
}

static void put_rm(struct program *p, unsigned size, unsigned reg)
{
    if (chance(p, 50))
        put(p, 0xC0 | reg << 3 | any_reg(p, size), 1);
    else
        put_memory(p, reg);
}

/* Opcode of the byte form, or the wide form after it, with a register or digit and an operand. */
static void sized(struct program *p, unsigned size, unsigned opcode, unsigned reg)
{
    put_prefixes(p, size);
    put_opcode(p, opcode | (size > 1 ? 1u : 0u));
    put_rm(p, size, reg);
}

static void put_imm(struct program *p, unsigned size)
{
    put(p, rng_edge(p->rng), size);
}

/* --- Instructions --------------------------------------------------------------------------------------- */

static void alu(struct program *p)
{
    unsigned size = any_size(p), op = below(p, 8);
    switch (below(p, 6)) {
    case 0: sized(p, size, op << 3, any_reg(p, size)); break;
    case 1: sized(p, size, op << 3 | 2, any_reg(p, size)); break;
    case 2:
        sized(p, size, 0x80, op);
        put_imm(p, size);
        break;
    case 3:
        put_prefixes(p, size > 1 ? size : 4);
        put(p, 0x83, 1);
        put_rm(p, 4, op);
        put_imm(p, 1);
        break;
    case 4:
        put_prefixes(p, size);
        put(p, op << 3 | (size > 1 ? 5 : 4), 1);
        put_imm(p, size);
        break;
    default: /* between registers, and with itself */
        put_prefixes(p, size);
        put(p, op << 3 | (size > 1 ? 1 : 0), 1);
        put(p, 0xC0 | (chance(p, 30) ? 9 * below(p, 3) : below(p, 3) << 3 | below(p, 3)), 1);
        break;
    }
}

static void test(struct program *p)
{
    unsigned size = any_size(p);
    if (chance(p, 60)) {
        sized(p, size, 0x84, any_reg(p, size));
        return;
    }
    sized(p, size, 0xF6, 0);
    put_imm(p, size);
}

static void step(struct program *p)
{
    unsigned size = any_size(p);
    if (is_long(p) || chance(p, 50)) {
        sized(p, size, 0xFE, below(p, 2));
        return;
    }
    put_prefixes(p, size > 1 ? size : 4);
    put(p, 0x40 | below(p, 2) << 3 | any_reg(p, 4), 1);
}

static void unary(struct program *p)
{
    sized(p, any_size(p), 0xF6, 2 + below(p, 2));
}

static void shift(struct program *p)
{
    unsigned size = any_size(p), digit = chance(p, 75) ? 4 + below(p, 4) : below(p, 4);
    switch (below(p, 3)) {
    case 0: sized(p, size, 0xD0, digit); break;
    case 1: sized(p, size, 0xD2, digit); break;
    default:
        sized(p, size, 0xC0, digit);
        put(p, chance(p, 80) ? below(p, 36) : rng_next(p->rng), 1);
        break;
    }
}

static void multiply(struct program *p)
{
    unsigned size = any_size(p), wide = size > 1 ? size : 4;
    switch (below(p, 5)) {
    case 0: sized(p, size, 0xF6, 4 + below(p, 2)); break;
    case 1:
        put_prefixes(p, wide);
        put_opcode(p, 0x0FAF);
        put_rm(p, wide, any_reg(p, wide));
        break;
    case 2:
        put_prefixes(p, wide);
        put(p, 0x69, 1);
        put_rm(p, wide, any_reg(p, wide));
        put_imm(p, wide);
        break;
    case 3:
        put_prefixes(p, wide);
        put(p, 0x6B, 1);
        put_rm(p, wide, any_reg(p, wide));
        put_imm(p, 1);
        break;
    default:
        if (chance(p, 30))
            sized(p, size, 0xF6, 6 + below(p, 2));
        break;
    }
}

static void move(struct program *p)
{
    unsigned size = any_size(p);
    switch (below(p, 6)) {
    case 0:
    case 1: sized(p, size, 0x88, any_reg(p, size)); break;
    case 2:
    case 3: sized(p, size, 0x8A, any_reg(p, size)); break;
    case 4:
        sized(p, size, 0xC6, 0);
        put_imm(p, size);
        break;
    default:
        put_prefixes(p, size);
        put(p, 0xA0 | below(p, 2) << 1 | (size > 1), 1);
        put(p, program_data(p->guest, p->rng),
            is_long(p) && p->wide_address   ? 8
            : p->wide_address || is_long(p) ? 4
                                            : 2);
        break;
    }
}

static void move_imm(struct program *p)
{
    unsigned size = any_size(p);
    put_prefixes(p, size);
    put(p, (size > 1 ? 0xB8 : 0xB0) | any_reg(p, size), 1);
    put_imm(p, size);
    if (p->rex_w)
        put(p, chance(p, 50) ? UINT32_MAX : rng_next(p->rng), 4);
}

static void extend(struct program *p)
{
    static const uint16_t opcodes[] = {0x0FB6, 0x0FB7, 0x0FBE, 0x0FBF};
    unsigned wide = chance(p, 50) ? 2 : 4;
    put_prefixes(p, wide);
    put_opcode(p, opcodes[below(p, 4)]);
    put_rm(p, 1, any_reg(p, wide));
}

static void lea(struct program *p)
{
    unsigned wide = chance(p, 40) ? 2 : 4;
    put_prefixes(p, wide);
    put(p, 0x8D, 1);
    put_memory(p, any_reg(p, wide));
}

static void exchange(struct program *p)
{
    unsigned size = any_size(p);
    if (chance(p, 60))
        sized(p, size, 0x86, any_reg(p, size));
    else
        put(p, 0x90 | below(p, 3), 1);
}

static void implied(struct program *p)
{
    static const uint16_t opcodes[] = {0x98, 0x99,   0x98,   0x99,   0x9E, 0x9F, 0xF5, 0xF8,
                                       0xF9, 0x0FC8, 0x0FC9, 0x0FCA, 0x27, 0x37, 0xFC, 0x9B};
    put_prefixes(p, chance(p, 50) ? 2 : 4);
    put_opcode(p, opcodes[below(p, 16)]);
}

static void condition(struct program *p)
{
    unsigned wide = chance(p, 40) ? 2 : 4;
    put_prefixes(p, wide);
    if (chance(p, 60)) {
        put_opcode(p, 0x0F90 | below(p, 16));
        put_rm(p, 1, 0);
    } else {
        put_opcode(p, 0x0F40 | below(p, 16));
        put_rm(p, wide, any_reg(p, wide));
    }
}

static void stack(struct program *p)
{
    unsigned wide = chance(p, 30) ? 2 : 4;
    put_prefixes(p, wide);
    switch (below(p, 12)) {
    case 0:
        put(p, 0x68, 1);
        put_imm(p, wide);
        break;
    case 1:
        put(p, 0x6A, 1);
        put_imm(p, 1);
        break;
    case 2:
        put(p, 0xFF, 1);
        put_rm(p, wide, 6);
        break;
    case 3:
        put(p, 0x8F, 1);
        put_rm(p, wide, 0);
        break;
    case 4: put(p, chance(p, 50) ? 0x60 : 0x61, 1); break;
    case 5: put(p, chance(p, 80) ? 0x9C : 0x9D, 1); break;
    case 6: /* mov ebp,esp; push ecx; leave */ put(p, 0xC951E589, 4); break;
    case 7:
    case 8: put(p, 0x58 | any_reg(p, 4), 1); break;
    default: put(p, 0x50 | below(p, 8), 1); break;
    }
}

static void bits(struct program *p)
{
    static const uint16_t opcodes[] = {0x0FA3, 0x0FAB, 0x0FB3, 0x0FBB, 0x0FA5, 0x0FAD,
                                       0x0FBC, 0x0FBD, 0x0FB0, 0x0FB1, 0x0FC0, 0x0FC1};
    unsigned wide = chance(p, 40) ? 2 : 4;
    put_prefixes(p, wide);
    if (chance(p, 30)) {
        put_opcode(p, 0x0FBA);
        put_rm(p, wide, 4 + below(p, 4));
        put_imm(p, 1);
        return;
    }
    put_opcode(p, opcodes[below(p, 12)]);
    put_rm(p, wide, any_reg(p, wide));
}

/* MOV reg, imm of the code's own size. */
static void load(struct program *p, unsigned reg, uint32_t value)
{
    put(p, 0xB8 | reg, 1);
    put(p, value, p->code.wide ? 4 : 2);
}

static void string(struct program *p)
{
    static const uint8_t opcodes[] = {0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF};
    if (chance(p, 70))
        load(p, GPR_CX, chance(p, 90) ? below(p, 24) : below(p, 0x3000));
    if (chance(p, 10))
        put(p, 0xFD, 1);
    put_prefixes(p, any_size(p));
    if (chance(p, 75))
        put(p, 0xF2 + below(p, 2), 1);
    put(p, opcodes[below(p, 10)], 1);
    put(p, 0xFC, 1);
}

static void load_pointer(struct program *p)
{
    static const uint8_t pointers[] = {GPR_BX, GPR_BP, GPR_SI, GPR_DI};
    uint32_t aligned = chance(p, 40) ? ~UINT32_C(15) : UINT32_MAX;
    load(p, pointers[below(p, 4)], program_data(p->guest, p->rng) & aligned);
}

static void x87(struct program *p)
{
    put_prefixes(p, p->code.wide ? 4 : 2);
    put(p, 0xD8 | below(p, 8), 1);
    if (chance(p, 55))
        put(p, 0xC0 | below(p, 64), 1);
    else
        put_memory(p, below(p, 8));
}

/* Registers to and from the data, so that values of interest come in and results go out. */
static void x87_load_or_store(struct program *p)
{
    static const uint16_t opcodes[] = {0xD900, 0xDD00, 0xDB05, 0xDF00, 0xDB00, 0xDF05, 0xD903,
                                       0xDD03, 0xDB07, 0xDB03, 0xDF03, 0xD905, 0xD907, 0xDD07};
    unsigned opcode = opcodes[below(p, 14)];
    put_prefixes(p, p->code.wide ? 4 : 2);
    put(p, opcode >> 8, 1);
    put_memory(p, opcode & 7);
}

/* A row of MMX or SSE with operands that lead to data. */
static void vector(struct program *p)
{
    const struct insn_row *row = &insn_table[below(p, insn_table_rows)];
    if (row->feature < FEATURE_MMX || row->feature > FEATURE_SSE42 || row->class != CLASS_NORMAL)
        return;
    put_prefixes(p, p->code.wide ? 4 : 2);
    unsigned digit = below(p, 8);
    for (const char *at = row->encoding; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (*at == '/')
            digit = at[1] == 'r' ? digit : (unsigned)(at[1] - '0');
        else if (*at != 'N') {
            put(p, strtoul(at, NULL, 16), 1);
            if (at == row->encoding && strtoul(at, NULL, 16) != 0x0F)
                put_rex(p, 4); /* behind a mandatory prefix */
        }
    put_rm(p, 4, digit);
    if (strstr(row->operands, "Ib"))
        put_imm(p, 1);
}

static void load_stack_pointer(struct program *p)
{
    if (chance(p, 15))
        load(p, GPR_SP, (p->guest->code_base ? 0x1000u : GUEST_STACK + 0x1000u) - 8 + below(p, 16));
}

/* A store into the program, now and then into what comes next. */
static void change_code(struct program *p)
{
    uint32_t at = p->guest->code_start + (uint32_t)p->code.size + 12;
    unsigned size = any_size(p);
    if (chance(p, 50))
        at = program_place(p->guest, p->rng);
    if (size != 1 && (size == 4) != p->code.wide)
        put(p, 0x66, 1);
    if (p->guest->code_base)
        put(p, p->guest->mode == GUEST_SEGMENTED || p->guest->mode == GUEST_WIDE ? 0x26 : 0x2E, 1);
    put(p, size > 1 ? 0xC7 : 0xC6, 1);
    put(p, p->code.wide ? 0x05 : 0x06, 1);
    if (is_long(p))
        at -= (uint32_t)(GUEST_CODE + p->code.size + 4 + size);
    put(p, at, p->code.wide ? 4 : 2);
    put(p, chance(p, 50) ? UINT64_C(0x4048404840484048) : rng_next(p->rng), size);
}

static void load_segment(struct program *p)
{
    static const uint16_t loads[] = {0xC08E, 0xD88E, 0xE08E, 0xE88E};
    bool real = p->guest->mode <= GUEST_UNREAL || p->guest->mode == GUEST_V86;
    unsigned ring = p->guest->mode == GUEST_USER ? 3 : 0;
    if (!chance(p, 20))
        return;
    load(p, GPR_AX, real ? GUEST_DATA / 16 + below(p, 0x100) : 8 * below(p, 20) + ring);
    put(p, loads[below(p, 4)], 2);
}

static void anything(struct program *p)
{
    fuzz_row(&p->code);
}

/* --- Control flow --------------------------------------------------------------------------------------- */

static uint32_t near_place(struct program *p)
{
    if (chance(p, 2))
        return rng_edge(p->rng);
    if (chance(p, 15))
        return program_place(p->guest, p->rng) - p->guest->code_start;
    unsigned here = (unsigned)p->code.size / PLACE_BYTES, first = here > 5 ? here - 5 : 0;
    unsigned to = first + below(p, 11);
    return place(p->guest, to < PLACES ? to : PLACES - 1);
}

static void put_relative(struct program *p, uint32_t target, unsigned size)
{
    put(p, target - (uint32_t)(p->code.size + size), size);
}

static bool is_short(const struct program *p, uint32_t target)
{
    int64_t distance = (int64_t)target - (int64_t)(p->code.size + 2);
    return distance >= -128 && distance <= 127;
}

static unsigned near_size(const struct program *p)
{
    return p->code.wide ? 4 : 2;
}

static void branch(struct program *p)
{
    uint32_t target = near_place(p);
    unsigned cond = below(p, 16);
    if (is_short(p, target)) {
        put(p, 0x70 | cond, 1);
        put_relative(p, target, 1);
    } else {
        put_opcode(p, 0x0F80 | cond);
        put_relative(p, target, near_size(p));
    }
}

static void loop(struct program *p)
{
    uint32_t target = place(p->guest, (unsigned)p->code.size / PLACE_BYTES);
    if (!is_short(p, target))
        return;
    if (chance(p, 40))
        load(p, GPR_CX, 1 + below(p, 60));
    if (chance(p, 10))
        put(p, 0x67, 1);
    put(p, chance(p, 70) ? 0xE2 : 0xE0 + below(p, 4), 1);
    put_relative(p, target, 1);
}

/* An operation on what a register points to, without a REX prefix. */
static void step_operand(struct program *p, unsigned base)
{
    static const uint8_t opcodes[] = {0x00, 0x01, 0x03, 0x31, 0x33, 0x39, 0x3B, 0x88, 0x89, 0x8A, 0x8B, 0x8B};
    static const uint8_t rm_16[] = {[GPR_BX] = 7, [GPR_BP] = 6, [GPR_SI] = 4, [GPR_DI] = 5};
    if (chance(p, 15))
        put(p, 0x66, 1);
    put(p, opcodes[below(p, 12)], 1);
    put(p, 0x40u | (chance(p, 60) ? 0u : GPR_DX << 3) | (p->code.wide ? base : rm_16[base]), 1);
    put(p, small_displacement(p), 1);
}

/* A pointer's way through memory, in steps, as a loop of its own. */
static void walk(struct program *p)
{
    static const uint8_t pointers[] = {GPR_BX, GPR_BP, GPR_SI, GPR_DI};
    static const uint8_t steps[] = {0, 1, 2, 4, 4, 8, 12, 16, 24, 40, 64, 100};
    unsigned base = pointers[below(p, 4)], step = steps[below(p, 12)];
    if (chance(p, 60))
        load(p, base, program_data(p->guest, p->rng));
    if (chance(p, 80))
        load(p, GPR_CX, 1 + below(p, 90));
    uint32_t start = (uint32_t)p->code.size;
    for (unsigned i = 1 + below(p, 3); i; i--)
        step_operand(p, chance(p, 85) ? base : pointers[below(p, 4)]);
    if (is_long(p))
        put(p, 0x48, 1);
    put(p, 0x83, 1);
    put(p, (chance(p, 60) ? 0xC0u : 0xE8u) | base, 1);
    put(p, step, 1);
    if (chance(p, 30))
        step_operand(p, base);
    put(p, 0xE2, 1);
    put_relative(p, start, 1);
}

static void jump(struct program *p)
{
    uint32_t target = near_place(p);
    bool alias = p->guest->paging && p->code.wide && !p->guest->code_base && chance(p, 15);
    if (is_short(p, target) && !alias) {
        put(p, 0xEB, 1);
        put_relative(p, target, 1);
        return;
    }
    put(p, 0xE9, 1);
    put_relative(p, target + (alias ? GUEST_ALIAS : 0), near_size(p));
}

static void call(struct program *p)
{
    put(p, 0xE8, 1);
    put_relative(p, near_place(p), near_size(p));
}

static void ret(struct program *p)
{
    put(p, chance(p, 80) ? 0xC3 : 0xC2, 1);
    if (p->code.bytes[p->code.size - 1] == 0xC2)
        put(p, below(p, 4) * 2, 2);
}

/* JMP or CALL through a register, or through memory that was just written. */
static void indirect(struct program *p)
{
    uint32_t target = p->guest->code_start + near_place(p);
    unsigned digit = chance(p, 50) ? 2 : 4, wide = p->code.wide;
    if (chance(p, 8))
        target = rng_edge(p->rng);
    load(p, GPR_DX, target);
    if (is_long(p) || chance(p, 50)) {
        put(p, 0xFF, 1);
        put(p, 0xC0 | digit << 3 | GPR_DX, 1);
        return;
    }
    uint32_t at = program_data(p->guest, p->rng);
    put(p, 0x89, 1);
    put(p, (wide ? 0x05 : 0x06) | GPR_DX << 3, 1);
    put(p, at, wide ? 4 : 2);
    put(p, 0xFF, 1);
    put(p, (wide ? 0x05 : 0x06) | digit << 3, 1);
    put(p, at, wide ? 4 : 2);
}

typedef void piece_fn(struct program *p);

static piece_fn *const straight[] = {alu,
                                     alu,
                                     alu,
                                     alu,
                                     alu,
                                     alu,
                                     test,
                                     step,
                                     step,
                                     unary,
                                     shift,
                                     shift,
                                     multiply,
                                     move,
                                     move,
                                     move,
                                     move,
                                     extend,
                                     lea,
                                     exchange,
                                     stack,
                                     stack,
                                     implied,
                                     move_imm,
                                     string,
                                     bits,
                                     test,
                                     move,
                                     load_pointer,
                                     load_pointer,
                                     shift,
                                     unary,
                                     condition,
                                     condition,
                                     alu,
                                     step,
                                     stack,
                                     lea,
                                     change_code,
                                     load_segment,
                                     anything,
                                     anything,
                                     load_stack_pointer};

static piece_fn *const floating[] = {x87, x87, x87_load_or_store, vector, vector, vector, vector, vector};

static piece_fn *const turns[] = {branch, branch, branch, branch, branch, branch,  loop,
                                  loop,   jump,   call,   call,   ret,    indirect};

static void add_piece(struct program *p)
{
    if (chance(p, 18))
        turns[below(p, sizeof turns / sizeof turns[0])](p);
    else if (p->guest->floats && chance(p, 50))
        floating[below(p, sizeof floating / sizeof floating[0])](p);
    else
        straight[below(p, sizeof straight / sizeof straight[0])](p);
}

void program_make(const struct guest *guest, struct rng *rng, uint8_t *bytes)
{
    struct program p = {.guest = guest, .rng = rng};
    p.code = (struct code){.rng = rng,
                           .bytes = bytes,
                           .capacity = GUEST_CODE_BYTES,
                           .wide = guest->wide,
                           .rex = guest_is_long(guest),
                           .ram_bytes = GUEST_RAM};
    for (unsigned i = 0; i < PLACES; i++) {
        while (p.code.size < place(guest, i))
            put(&p, 0x90, 1);
        uint32_t end = i + 1 < PLACES ? place(guest, i + 1) : GUEST_CODE_BYTES;
        if (p.code.size + LONGEST_WALK < end && chance(&p, 25))
            walk(&p);
        while (p.code.size + LONGEST_PIECE < end)
            add_piece(&p);
        if (chance(&p, 30))
            jump(&p);
    }
    while (p.code.size < GUEST_CODE_BYTES)
        put(&p, 0x90, 1);
}
