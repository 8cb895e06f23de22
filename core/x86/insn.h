/* SPDX-License-Identifier: MIT */
/* Decoded instructions and the instruction table that everything expands (insn.def). */
#ifndef LATHE_CORE_X86_INSN_H
#define LATHE_CORE_X86_INSN_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;
struct insn;

/* A handler executes one instruction and goes on with the next one; the result is the instruction to run
 * next, or NULL to leave the trace. In chained builds handlers call their successor as a tail call. */
typedef const struct insn *insn_fn(struct cpu *cpu, const struct insn *insn);

/* An operation without control of the trace: false where it faulted. */
typedef bool insn_op(struct cpu *cpu, const struct insn *insn);

enum insn_flag {
    INSN_MEM = 1 << 0,   /* the ModRM operand is in memory */
    INSN_REP = 1 << 1,   /* F3 */
    INSN_REPNE = 1 << 2, /* F2 */
    INSN_LOCK = 1 << 3,
    INSN_REX = 1 << 4,
    INSN_OP16 = 1 << 5, /* 66 was there */
    INSN_RIP = 1 << 6,  /* the memory operand is relative to the next instruction */
    INSN_FAR = 1 << 7,  /* its address does not fit a base and a displacement: exec_far_operand computes it */
};

/* One instruction of a trace. Much of what an engine keeps are these, so they are small: what is 64 bits wide
 * stands in the place of two fields, of which such an instruction reads neither. */
struct insn {
    insn_fn *fn;
    union {
        struct {
            int32_t imm; /* immediate, far offset; sign-extended where it is read */
            union {
                int32_t disp;      /* of the memory operand */
                uint16_t selector; /* far pointers */
            };
        };
        /* MOV of an immediate to an opcode register, moffs of 64 bits; relative branches: displacement from
         * the trace's first byte. */
        uint64_t wide;
    };
    uint16_t row;       /* in insn_table */
    uint8_t offset;     /* of its first byte from the trace's */
    uint8_t length;     /* bytes, 1 to 15 */
    uint8_t left;       /* instructions from this one to the trace's end, itself included */
    uint8_t flags;      /* enum insn_flag */
    uint8_t op_size;    /* operand size: 1, 2, 4 or 8 bytes */
    uint8_t addr_shift; /* 64 - address size in bits: addresses are cut by shifting left and right */
    uint8_t reg;        /* ModRM.reg: register, or opcode register; byte registers AH..BH are 16 + 0..3 */
    uint8_t rm;         /* ModRM.rm register operand */
    uint8_t base, index, scale; /* memory operand; GPR_ZERO where absent, GPR_RIP, GPR_FAR */
    uint8_t seg;                /* segment of the memory operand */
    uint8_t opcode;             /* last opcode byte: conditions and register numbers are in it */
    uint8_t modrm;              /* as in the code, for the FPU's opcode register */
};

_Static_assert(sizeof(struct insn) <= 32, "two to a line of the host's cache");

static inline uint64_t insn_imm(const struct insn *insn)
{
    return (uint64_t)(int64_t)insn->imm;
}

/* What an INSN_FAR operand adds its index and displacement to; next_rip: of the instruction behind it. All of
 * a moffs is in `wide`, and that its displacement is there, too, is taken back. */
static inline uint64_t insn_far_base(const struct insn *insn, uint64_t next_rip)
{
    return insn->flags & INSN_RIP ? next_rip : insn->wide - (uint64_t)(int64_t)insn->disp;
}

enum insn_class {
    CLASS_NORMAL,
    CLASS_BRANCH, /* ends a trace; sets the next RIP by itself */
    CLASS_SERIAL, /* ends a trace: may change mode, mappings, interrupts or code */
    CLASS_STRING, /* ends a trace where it repeats: there is an instruction boundary after each iteration */
};

/* Processor features that gate rows, in the order in which processors gained them. The ONLY features are of
 * one generation: their rows stand before the ones that later processors have at the same opcodes. */
enum insn_feature {
    FEATURE_ONLY_8086,
    FEATURE_ONLY_286,
    FEATURE_ESC, /* an empty coprocessor socket: escapes and WAIT without an FPU */
    FEATURE_LOADALL_386,
    FEATURE_8086,
    FEATURE_186,
    FEATURE_286,
    FEATURE_386,
    FEATURE_486,
    FEATURE_CPUID,
    FEATURE_FPU,
    FEATURE_TSC,
    FEATURE_MSR,
    FEATURE_CX8,
    FEATURE_RSM,
    FEATURE_CMOV,
    FEATURE_FCMOV,
    FEATURE_PMC,
    FEATURE_SEP,
    FEATURE_MMX,
    FEATURE_FXSR,
    FEATURE_NOPL,
    FEATURE_SSE,
    FEATURE_SSE2,
    FEATURE_CLFSH,
    FEATURE_SSE3,
    FEATURE_SSSE3,
    FEATURE_SSE41,
    FEATURE_SSE42,
    FEATURE_POPCNT,
    FEATURE_MOVBE,
    FEATURE_AES,
    FEATURE_PCLMULQDQ,
    FEATURE_XSAVE, /* XSAVEOPT included */
    FEATURE_LONG,
    FEATURE_CX16,
    FEATURE_RDTSCP,
    FEATURE_COUNT
};

/* Modes in which a row exists. */
enum insn_modes {
    IN_ALL = 0,
    NOT_64 = 1, /* #UD in 64-bit mode */
    ONLY_64 = 2,
    NOT_REAL = 4,    /* #UD in real-address and V86 mode */
    LOCKABLE = 8,    /* LOCK is allowed with a memory destination */
    DEFAULT_64 = 16, /* operand size is 64 bits in 64-bit mode without REX.W; 32 does not exist */
    FORCE_64 = 32,   /* operand size is 64 bits in 64-bit mode whatever the prefixes */
    ENVIRONMENT = 64, /* the result depends on the machine or the operating system, not on registers and memory */
};

enum insn_form { FORM_REG, FORM_MEM };

/* One row: a form of an instruction. */
struct insn_row {
    const char *mnemonic;
    const char *encoding; /* as in the SDM: "0F B6 /r", "F7 /3", "66 0F 6F /r" */
    const char *operands; /* SDM appendix A notation: "Ev,Gv" */
    insn_fn *fn[2][4];    /* [enum insn_form][log2 of the operand size] */
    insn_op *op;          /* of rows whose fn is exec_op or exec_serial_op */
    uint8_t feature;      /* enum insn_feature */
    uint8_t modes;        /* enum insn_modes */
    uint8_t class;        /* enum insn_class */
    uint16_t flags_read, flags_written, flags_undefined; /* EFLAGS bits */
    bool may_fault;                                      /* apart from its memory operand */
};

extern const struct insn_row insn_table[];
extern const unsigned insn_table_rows;

/* Whether a trace goes no further than the instruction. */
static inline bool insn_ends_trace(const struct insn *insn)
{
    unsigned class = insn_table[insn->row].class;
    return class == CLASS_STRING ? (insn->flags & (INSN_REP | INSN_REPNE)) != 0 : class != CLASS_NORMAL;
}

#endif
