/* SPDX-License-Identifier: MIT */
#include "core/x86/flag_recipe.h"

#include "core/x86/flags.h"

static uint64_t cut_to(uint64_t value, unsigned bits)
{
    return value << (64 - bits) >> (64 - bits);
}

static void settle_sum(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t carry, unsigned bits)
{
    flags_add(cpu, a, b, a + b + carry, bits);
}

static void settle_difference(struct cpu *cpu, uint64_t a, uint64_t b, uint64_t carry, unsigned bits)
{
    flags_sub(cpu, a, b, a - b - carry, bits);
}

static void settle_step(struct cpu *cpu, unsigned kind, uint64_t result, bool cf, unsigned bits)
{
    uint64_t before = cut_to(kind == RECIPE_INC ? result - 1 : result + 1, bits), top = UINT64_C(1)
                                                                                        << (bits - 1);
    bool of = (kind == RECIPE_INC ? result : before) == top;
    flags_step(cpu, before, result, bits, cf ? AUX_CF : 0, of);
}

static void settle_double_shift(struct cpu *cpu, const struct flag_recipe *recipe, unsigned bits)
{
    bool of = ((recipe->result ^ recipe->operand) >> (bits - 1) & 1) != 0;
    flags_result_cf_of(cpu, cut_to(recipe->result, bits), bits, recipe->carry, of);
}

static void settle_shift(struct cpu *cpu, unsigned kind, uint64_t result, bool cf, unsigned bits)
{
    bool top = (result >> (bits - 1) & 1) != 0, next = (result >> (bits - 2) & 1) != 0;
    bool of = kind == RECIPE_SHL ? top != cf : kind == RECIPE_SHR ? top != next : kind == RECIPE_IMUL && cf;
    flags_result_cf_of(cpu, result, bits, cf, of);
}

static void settle_kind(struct cpu *cpu, const struct flag_recipe recipe)
{
    unsigned kind = recipe.kind & ~3u, bits = 8u << (recipe.kind & 3);
    uint64_t result = cut_to(recipe.result, bits), operand = cut_to(recipe.operand, bits);
    uint64_t carry = kind == RECIPE_ADC || kind == RECIPE_SBB ? recipe.carry : 0;
    switch (kind) {
    case RECIPE_COMPARE:
        flags_set_oszapc(cpu, (recipe.carry ? EFLAGS_CF : 0u) | (recipe.result & 1 ? EFLAGS_ZF : 0u) |
                                  (recipe.result >> 8 & 1 ? EFLAGS_PF : 0u));
        break;
    case RECIPE_ADD:
    case RECIPE_ADC: settle_sum(cpu, cut_to(result - operand - carry, bits), operand, carry, bits); break;
    case RECIPE_SUB:
    case RECIPE_SBB:
        settle_difference(cpu, cut_to(result + operand + carry, bits), operand, carry, bits);
        break;
    case RECIPE_CMP: settle_difference(cpu, result, operand, 0, bits); break;
    case RECIPE_LOGIC: flags_logic(cpu, result, bits); break;
    case RECIPE_DSHIFT: settle_double_shift(cpu, &recipe, bits); break;
    case RECIPE_INC:
    case RECIPE_DEC: settle_step(cpu, kind, result, recipe.carry, bits); break;
    default: settle_shift(cpu, kind, result, recipe.carry, bits); break;
    }
}

static void settle_rotation(struct cpu *cpu, unsigned rotation, uint64_t rotated)
{
    unsigned bits = 8u << (rotation & 3);
    bool top = (rotated >> (bits - 1) & 1) != 0, next = (rotated >> (bits - 2) & 1) != 0;
    bool left = (rotation & ~3u) == ROTATION_LEFT, cf = left ? (rotated & 1) != 0 : top;
    flags_set_cf_of(cpu, cf, left ? top != cf : top != next);
}

void flag_recipe_settle(struct cpu *cpu)
{
    const struct flag_recipe recipe = cpu->recipe;
    cpu->recipe.kind = RECIPE_NONE;
    cpu->recipe.overrides = cpu->recipe.rotation = 0;
    if (recipe.kind != RECIPE_NONE)
        settle_kind(cpu, recipe);
    if (recipe.rotation)
        settle_rotation(cpu, recipe.rotation, recipe.rotated);
    if (recipe.overrides)
        flags_set_cf(cpu, recipe.new_carry);
}
