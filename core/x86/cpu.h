/* SPDX-License-Identifier: MIT */
/* One x86 processor: architectural state, what derives from it, and its links to the machine.
 *
 * The first part of struct cpu is plain data, listed field by field in cpu_state.c: it can be hashed,
 * compared and saved. What follows is derived (rebuilt by cpu_derive) or belongs to the running engine.
 */
#ifndef LATHE_CORE_X86_CPU_H
#define LATHE_CORE_X86_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/log.h"
#include "core/mem/memory.h"
#include "core/x86/fpu/x87.h"
#include "core/x86/regs.h"
#include "core/x86/tlb.h"

struct clock;
struct cpu_model;
struct error;
struct insn;
struct physmap;
struct portmap;
struct state_set;
struct trace;
struct trace_cache;
struct decoder;
struct engine_ops;

/* A segment register with its hidden part (SDM 3A 3.4.3). `attributes` holds bits 8-23 of the descriptor's
 * high dword shifted down by 8, i.e. type, S, DPL, P in bits 0-7 and AVL, L, D/B, G in bits 12-15. `limit` is
 * in bytes. */
struct segment {
    uint64_t base;
    uint32_t limit;
    uint16_t selector;
    uint16_t attributes;
    /* Of ES, CS, SS and DS: 64-bit mode takes their bases for 0, so that `base` is 0 there. What the
     * descriptor said waits here for compatibility mode. */
    uint64_t hidden_base;
    /* Derived: offsets below these ends pass the fast check for reads and writes; 0 sends all to the slow
     * path. */
    uint64_t read_end, write_end;
};

struct descriptor_table {
    uint64_t base;
    uint16_t limit;
};

/* Arithmetic flags that an engine has left as the operation and its operands; see flag_recipe.h. */
struct flag_recipe {
    uint64_t result, operand, rotated;
    uint8_t carry;
    uint8_t new_carry; /* CF where `overrides` */
    uint16_t kind;     /* enum recipe_kind; 0: flag_result and flag_aux hold the flags */
    /* Written together with `kind` as 0. */
    uint8_t overrides; /* 1: CF is new_carry, whatever the rest says */
    uint8_t rotation;  /* enum recipe_rotation: CF and OF are those of `rotated`, whatever the kind says */
};

/* Where the floating-point state is while an engine's code runs. */
struct fp_residence {
    uint32_t live;       /* enum fp_part: parts that are in the host's registers, not in struct cpu */
    uint32_t code, data; /* of the engine: last instructions that FIP and FDP have to name; 0: none */
    uint64_t offset;     /* of the latter's operand */
};

enum fp_part { FP_X87 = 1, FP_SSE = 2 };

/* A fault or trap on its way. */
struct exception {
    bool pending;
    bool has_error;
    uint8_t vector;
    uint32_t error;
};

/* Why the processor is not executing. */
enum cpu_activity { CPU_RUNNING, CPU_HALTED, CPU_SHUTDOWN };

/* Why the next instruction boundary is special. */
enum cpu_shadow {
    SHADOW_NONE = 0,
    SHADOW_STI = 1,    /* INTR is held off until the next instruction has ended */
    SHADOW_MOV_SS = 2, /* INTR, NMI and debug traps are */
};

/* Model-specific registers that have storage. */
struct cpu_msrs {
    uint64_t tsc_offset; /* TSC = ticks since power-on + offset */
    uint64_t apic_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t pat;
    uint64_t mtrr_def_type, mtrr_fixed[11], mtrr_base[8], mtrr_mask[8];
    uint64_t star, lstar, cstar, fmask, kernel_gs_base, tsc_aux;
    uint64_t debugctl, mcg_status, misc_enable, bios_sign_id;
    uint64_t perfctr[2], evntsel[2];
};

/* An I/O access in its instruction, as an SMI that it causes must know it (SDM 3C 31.12). */
struct smm_io {
    bool valid, input, string, repeated, immediate;
    uint8_t size;
    uint16_t port;
    uint64_t rip, rcx, rsi, rdi; /* before the instruction, or before the present iteration of it */
};

struct cpu {
    /* Architectural state. */
    union {
        uint64_t gpr[GPR_COUNT]; /* indexed by enum gpr; [GPR_ZERO] stays 0, for address sums */
        struct {
            uint64_t before_rip[GPR_RIP];
            uint64_t rip; /* inside a trace: of its first instruction; else of the next instruction */
        };
    };
    struct flag_recipe recipe; /* of the engine, for short offsets; settled whenever the interpreter runs */
    struct fp_residence fp;    /* of the engine: nothing is live whenever the interpreter runs */
    uint64_t flag_result;      /* see flags.h: lazy OSZAPC */
    uint64_t flag_aux;
    uint32_t eflags; /* all other flag bits; OSZAPC bits are zero here */
    struct segment seg[SEG_COUNT];
    struct descriptor_table gdtr, idtr;
    uint64_t cr0, cr2, cr3, cr4, cr8, efer;
    uint64_t pdpte[4]; /* PAE page-directory-pointer registers, loaded with CR3 */
    uint64_t dr[8];
    struct cpu_msrs msr;
    struct x87 x87;
    bool ferr;  /* FERR# is asserted: an error was reported the IRQ 13 way */
    bool ignne; /* level of the IGNNE# pin */
    uint64_t xmm[16][2];
    uint32_t mxcsr;
    uint64_t xcr0;
    uint8_t cpl;
    uint32_t activity; /* enum cpu_activity */
    uint32_t shadow;   /* enum cpu_shadow, covers the next instruction */
    bool intr;         /* level of the INTR pin */
    bool nmi_pending, nmi_blocked;
    bool smm;                /* in system management mode */
    bool smi_pending;        /* one SMI is latched */
    struct smm_io smi_io;    /* the I/O access that raised it; else all zero */
    uint32_t smbase;         /* where the handler and the saved state are */
    bool smm_nmi_blocked;    /* in SMM: whether NMI had been blocked before */
    uint32_t smm_debug_hits; /* in SMM: debug_hits that the SMI overtook */
    bool a20_masked;         /* bit 20 of physical addresses is forced to 0 */
    uint32_t debug_hits;     /* DR6 bits of breakpoints met in the instruction under way */
    bool repeating;          /* at the boundary between two iterations of a string instruction */
    struct exception exception;
    struct tlb tlb;
    gva_t fetch_page;  /* linear page that code runs from, or FETCH_NONE: translate at the next fetch */
    gpa_t fetch_frame; /* its physical page */

    /* Derived from the above by cpu_derive. */
    mem_t fetch_memory;     /* guest memory behind fetch_frame; MEM_NONE: code in a device or nowhere */
    uint64_t sp_mask;       /* width of the stack pointer */
    uint64_t sp_keep;       /* bits of RSP that stack operations leave alone */
    uint64_t linear_mask;   /* width of linear addresses: 32 bits outside long mode */
    uint64_t physical_mask; /* A20 and the model's address width */
    uint64_t code_end;      /* CS limit + 1: fetches end before it */
    uint32_t mode;          /* decode mode, enum cpu_mode */
    uint32_t user;          /* 1 at CPL 3, else 0: access class of the TLB */
    uint8_t flat_segs;      /* bit n: segment n covers 4 GiB from 0, for all accesses that its type allows */

    /* Engine. */
    uint64_t derivations; /* calls of cpu_derive_segment so far: something that code may assume has changed */
    uint64_t engine_context;    /* of the engine: which assumptions its code was made under */
    uint64_t horizon;           /* instruction count at which control returns to the machine */
    int64_t budget;             /* instructions left before the horizon, after the current trace */
    const struct insn *current; /* instruction under way while slow code runs; NULL between instructions */
    struct trace *trace;        /* trace under way */
    uint64_t resumed_at;        /* instruction count at which RF was taken back early; 0: it was not */
    bool stop_requested;        /* leave cpu_run at the next instruction boundary */
    bool step_settled;          /* the instruction under way has decided on its single-step trap itself */
    struct smm_io io;           /* the port access under way; only while `valid` */
    uint64_t next_rip;          /* of the instruction under way; serial operations may change it */
    struct insn *stopper;       /* instruction whose handler stop_after has replaced, and that handler */
    const struct insn *(*stopper_saved)(struct cpu *, const struct insn *);

    /* Links. */
    const struct cpu_model *model;
    uint32_t max_leaf; /* of CPUID, below 80000000h */
    struct clock *clock;
    struct memory *memory;
    struct physmap *physmap;
    struct portmap *portmap;
    struct decoder *decoder;
    struct trace_cache *traces;
    const struct engine_ops *engine; /* NULL: the interpreter alone */
    void *engine_self;
    uint64_t *direct; /* see engine.h; NULL: none */
    struct log_source log;
    const struct cpu_bus *bus;
    void *bus_self;
    struct tlb_counts tlb_counts;
};

/* What the processor asks of the board. */
struct cpu_bus {
    uint8_t (*acknowledge)(void *self);   /* INTA cycle: vector of the highest pending interrupt */
    void (*ferr)(void *self, bool level); /* FERR# pin, for IRQ 13 */
    void (*shutdown)(void *self);         /* shutdown cycle after a triple fault; the board resets or stops */
    void (*entropy)(void *self, void *bytes, unsigned size);
    void (*smiact)(void *self, bool level); /* SMIACT# pin: in system management mode; may be NULL */
};

struct cpu_config {
    const struct cpu_model *model;
    uint32_t cpuid_limit; /* highest basic CPUID leaf; 0: the model's */
    struct clock *clock;
    struct memory *memory;
    struct physmap *physmap;
    struct portmap *portmap;
    struct log *log;
    const struct cpu_bus *bus;
    void *bus_self;
};

/* A processor in its power-on state (SDM 3A 9.1). Owned by the caller; free with cpu_free. */
struct cpu *cpu_new(const struct cpu_config *config);
void cpu_free(struct cpu *cpu);

/* Power-on or INIT# reset; keeps nothing but, for INIT, the FPU, MSRs and cache bits (SDM 3A table 9-1). */
void cpu_reset(struct cpu *cpu, bool init);

/* Registers the processor's state as part "cpu0". */
void cpu_register_state(struct cpu *cpu, struct state_set *set);

/* Runs until the clock's instruction count reaches `horizon`, a stop is requested, or the processor halts
 * with nothing to do. Afterwards clock->insns is exact and no instruction is under way. */
void cpu_run(struct cpu *cpu, uint64_t horizon);

/* Makes cpu_run return at the next instruction boundary. Safe to call from device code under a CPU access. */
void cpu_stop(struct cpu *cpu);

/* Lets virtual time pass without instructions while one is under way (bus cycles); deadlines stay exact. */
void cpu_spend(struct cpu *cpu, uint64_t ns);

/* Pins. They may be driven from device code at any time. */
void cpu_set_intr(struct cpu *cpu, bool level);
void cpu_pulse_nmi(struct cpu *cpu);
/* SMI# falls. Nothing on models without system management mode. */
void cpu_pulse_smi(struct cpu *cpu);
/* IGNNE#: the board asserts it after a write to port F0h, until FERR# falls. */
void cpu_set_ignne(struct cpu *cpu, bool level);
void cpu_set_a20(struct cpu *cpu, bool enabled);

/* In system management mode INIT# is held off until RSM, unless the processor has shut down (SDM 3C 31.2). */
bool cpu_holds_init(const struct cpu *cpu);

/* True when the processor only waits for an interrupt (HLT), so that time may skip ahead. */
bool cpu_is_idle(const struct cpu *cpu);

/* The physical map changed: cached host addresses and code are stale. For physmap.changed. */
void cpu_map_changed(void *cpu, gpa_t base, uint64_t size);

/* Code was overwritten. For memory.code_written. */
void cpu_code_written(void *cpu, mem_t offset, uint64_t size);

/* Recomputes everything derived: call after any change to CR0, CR4, EFER, EFLAGS.VM, CPL, CS, SS, DR7 or A20.
 */
void cpu_derive(struct cpu *cpu);

/* Recomputes the fast-path ends of one segment register after it changed. */
void cpu_derive_segment(struct cpu *cpu, enum seg_index index);

/* Whole EFLAGS image with lazy flags resolved; and its replacement (all bits taken as given, bit 1 set). */
uint32_t cpu_get_eflags(const struct cpu *cpu);
void cpu_set_eflags(struct cpu *cpu, uint32_t value);

/* Notes an exception for delivery at the instruction boundary and returns false, so that `return
 * cpu_fault(...)` works. */
bool cpu_fault(struct cpu *cpu, enum exception_vector vector);
bool cpu_fault_code(struct cpu *cpu, enum exception_vector vector, uint32_t error);

/* Sign-extended from bit 47, as addresses in 64-bit mode must be (SDM 1 3.3.7.1). */
static inline bool is_canonical(uint64_t address)
{
    return ((int64_t)(address << 16) >> 16) == (int64_t)address;
}

/* Stops executing until a reset, tells the board, and logs why. */
void cpu_enter_shutdown(struct cpu *cpu, const char *why);

/* Modes. */
static inline bool cpu_is_protected(const struct cpu *cpu)
{
    return (cpu->cr0 & CR0_PE) != 0;
}

static inline bool cpu_is_v86(const struct cpu *cpu)
{
    return (cpu->eflags & EFLAGS_VM) != 0;
}

/* Real-address or virtual-8086 mode: segment = selector * 16, no descriptors. */
static inline bool cpu_is_real_like(const struct cpu *cpu)
{
    return !cpu_is_protected(cpu) || cpu_is_v86(cpu);
}

static inline bool cpu_is_long(const struct cpu *cpu)
{
    return (cpu->efer & EFER_LMA) != 0;
}

static inline bool cpu_is_64bit(const struct cpu *cpu)
{
    return cpu_is_long(cpu) && (cpu->seg[SEG_CS].attributes & SEG_ATTR_L) != 0;
}

static inline unsigned cpu_iopl(const struct cpu *cpu)
{
    return (cpu->eflags >> 12) & 3;
}

/* Recomputes where code bytes come from after the fetch page, the map or A20 changed by other means than
 * running. */
void cpu_refetch(struct cpu *cpu);

/* Time-stamp counter ticks since power-on, without the guest's offset. */
uint64_t cpu_tsc_ticks(const struct cpu *cpu);

/* Instructions retired before the one under way, exact even inside a trace. */
uint64_t cpu_insns_now(const struct cpu *cpu);

#endif
