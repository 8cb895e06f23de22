/* SPDX-License-Identifier: MIT */
/* Translated blocks and what hangs on them. All of it lives until it is evicted (room.h); a killed block
 * keeps its memory until then, but nothing leads to it any more. */
#ifndef LATHE_JIT_BLOCK_H
#define LATHE_JIT_BLOCK_H

#include <stddef.h>

#include "core/mem/memory.h"
#include "core/x86/fpu/x87.h"
#include "core/x86/insn.h"
#include "core/x86/regs.h"
#include "core/x86/trace.h"
#include "jit/code_cache.h"
#include "jit/ir.h"
#include "jit/jit.h"
#include "jit/lower.h"

struct jit_block;
struct jit_tally;
struct jit_part;
struct emitter;
struct measure;

/* Why translated code stops running. */
enum exit_kind {
    EXIT_FOLLOW, /* the next block is not known yet */
    EXIT_RESUME, /* cpu->rip is set: interpret from there */
    EXIT_LEAVE,  /* interpret the part's trace from `insn` on */
    EXIT_LOST,   /* the same, because operands that share a look-up are not in one page */
    EXIT_TURNED, /* the same, because string instructions do not go where they were expected to */
    EXIT_HOT,    /* cpu->rip is set: the block has run often enough to become a region */
};

/* A way out of a block. */
struct jit_exit {
    uint8_t kind;      /* enum exit_kind */
    bool hands_on;     /* EXIT_FOLLOW: flags without a recipe; it is a struct jit_shortcut */
    uint8_t page_fill; /* EXIT_FOLLOW: where from page_check a link fills in the page in guest memory */
    uint32_t heat;     /* EXIT_FOLLOW: passes until a block for the shortcut is looked for */
    struct jit_block *block;
    union {
        struct { /* EXIT_LEAVE, EXIT_LOST, EXIT_TURNED; EXIT_HOT and EXIT_RESUME: NULL */
            const struct jit_part *part;
            const struct insn *insn;
        };
        struct {          /* EXIT_FOLLOW */
            uint64_t rip; /* of the next block */
            /* The way around the code that writes the recipe, to a block that inherits; or NULL. */
            struct jit_exit *shortcut;
            /* Of the back end: a jump that leads to `stub` until it is linked. */
            uint8_t *jump;
            const uint8_t *stub;
            uint8_t *page_check; /* the addend that a link fills in; NULL: the target is in the same page */
            struct jit_block *target; /* linked to; NULL: not linked */
            struct jit_exit *next_incoming, *next_of_block;
        };
    };
};

/* What the kinds but EXIT_FOLLOW take. */
enum { JIT_EXIT_BACK = offsetof(struct jit_exit, shortcut) + sizeof(void *) };

/* An EXIT_FOLLOW that hands on flags without a recipe. */
struct jit_shortcut {
    struct jit_exit exit;
    struct ir_made made;
};

/* One instruction that its handler executes. */
struct jit_site {
    const struct jit_part *part;
    const struct insn *insn; /* of the part's trace */
    bool uses_flags;
};

/* Assumptions in use, each once, so that they compare by number. */
struct jit_context {
    uint32_t number;
    uint32_t bits; /* the small assumptions in one word */
    struct jit_assumptions assume;
};

/* Linear address of an instruction pointer. */
static inline gva_t jit_linear(const struct jit_context *context, uint64_t rip)
{
    gva_t linear = context->assume.cs_base + rip;
    return context->assume.mode == MODE_64 ? linear : (uint32_t)linear;
}

/* A trace in a block. */
struct jit_part {
    struct jit_block *block;
    struct trace *source; /* its instructions, after its death, too; cpu->trace while handlers run */
    uint64_t rip;
    uint8_t first; /* number of its first instruction in the block */
    uint8_t rest;  /* instructions of the parts behind it */
    struct jit_part *next_of_trace;
    struct jit_tally *tally; /* NULL: passes are not counted */
};

enum { MOST_PARTS = 8, MOST_REGION_INSNS = IR_MOST_INSNS - 2 };

/* One trace, or a region: several in one page, each of which goes on to the next unless it leaves. */
struct jit_block {
    mem_t memory; /* of its first byte */
    uint64_t rip;
    const struct jit_context *context;
    struct ir_made inherited; /* flags that it begins with, whose recipe is not written */
    const uint8_t *code;
    uint32_t straight_bytes, code_bytes; /* of host code: without and with what is out of line */
    struct jit_exit *incoming;           /* linked exits that lead here */
    struct jit_exit *exits;              /* EXIT_FOLLOW */
    struct jit_block *after_serial; /* what came after its end, a serial instruction, last time; or NULL */
    uint32_t lost,
        lost_since;       /* times left by EXIT_LOST and EXIT_TURNED, and when that began, in LOST_UNITs */
    uint32_t heat;        /* passes until it is to become a region; 0: it is final */
    struct jit_exit *hot; /* taken then; NULL: it is final */
    struct jit_block *next_in_hash, *next_in_span;
    bool dead;
    uint8_t insns; /* of all parts */
    uint8_t part_count;
    struct jit_part part[];
};

/* The part that an instruction is in; its end belongs to the last. */
static inline const struct jit_part *jit_part_of(const struct jit_block *block, unsigned insn)
{
    const struct jit_part *part = &block->part[block->part_count - 1];
    while (part->first > insn)
        part--;
    return part;
}

/* Whether control comes from elsewhere to the part. */
static inline bool jit_part_is_entry(const struct jit_part *part)
{
    return part == part->block->part;
}

static inline struct ir_made jit_handed_on(const struct jit_exit *exit)
{
    return exit->hands_on ? ((const struct jit_shortcut *)(const void *)exit)->made : (struct ir_made){0};
}

/* A target of indirect jumps, found by its RIP. */
struct jump_entry {
    uint64_t key;    /* jump_key of RIP and context */
    uint64_t where;  /* jump_where of its page */
    uint64_t addend; /* of the TLB entry that leads there */
    const uint8_t *code;
};

/* RIP and context in one number: bits 48 to 63 of a canonical address follow from bit 47. */
static inline uint64_t jump_key(uint64_t rip, uint64_t shifted_context)
{
    return rip + shifted_context;
}

/* The RIP in a key. */
static inline uint64_t jump_rip(uint64_t key)
{
    return (uint64_t)((int64_t)(key << 16) >> 16);
}

enum { CONTEXT_SHIFT = 48 };

enum { JUMP_PAGE_BITS = 28 /* of a page number in guest memory, which is below 1 TiB */ };

/* A linear page and the page of guest memory behind it in one number. Of linear addresses 48 bits count. */
static inline uint64_t jump_where(gva_t linear, mem_t memory)
{
    return linear >> MEM_PAGE_SHIFT << JUMP_PAGE_BITS | memory >> MEM_PAGE_SHIFT;
}

enum { JUMP_HASH_SHIFT = 18 /* leaves 14 bits */ };

#define JUMP_HASH UINT32_C(0x9E3779B1) /* 2^32 divided by the golden ratio */

/* Where a RIP is in the jump cache. */
static inline unsigned jump_index(uint64_t rip)
{
    return (uint32_t)rip * JUMP_HASH >> JUMP_HASH_SHIFT;
}

enum { SPANS = 8 };

/* A part of the room for blocks (room.h). */
struct jit_span {
    struct jit_block *blocks; /* the youngest first, dead ones as well */
};

enum { JUMP_ENTRIES = 1 << 14, BLOCK_BUCKETS = 1 << 15, CONTEXTS = 256, CONTEXT_SLOTS = 64 };

/* Routines of the back end that translated code calls. In the executable view. */
struct jit_routines {
    struct jit_exit *(*enter)(struct cpu *cpu, const uint8_t *code);
    const uint8_t *follow, *leave, *handler, *handler_fp, *serial, *flags;
    const uint8_t *indirect, *other_page[2]; /* of the supervisor, of user code */
    const uint8_t *beside_code[2];           /* the same two: of stores to pages that hold code */
    const uint8_t *leave_for_boundary;       /* the processor's state tells what comes next */
    const uint8_t *x87_store, *x87_load, *sse_store, *sse_load;
    const uint8_t *repeat[2][REPEATS][4]; /* string instructions within a page: up, down; by log2 of the
                                             element's size */
};

struct jit {
    struct cpu *cpu;
    struct jit_options options;
    bool translates; /* false: a processor before the 386, whose instructions differ in detail */
    struct jit_stats stats;
    uint64_t next_check; /* in checked builds: number of blocks at which all is checked */
    uint64_t *handled;   /* by row of the instruction table: executions by handlers in translated blocks */
    FILE *perf_map;      /* NULL: not wanted */
    struct measure *measure;      /* NULL: not wanted */
    struct jit_measured measured; /* but for what jit_measure sums up */
    struct code_cache code;
    size_t code_start; /* bytes that the routines take */
    uint8_t *arena;    /* blocks, exits, sites */
    size_t arena_size, arena_used;
    struct jit_span span[SPANS];
    unsigned filling; /* the span that blocks are made in; the next one is the oldest */
    uint64_t *direct;
    struct jump_entry *jumps;
    struct jit_block **buckets;
    struct jit_context contexts[CONTEXTS];
    unsigned context_count;
    const struct jit_context *context_slots[CONTEXT_SLOTS]; /* hashed, so that finding one is a look */
    struct lowering *lowering;
    struct ir *ir;
    struct emitter *emitter; /* of the back end: its working storage */
    struct insn called[2];   /* the instruction whose handler runs, and what makes the handler come back */
    struct jit_routines routines;
    uint32_t host_mxcsr;
    uint8_t x87_image[X87_SAVE_MAX]; /* between the host's registers and struct cpu */
    struct jit_exit resume;          /* the one EXIT_RESUME */
};

/* Whether the host can execute the guest's x87 or SSE instructions itself: the guest may use them, and no
 * exception is unmasked or reported. */
bool jit_x87_is_direct(const struct cpu *cpu);
bool jit_sse_is_direct(const struct cpu *cpu);

/* Present assumptions as a context, which may be `guess` where that is not NULL. NULL where there are too
 * many different ones: everything was cleared. */
const struct jit_context *jit_context_now(struct jit *jit, const struct jit_context *guess);
void jit_forget_contexts(struct jit *jit);

/* Makes a block one that nothing leads to. */
void jit_kill_block(struct jit *jit, struct jit_block *block, bool evicted);

/* Passes after which an exit is taken often. */
static inline uint32_t jit_exit_heat(const struct jit *jit)
{
    return 25 * jit->options.threshold + 1;
}

/* Passes after which a block is to become a region. */
static inline uint32_t jit_hot_passes(const struct jit *jit)
{
    return 25 * jit->options.threshold + 8;
}

/* A block like `block` that begins with the flags of `made`: translated where there is none. NULL where that
 * cannot be done. */
struct jit_block *jit_specialise(struct jit *jit, const struct jit_block *block, const struct ir_made *made);

/* The block at guest memory `memory` that runs at rip in a context and inherits nothing, or NULL. */
struct jit_block *jit_find_block(const struct jit *jit, mem_t memory, uint64_t rip,
                                 const struct jit_context *context);

#endif
