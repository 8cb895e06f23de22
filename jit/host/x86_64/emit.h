/* SPDX-License-Identifier: MIT */
/* The state of assembling one block, shared by the files of the back end. */
#ifndef LATHE_JIT_HOST_X86_64_EMIT_H
#define LATHE_JIT_HOST_X86_64_EMIT_H

#include "jit/block.h"
#include "jit/host/x86_64/layout.h"
#include "jit/ir.h"

/* What waits at the end of the block, out of the way. */
enum stub_kind {
    STUB_SLOW,    /* a memory access that the fast path refuses: the instruction's handler */
    STUB_BESIDE,  /* a store to a page that may hold code as well: fast if it meets none */
    STUB_LEAVE,   /* the interpreter executes the instruction */
    STUB_TURNED,  /* the same, because string instructions do not go where they were expected to */
    STUB_APART,   /* the same, because operands that share a look-up are in two pages */
    STUB_AHEAD,   /* the same, before a loop's first pass is on the budget */
    STUB_START,   /* too few instructions left before the horizon, or the block has run often */
    STUB_EXIT,    /* a direct exit */
    STUB_FP_LOAD, /* floating-point state is not where it is wanted */
};

enum { LOOK_UP_REFUSALS = 6, STUB_JUMPS = LOOK_UP_REFUSALS };

struct stub {
    enum stub_kind kind;
    const struct ir_op *op;
    uint8_t *jumps[STUB_JUMPS]; /* that lead here */
    uint8_t *misaligned;   /* STUB_SLOW: one that has another chance, if it stays within the page; or NULL */
    unsigned bytes;        /* of that operand; STUB_BESIDE */
    uint8_t *not_in_front; /* STUB_SLOW: another, if the page is in the back of its set in the TLB; or NULL */
    const uint8_t *look_in_back; /* the routine that sees whether it is */
    const uint8_t *back;         /* STUB_BESIDE, STUB_FP_LOAD, and those two: where the fast path goes on */
    unsigned slow;               /* STUB_BESIDE: number of the STUB_SLOW before it */
    struct jit_exit *exit;       /* STUB_EXIT */
    const uint8_t *start;        /* where `jumps` lead */
};

enum { MOST_STUBS = 384 };

struct emitter {
    struct assembler as;
    struct jit *jit;
    struct jit_block *block;
    const struct ir *ir;
    const uint8_t *entry;
    const uint8_t *again;                /* where a way back to the block's start leads */
    const uint8_t *label[IR_MOST_INSNS]; /* of each instruction */
    uint8_t fp_ready[IR_MOST_INSNS];     /* what the code after a label takes to be live */
    const struct ir_op *probe;           /* of the present memory operand */
    struct host_mem mem;                 /* where that is */
    struct stub stub[MOST_STUBS];
    unsigned stub_count;
    bool failed; /* more stubs than there is room for */
};

/* Of an operand's bytes: 1, 2, 4 or 8. */
static inline unsigned emit_log2(unsigned size)
{
    return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
}

/* A new stub that a jump leads to. Never NULL. */
struct stub *emit_stub(struct emitter *e, enum stub_kind kind, const struct ir_op *op, uint8_t *jump);

/* Where something in the executable view is in the code cache. */
uint32_t emit_code_offset(const struct emitter *e, const uint8_t *code);

/* Takes one off a counter of 2 or 4 bytes in the arena; ZF tells whether 0 is left. */
void emit_count_down(struct emitter *e, const void *counter, unsigned size);

/* Adds one to a counter; returns the bytes that it takes. Keeps flags; clobbers R10 and R11. */
uint32_t emit_count(struct emitter *e, uint64_t *counter);

/* While control may leave the block at an instruction, those of later parts are not on the budget. Changes no
 * flags. */
void emit_give_back(struct emitter *e, unsigned insn);
void emit_take_again(struct emitter *e, unsigned insn);

/* The routine that calls an instruction's handler. */
const uint8_t *emit_handler_routine(const struct emitter *e, unsigned insn);

/* Makes T1 the place of an instruction. */
void emit_load_place(struct emitter *e, unsigned insn);

/* Leaves translated code before an instruction. */
void emit_leave_at(struct emitter *e, enum exit_kind kind, unsigned insn);

/* The handler of an instruction that may change anything. */
void emit_serial(struct emitter *e, const struct ir_op *op);

/* Finding the bytes from a linear address on, and ways to say no. */
struct look_up {
    unsigned seg, bits, bytes;
    unsigned temporary; /* becomes the addend to the linear address in R8 */
    bool reads, writes, aligned;
    bool group;          /* operands that may wrap one by one */
    uint8_t *apart;      /* by this jump where they are in two pages; NULL: refused like others */
    bool out_of_line;    /* short rather than fast: `temporary` is T1 */
    bool crossing;       /* misaligned ones have a second chance */
    uint8_t *misaligned; /* by this jump, with the way back; NULL: none */
    const uint8_t *checked;
    bool back_in_stub;     /* the back entry of a set of the TLB is looked at out of line */
    uint8_t *not_in_front; /* by this jump, with the way back to `checked`; NULL: none */
    const uint8_t *look_in_back;
    bool among_code; /* stores to a page with code have a second chance */
    uint8_t *beside; /* by this jump, with the way back; NULL: none */
    const uint8_t *found;
    uint8_t *refused[LOOK_UP_REFUSALS];
    unsigned refusals;
};

/* emit_memory.c: finds the operand. Clobbers R8, R9 or R10, and flags. */
void emit_probe(struct emitter *e, const struct ir_op *op);
void emit_shared(struct emitter *e, const struct ir_op *op);

/* Makes R8 the host address of an element of a repeated instruction. Clobbers R9, in 64-bit mode R13, and
 * flags.
 */
void emit_element(struct emitter *e, const struct ir_op *op, const struct ir_address *at,
                  enum ir_access access);

/* Cuts the count in R10 to the elements from there to the end of the segment. Clobbers R9, R13, and flags. */
void emit_limit_to_segment(struct emitter *e, const struct ir_op *op, const struct ir_address *at,
                           enum ir_access access);

/* Goes back where a misaligned operand stays within its page, */
void emit_crossing(struct emitter *e, const struct stub *stub);
/* or where a page that is not in the front of its set in the TLB is in the back. */
void emit_look_in_back(struct emitter *e, const struct stub *stub);
void emit_beside(struct emitter *e, const struct stub *stub);

/* A slot of the direct table, for the page number in a register. */
struct host_mem emit_direct_at(const struct jit *jit, unsigned kind, unsigned page);

/* Finds a group's operands again before instruction `insn`. False where its registers have changed too much:
 * nothing was emitted. */
bool emit_group_anew(struct emitter *e, const struct ir_group *g, unsigned insn, struct look_up *l);

/* Finds a kept group's operands ahead of the loop. */
void emit_group_ahead(struct emitter *e, const struct ir_group *g, struct look_up *l);

/* Host register of a place. */
unsigned emit_place_reg(unsigned place);

/* emit_loop.c: what comes ahead of a loop and between its passes. */
void emit_loop_head(struct emitter *e);
void emit_ahead(struct emitter *e);

/* The offset within the segment, in `to`, cut to the address size. Changes no flags; clobbers R8 and R10. */
void emit_offset(struct emitter *e, unsigned to, const struct ir_address *at);
void emit_lea(struct emitter *e, const struct ir_op *op);

/* emit_alu.c: everything that computes. */
void emit_move(struct emitter *e, const struct ir_op *op);
void emit_extend(struct emitter *e, const struct ir_op *op);
void emit_binary(struct emitter *e, const struct ir_op *op);
void emit_unary(struct emitter *e, const struct ir_op *op);
void emit_shift(struct emitter *e, const struct ir_op *op);
void emit_imul(struct emitter *e, const struct ir_op *op);
void emit_multiply(struct emitter *e, const struct ir_op *op);
void emit_setcc(struct emitter *e, const struct ir_op *op);
void emit_cmov(struct emitter *e, const struct ir_op *op);
void emit_xchg(struct emitter *e, const struct ir_op *op);
void emit_sign(struct emitter *e, const struct ir_op *op);

/* Writes the recipe of an operation that has long happened, from its registers. Clobbers T0 and the host's
 * flags. */
void emit_late_save(struct emitter *e, const struct ir_op *op);

void emit_exchange(struct emitter *e, const struct ir_op *op);
void emit_double_shift(struct emitter *e, const struct ir_op *op);

/* Host register of a value that is one. AH to BH have the encodings 4 to 7. */
unsigned emit_reg(unsigned value);

/* emit_goto.c: an indirect jump or call or a RET, to the address in T1. */
void emit_goto(struct emitter *e, const struct ir_op *op);

/* A field of the jump cache's entry that R8 says. */
struct host_mem emit_jump_at(const struct jit *jit, size_t field);

/* emit_bits.c */
void emit_bit(struct emitter *e, const struct ir_op *op);
void emit_setcf(struct emitter *e, const struct ir_op *op);
void emit_df(struct emitter *e, const struct ir_op *op);
void emit_direction(struct emitter *e, const struct ir_op *op);
void emit_if(struct emitter *e, const struct ir_op *op);
void emit_selector(struct emitter *e, const struct ir_op *op);
void emit_scan(struct emitter *e, const struct ir_op *op);
void emit_divide(struct emitter *e, const struct ir_op *op);

/* emit_string.c */
void emit_repeat(struct emitter *e, const struct ir_op *op);

/* emit_fp.c */
void emit_fp_load(struct emitter *e, const struct ir_op *op);
void emit_fp(struct emitter *e, const struct ir_op *op);
void emit_fp_compare(struct emitter *e, const struct ir_op *op);

/* Calls the routines that make parts of the floating-point state live. Clobbers T0. */
void emit_make_live(struct emitter *e, unsigned parts);

/* emit_stub.c: the stubs, when the block's straight code is done. */
void emit_stubs(struct emitter *e);

#endif
