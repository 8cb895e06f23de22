/* SPDX-License-Identifier: MIT */
/* Translated blocks and what hangs on them. All of it lives until it is evicted (room.h); a killed block
 * keeps its memory until then, but nothing leads to it any more.
 *
 * It is small, because there is much of it: within the arena things name one another by offsets of 32 bits,
 * of which 0 is none (jit_block_at and the like). A *place* names an instruction of a block in 32 bits. */
#ifndef LATHE_JIT_BLOCK_H
#define LATHE_JIT_BLOCK_H

#include <stddef.h>

#include "core/base/ring.h"
#include "core/mem/memory.h"
#include "core/x86/engine.h"
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

/* Why translated code stops running. With a place (below) beneath it in one number. */
enum exit_kind {
    EXIT_BOUNDARY, /* without a place: the processor's state tells what comes next */
    EXIT_RESUME,   /* without a place; cpu->rip is set: interpret from there */
    EXIT_START,    /* before anything: too few instructions are left, or it is to become a region */
    EXIT_LEAVE,    /* interpret the part's trace from the instruction on */
    EXIT_LOST,     /* the same, because operands that share a look-up are not in one page */
    EXIT_TURNED,   /* the same, because string instructions do not go where they were expected to */
    EXIT_KINDS
};

enum { EXIT_KIND_SHIFT = 32 };

/* A direct way to another block. A block's exits follow behind it (jit_first_exit). */
struct jit_exit {
    uint64_t rip;                   /* of the next block */
    uint32_t block;                 /* whose it is: this and the next two are offsets in the arena */
    uint32_t target, next_incoming; /* the block it is linked to; another exit that is. 0: none */
    /* Of the back end, as offsets in the code: a jump that leads to `stub` until it is linked. */
    uint32_t jump, stub;
    uint16_t heat;         /* where it has a shortcut: passes until a block for that is looked for */
    bool has_shortcut : 1; /* the next exit is the way around the code that writes the recipe */
    bool hands_on : 1;     /* flags without a recipe, to a block that inherits: it is a struct jit_shortcut */
    bool is_far : 1;       /* to another page: a link fills in which one */
};

/* One that hands on flags without a recipe. */
struct jit_shortcut {
    struct jit_exit exit;
    struct ir_made made;
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
    struct trace *source; /* bare or whole */
    uint64_t rip;
    uint32_t next_of_trace; /* another part made from it: offset in the arena; 0: none */
    uint8_t first;          /* number of its first instruction in the block */
    uint8_t rest;           /* instructions of the parts behind it */
    uint8_t number;         /* in the block */
};

enum { MOST_PARTS = 8, MOST_REGION_INSNS = IR_MOST_INSNS - 2 };

/* One trace, or a region: several in one page, each of which goes on to the next unless it leaves. Behind its
 * parts lie, in this order, the flags that it inherits, tallies of its parts, and its exits. */
struct jit_block {
    mem_t memory; /* of its first byte */
    uint64_t rip;
    const struct jit_context *context;
    uint32_t code;                       /* offset in the code */
    uint16_t straight_bytes, code_bytes; /* of host code: without and with what is out of line */
    /* Offsets in the arena; 0: none. */
    uint32_t incoming;     /* linked exits that lead here */
    uint32_t after_serial; /* the block that came after its end, a serial instruction, last time */
    uint32_t next_in_hash, next_in_span;
    uint32_t heat;       /* passes until it is to become a region */
    uint32_t lost_since; /* when `lost` began, in LOST_UNITs */
    uint16_t lost;       /* times left by EXIT_LOST and EXIT_TURNED */
    uint8_t exit_count;  /* shortcuts as well */
    uint8_t insns;       /* of all parts */
    uint8_t part_count;
    bool dead : 1;
    bool inherits : 1;
    bool is_measured : 1;
    bool is_final : 1;    /* will not become a region */
    uint16_t ahead_bytes; /* of straight code, ahead of the loop that it is: look-ups; 0: none */
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

/* Instructions of the part from one of it on: what its `left` says. */
static inline unsigned jit_left_of(const struct jit_block *block, unsigned insn)
{
    const struct jit_part *part = jit_part_of(block, insn);
    return part->source->count - (insn - part->first);
}

static inline struct jit_block *jit_block_of(const struct jit_part *part)
{
    return (struct jit_block *)((uintptr_t)(part - part->number) - offsetof(struct jit_block, part));
}

/* Whether control comes from elsewhere to the part. */
static inline bool jit_part_is_entry(const struct jit_part *part)
{
    return !part->number;
}

/* Where what lies behind a block's parts is. */
static inline const struct ir_made *jit_inherited_at(const struct jit_block *block)
{
    return (const struct ir_made *)(const void *)(block->part + block->part_count);
}

static inline struct jit_tally **jit_tallies_at(const struct jit_block *block)
{
    return (struct jit_tally **)(uintptr_t)(jit_inherited_at(block) + block->inherits);
}

static inline struct jit_exit *jit_first_exit(const struct jit_block *block)
{
    return (struct jit_exit *)(void *)(jit_tallies_at(block) + (block->is_measured ? block->part_count : 0));
}

static inline struct jit_exit *jit_next_exit(const struct jit_exit *exit)
{
    uintptr_t size = exit->hands_on ? sizeof(struct jit_shortcut) : sizeof *exit;
    return (struct jit_exit *)((uintptr_t)exit + size);
}

/* Flags that a block begins with, whose recipe is not written; those that an exit hands on so. */
static inline struct ir_made jit_inherited(const struct jit_block *block)
{
    return block->inherits ? *jit_inherited_at(block) : (struct ir_made){0};
}

static inline struct ir_made jit_handed_on(const struct jit_exit *exit)
{
    return exit->hands_on ? ((const struct jit_shortcut *)(const void *)exit)->made : (struct ir_made){0};
}

/* What counts a part's passes; NULL: they are not counted. */
static inline struct jit_tally *jit_tally_of(const struct jit_part *part)
{
    const struct jit_block *block = jit_block_of(part);
    return block->is_measured ? jit_tallies_at(block)[part->number] : NULL;
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

enum { SPANS = TRACE_PARTS /* at first */ };

/* A part of the room for blocks (room.h). */
struct jit_span {
    uint32_t blocks; /* offset of the youngest one; dead ones are in the list as well */
};

enum {
    JUMP_ENTRIES = 1 << 14,
    BLOCK_BUCKET_BITS = 17,
    BLOCK_BUCKETS = 1 << BLOCK_BUCKET_BITS,
    CONTEXTS = 256,
    CONTEXT_SLOTS = 64
};

/* Routines of the back end that translated code calls. In the executable view. */
struct jit_routines {
    uint64_t (*enter)(struct cpu *cpu, const uint8_t *code); /* how it ended: enum exit_kind, and a place */
    const uint8_t *leave[EXIT_KINDS];                        /* but for the kinds without a place */
    const uint8_t *follow, *handler, *handler_fp, *serial, *flags;
    const uint8_t *indirect, *other_page[2], *far[2]; /* of the supervisor, of user code */
    const uint8_t *beside_code[2];                    /* the same two: of stores to pages that hold code */
    const uint8_t *look_in_back[2][2][2]; /* entry said by R9 or R10; reads, writes; the same two */
    const uint8_t *look_up[DIRECT_KINDS];
    const uint8_t *leave_for_boundary; /* the processor's state tells what comes next */
    const uint8_t *resume;             /* leaves, to go on at cpu->rip */
    const uint8_t *x87_store, *x87_load, *sse_store, *sse_load;
    const uint8_t *repeat[2][REPEATS][4]; /* string instructions within a page: up, down; by log2 of the
                                             element's size */
};

struct jit {
    struct cpu *cpu;
    struct jit_options options;
    bool translates; /* false: a processor before the 386, whose instructions differ in detail */
    struct jit_stats stats;
    unsigned
        traces_apart;    /* to interpret: what is left of a loop's pass whose operands were not in one page */
    uint64_t next_check; /* in checked builds: number of blocks at which all is checked */
    uint64_t *handled;   /* by row of the instruction table: executions by handlers in translated blocks */
    FILE *perf_map;      /* NULL: not wanted */
    struct measure *measure;      /* NULL: not wanted */
    struct jit_measured measured; /* but for what jit_measure sums up */
    struct code_cache code;
    size_t code_start; /* bytes that the routines take */
    uint8_t *arena;    /* blocks and exits */
    size_t arena_size, arena_used;
    struct ring ring; /* of spans */
    struct jit_span span[RING_MOST_PARTS];
    uint64_t *direct;
    struct jump_entry *jumps;
    uint32_t *buckets; /* of the hash table: offsets of blocks in the arena */
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
};

/* A part's trace with its instructions, until those of others were asked for. */
static inline struct trace *jit_trace_of(const struct jit *jit, const struct jit_part *part)
{
    return trace_whole(jit->cpu, part->source);
}

/* An instruction of a block's that is not dead, until those of others were asked for. */
static inline const struct insn *jit_insn_of(const struct jit *jit, const struct jit_block *block,
                                             unsigned insn)
{
    const struct jit_part *part = jit_part_of(block, insn);
    return &jit_trace_of(jit, part)->insns[insn - part->first];
}

/* What an offset in the arena means, and the offset of something there. */
static inline void *jit_at(const struct jit *jit, uint32_t offset)
{
    return offset ? jit->arena + offset : NULL;
}

static inline uint32_t jit_offset(const struct jit *jit, const void *data)
{
    return data ? (uint32_t)((uintptr_t)data - (uintptr_t)jit->arena) : 0;
}

static inline struct jit_block *jit_block_at(const struct jit *jit, uint32_t offset)
{
    return jit_at(jit, offset);
}

static inline struct jit_exit *jit_exit_at(const struct jit *jit, uint32_t offset)
{
    return jit_at(jit, offset);
}

static inline struct jit_part *jit_part_at(const struct jit *jit, uint32_t offset)
{
    return jit_at(jit, offset);
}

/* Host code of a block, in the executable view. */
static inline const uint8_t *jit_code(const struct jit *jit, const struct jit_block *block)
{
    return jit->code.executable + block->code;
}

enum { PLACE_INSN_BITS = 7, BLOCK_SHIFT = 4 /* what blocks are aligned to in the arena */ };

/* An instruction of a block as a number: never 0. */
static inline uint32_t jit_place(const struct jit *jit, const struct jit_block *block, unsigned insn)
{
    return jit_offset(jit, block) >> BLOCK_SHIFT << PLACE_INSN_BITS | insn;
}

static inline struct jit_block *jit_place_block(const struct jit *jit, uint32_t place)
{
    return jit_block_at(jit, place >> PLACE_INSN_BITS << BLOCK_SHIFT);
}

static inline unsigned jit_place_insn(uint32_t place)
{
    return place & ((1u << PLACE_INSN_BITS) - 1);
}

/* Whether a block that was left by EXIT_START is to become a region. */
static inline bool jit_is_hot(const struct jit_block *block)
{
    return !block->is_final && !block->heat;
}

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
static inline uint16_t jit_exit_heat(const struct jit *jit)
{
    uint32_t passes = 12 * jit->options.threshold + 1;
    return passes < UINT16_MAX ? (uint16_t)passes : UINT16_MAX;
}

/* Passes after which a block is to become a region. */
static inline uint32_t jit_hot_passes(const struct jit *jit)
{
    return 12 * jit->options.threshold + 8;
}

/* A block like `block` that begins with the flags of `made`: translated where there is none. NULL where that
 * cannot be done. */
struct jit_block *jit_specialise(struct jit *jit, const struct jit_block *block, const struct ir_made *made);

/* The block at guest memory `memory` that runs at rip in a context and inherits nothing, or NULL. */
struct jit_block *jit_find_block(const struct jit *jit, mem_t memory, uint64_t rip,
                                 const struct jit_context *context);

#endif
