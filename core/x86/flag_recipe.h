/* SPDX-License-Identifier: MIT */
/* Arithmetic flags kept as the operation that made them, so that translated code can leave them in two
 * stores.
 *
 * Operands and results are cut to the operation's size; bits above it are anything. `carry` is 0 or 1.
 */
#ifndef LATHE_CORE_X86_FLAG_RECIPE_H
#define LATHE_CORE_X86_FLAG_RECIPE_H

#include <stdint.h>

struct cpu;

/* Each stands for four kinds, one a size: add log2 of the operand's bytes. */
enum recipe_kind {
    RECIPE_NONE = 0,   /* flag_result and flag_aux hold the flags */
    RECIPE_ADD = 4,    /* result = a + operand */
    RECIPE_SUB = 8,    /* result = a - operand */
    RECIPE_CMP = 12,   /* flags of result - operand: `result` is the minuend */
    RECIPE_ADC = 16,   /* result = a + operand + carry */
    RECIPE_SBB = 20,   /* result = a - operand - carry */
    RECIPE_LOGIC = 24, /* AND, OR, XOR, TEST */
    RECIPE_INC = 28,   /* CF = carry */
    RECIPE_DEC = 32,
    RECIPE_SHL = 36,     /* CF = carry, OF = CF ^ top bit */
    RECIPE_SHR = 40,     /* CF = carry, OF = the two top bits differ */
    RECIPE_SAR = 44,     /* CF = carry, OF = 0 */
    RECIPE_IMUL = 48,    /* CF = OF = carry */
    RECIPE_COMPARE = 52, /* CF = carry, ZF and PF = lowest two bytes of result, the others 0 */
    RECIPE_DSHIFT = 56,  /* CF = carry, OF = the top bits of result and operand differ */
    RECIPE_KINDS = 60
};

/* What a rotate made of `rotated`: add log2 of the operand's bytes. */
enum recipe_rotation {
    ROTATION_NONE = 0,
    ROTATION_LEFT = 4,  /* CF = lowest bit, OF = CF ^ top bit */
    ROTATION_RIGHT = 8, /* CF = top bit, OF = the two top bits differ */
};

/* Turns a pending recipe into flag_result and flag_aux, exactly as the interpreter's handlers would have left
 * them in all that the guest can see. */
void flag_recipe_settle(struct cpu *cpu);

#endif
