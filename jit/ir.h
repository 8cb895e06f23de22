/* SPDX-License-Identifier: MIT */
/* The intermediate representation: a linear list of operations for one block of guest code.
 *
 * Values are guest registers (written in part where the size is below 4 bytes, as on the guest), short-lived
 * temporaries, an immediate, or the memory operand that the last IR_PROBE of the same instruction made
 * accessible. Arithmetic is two-operand: d = d op a. Operations that make guest flags say so in ir_info;
 * pass_flags.c decides which of them must leave a recipe in the processor's state.
 */
#ifndef LATHE_JIT_IR_H
#define LATHE_JIT_IR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct fp_form;

enum ir_code {
    IR_INSN,   /* instruction number imm begins */
    IR_PROBE,  /* makes IR_MEM stand for the operand at `address`; slow path: the instruction's handler */
    IR_SHARED, /* the same where a group's probe has done the work */
    IR_MOV,
    IR_MOVZX, /* d (size) = zero-extended a (source_size) */
    IR_MOVSX,
    IR_LEA, /* d = offset of `address`; no flags */
    IR_ADD,
    IR_OR,
    IR_ADC,
    IR_SBB,
    IR_AND,
    IR_SUB,
    IR_XOR,
    IR_CMP, /* ADD to CMP in the order of their encoding */
    IR_TEST,
    IR_INC,
    IR_DEC,
    IR_NEG,
    IR_NOT,
    IR_ROL, /* by imm, below the size; or by CL where a is GPR_CX */
    IR_ROR,
    IR_SHL,
    IR_SHR,
    IR_SAR,
    IR_IMUL,  /* d = a * imm where `has_imm`, else d = d * a: low half */
    IR_MUL,   /* rDX:rAX = rAX * a; AX = AL * a */
    IR_IMULW, /* the same, signed */
    IR_SETCC,
    IR_CMOV,
    IR_XCHG,
    IR_CMPXCHG, /* with IR_MEM */
    IR_XADD,    /* with IR_MEM */
    IR_SHLD,    /* d and a, by imm below the size; by CL where imm is 0 */
    IR_SHRD,
    IR_BSF, /* a zero source leaves d alone */
    IR_BSR,
    IR_BT, /* bit imm or a of d, modulo the size; changes CF alone */
    IR_BTS,
    IR_BTR,
    IR_BTC,
    IR_SETCF,    /* CF = imm, or flipped where imm is 2 */
    IR_DF,       /* DF = imm */
    IR_IF,       /* IF = imm; leaves as IR_LEAVE does where that is denied, or something waits for IF */
    IR_SELECTOR, /* d = the selector of segment imm, zero-extended */
    IR_DIV,      /* rDX:rAX by a; what would fault goes to the handler */
    IR_IDIV,
    IR_BSWAP,
    IR_SIGN,       /* d = all bits the sign of a */
    IR_FP_LOAD,    /* brings the parts of floating-point state in imm into the host's registers */
    IR_FP,         /* the guest's instruction itself, on that state */
    IR_FP_COMPARE, /* the same where it makes flags: CF, PF and ZF, the others 0 */
    IR_FP_CMOV,    /* the same where it reads a condition */
    IR_CALL,       /* the instruction's handler; goes on after it */
    IR_BRANCH,     /* to `target` where cond holds, else on with the next instruction */
    IR_JUMP,       /* to `target` */
    IR_BRANCHZ,    /* to `target` where a is zero (cond 4) or not (cond 5) */
    IR_DIRECTION,  /* leaves as IR_LEAVE does where DF is not imm */
    IR_CHECK,      /* leaves as IR_LEAVE does where the target in a is beyond the code segment */
    IR_GOTO,       /* to the address in a */
    IR_REPEAT, /* a repeated string instruction, enum ir_repeat and REPEAT_DOWN in imm, from `address` where
                  it has a source */
    IR_SERIAL, /* the handler of an instruction that may change anything; goes on where that leads */
    IR_LEAVE,  /* back to the interpreter, which executes this instruction */
    IR_CODES
};

enum {
    IR_HIGH = 16, /* 16-19: AH, CH, DH, BH, as in struct insn */
    IR_T0 = 32,   /* temporaries */
    IR_T1,
    IR_T2, /* of the back end */
    IR_MEM = 0xFD,
    IR_IMM = 0xFE,
    IR_NONE = 0xFF
};

/* What is repeated: comparisons as long as all are equal or unequal. */
enum ir_repeat {
    REPEAT_MOVES,
    REPEAT_STORES,
    REPEAT_COMPARES_EQUAL,
    REPEAT_COMPARES_UNEQUAL,
    REPEAT_SCANS_EQUAL,
    REPEAT_SCANS_UNEQUAL,
    REPEATS
};

/* IR_REPEAT's imm where pointers go down. */
enum { REPEAT_DOWN = 8 };

static inline enum ir_repeat ir_repeat_of(int64_t imm)
{
    return (enum ir_repeat)(imm & (REPEAT_DOWN - 1));
}

static inline bool ir_repeat_has_source(enum ir_repeat repeat)
{
    return repeat == REPEAT_MOVES || repeat == REPEAT_COMPARES_EQUAL || repeat == REPEAT_COMPARES_UNEQUAL;
}

enum ir_access { IR_READ, IR_WRITE, IR_MODIFY };

/* base + (index << scale) + disp, cut to `bits`, in segment seg. IR_NONE where absent. */
struct ir_address {
    uint8_t base, index, scale, seg, bits;
    int64_t disp; /* alone it may have 64 bits */
};

/* Flags whose maker left no recipe, because all that one is made of still stands in registers: its operation.
 */
struct ir_made {
    uint8_t code; /* IR_INSN: none */
    uint8_t size, d, a;
    int64_t imm;
};

/* What is known of a guest register's value: an unknown one, numbered, and what was added to it since. */
struct ir_value {
    uint16_t version;
    int32_t offset;
};

enum {
    IR_GPRS = 16,
    IR_MOST_INSNS = 66, /* of a block, with its end */
    IR_MOST_GROUPS = 48,
    IR_PLACES = 2,
    IR_PLACE_ADDEND = 1 /* the one that other probes have as a temporary where it is free */
};

/* Instructions of a group that is kept round the block's loop. */
enum { IR_ALL_INSNS = UINT8_MAX };

/* Operands of several instructions that share one look-up: base + (index << scale) as numbered values, 0
 * where absent, and displacements from `low` up to but without `high`. Its host address is kept in a place
 * from instruction `first` to `last`. */
struct ir_group {
    uint16_t base, index;
    uint8_t seg, bits, scale;
    uint8_t place;
    uint8_t first, last;
    bool placed, opened;
    bool kept; /* looked up ahead of the loop that the block is, once for all passes */
    bool reads, writes;
    bool aligned; /* some operand must be a multiple of 16: with displacement aligned_at */
    int32_t low, high, aligned_at;
    int32_t stride; /* where it is kept: what a pass adds to where it begins */
    int32_t bias;   /* of the place from the group's lowest byte: ir_stride_step says why */
    unsigned members;
};

struct ir_op {
    uint8_t code; /* enum ir_code */
    uint8_t size; /* bytes: 1, 2, 4, 8 */
    uint8_t source_size;
    uint8_t d, a;
    uint8_t cond;   /* as in Jcc opcodes */
    uint8_t access; /* enum ir_access */
    uint8_t insn;   /* number of the guest instruction */
    bool has_imm;
    bool aligned;  /* IR_PROBE: a multiple of 16, else the slow path faults */
    bool happened; /* before the block, which inherits its flags: nothing is to be done */
    /* Set by pass_flags. */
    bool flags_live;   /* somebody looks at the flags that this operation makes */
    bool save_flags;   /* they must be left as a recipe */
    bool reload_flags; /* flags that it reads must come from the recipe in memory, not from the host */
    const struct ir_op
        *late_save; /* IR_PROBE, exits: whose recipe is written out of line; set by pass_late */
    int64_t imm;
    uint64_t target;
    const struct fp_form *fp; /* IR_FP and its kin: which instruction */
    struct ir_address address;
    /* IR_PROBE, IR_SHARED; set by pass_share. */
    struct ir_group *group; /* NULL: a look-up of its own */
    int32_t delta;          /* from the group's lowest byte, */
    uint8_t loose;          /* and a register more, or IR_NONE */
    uint8_t loose_scale;
};

enum { IR_MAX_OPS = 512 };

struct ir {
    struct ir_op op[IR_MAX_OPS];
    unsigned count;
    /* Of pass_share: groups, and values at the start of each instruction. */
    struct ir_group group[IR_MOST_GROUPS];
    unsigned groups;
    bool keeps; /* some group is kept round the loop */
    struct ir_value value[IR_MOST_INSNS][IR_GPRS];
};

/* What an operation does to flags. */
struct ir_info {
    const char *name;
    bool makes_flags; /* all of OSZAPC, or all but CF (keeps_carry) */
    bool keeps_carry;
    bool carry_alone; /* makes CF (rotates: OF too) and keeps the rest */
    bool reads_carry, reads_cond;
    bool clobbers; /* the host's flags are lost */
    bool observes; /* a fault, an exit or a call: the guest's flags must be in memory */
};

extern const struct ir_info ir_info[IR_CODES];

/* Appends an operation; returns it for more fields to be set. The caller keeps the count below IR_MAX_OPS. */
struct ir_op *ir_add(struct ir *ir, enum ir_code code, unsigned size, unsigned d, unsigned a);

/* Whether a fault, an exit or a handler may look at the guest's flags when the operation begins. */
bool ir_observes(const struct ir_op *op);

/* Whether the operation is a shift by CL, which may be none: then the flags of before stay. */
bool ir_shifts_by_cl(const struct ir_op *op);

/* Places, as bits, that groups occupy at an instruction. */
unsigned ir_places_kept(const struct ir *ir, unsigned insn);

/* An operation as the maker of flags, and whether two are the same. */
struct ir_made ir_made_of(const struct ir_op *op);
bool ir_made_equal(const struct ir_made *a, const struct ir_made *b);

/* Whether an operation is an exit to `rip` that hands on just those flags without a recipe. */
bool ir_leads_to(const struct ir_op *op, uint64_t rip, const struct ir_made *handed_on);

/* Flags that an exit hands on so. */
struct ir_made ir_handed_on(const struct ir_op *op);

/* A power of two that a kept group's stride, which is none of 0, does not exceed either way. The place is
 * biased so that it is less than this behind a page's start where the stride has led the group out of its
 * page; for once it may be so elsewhere. */
uint32_t ir_stride_step(const struct ir_group *g);

/* One line an operation. */
void ir_dump(const struct ir *ir, FILE *out);

#endif
