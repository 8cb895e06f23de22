/* SPDX-License-Identifier: MIT */
/* Registers, bits and vectors, named as in the Intel SDM. */
#ifndef LATHE_CORE_X86_REGS_H
#define LATHE_CORE_X86_REGS_H

#include <stdint.h>

enum gpr {
    GPR_AX,
    GPR_CX,
    GPR_DX,
    GPR_BX,
    GPR_SP,
    GPR_BP,
    GPR_SI,
    GPR_DI,
    GPR_R8,
    GPR_R9,
    GPR_R10,
    GPR_R11,
    GPR_R12,
    GPR_R13,
    GPR_R14,
    GPR_R15,
    /* Not registers, but addends of memory operands. */
    GPR_ZERO, /* 0 */
    GPR_RIP,  /* struct cpu.rip, as it stands while the instruction runs */
    GPR_FAR,  /* what exec_far_operand has put there for the instruction under way */
    GPR_COUNT
};

/* In the order of their encoding; LDTR and TR follow. */
enum seg_index { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_COUNT };

/* struct segment attributes: bits 8-23 of the descriptor's high dword, moved down by 8 (bits 8-11: zero). */
enum seg_attribute {
    SEG_ATTR_ACCESSED = 1 << 0,
    SEG_ATTR_WRITABLE = 1 << 1,    /* data; code: readable */
    SEG_ATTR_EXPAND_DOWN = 1 << 2, /* data; code: conforming */
    SEG_ATTR_CODE = 1 << 3,
    SEG_ATTR_TYPE = 0x0F,
    SEG_ATTR_S = 1 << 4, /* code or data; clear: system */
    SEG_ATTR_DPL_SHIFT = 5,
    SEG_ATTR_DPL = 3 << 5,
    SEG_ATTR_P = 1 << 7,
    SEG_ATTR_AVL = 1 << 12,
    SEG_ATTR_L = 1 << 13,
    SEG_ATTR_DB = 1 << 14,
    SEG_ATTR_G = 1 << 15,
};

enum system_type {
    TYPE_TSS16 = 1,
    TYPE_LDT = 2,
    TYPE_TSS16_BUSY = 3,
    TYPE_CALL_GATE16 = 4,
    TYPE_TASK_GATE = 5,
    TYPE_INT_GATE16 = 6,
    TYPE_TRAP_GATE16 = 7,
    TYPE_TSS32 = 9,
    TYPE_TSS32_BUSY = 11,
    TYPE_CALL_GATE32 = 12,
    TYPE_INT_GATE32 = 14,
    TYPE_TRAP_GATE32 = 15,
};

enum eflags_bit {
    EFLAGS_CF = 1 << 0,
    EFLAGS_FIXED = 1 << 1,
    EFLAGS_PF = 1 << 2,
    EFLAGS_AF = 1 << 4,
    EFLAGS_ZF = 1 << 6,
    EFLAGS_SF = 1 << 7,
    EFLAGS_TF = 1 << 8,
    EFLAGS_IF = 1 << 9,
    EFLAGS_DF = 1 << 10,
    EFLAGS_OF = 1 << 11,
    EFLAGS_IOPL = 3 << 12,
    EFLAGS_NT = 1 << 14,
    EFLAGS_RF = 1 << 16,
    EFLAGS_VM = 1 << 17,
    EFLAGS_AC = 1 << 18,
    EFLAGS_VIF = 1 << 19,
    EFLAGS_VIP = 1 << 20,
    EFLAGS_ID = 1 << 21,
    EFLAGS_OSZAPC = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF,
};

#define CR0_PE UINT64_C(0x00000001)
#define CR0_MP UINT64_C(0x00000002)
#define CR0_EM UINT64_C(0x00000004)
#define CR0_TS UINT64_C(0x00000008)
#define CR0_ET UINT64_C(0x00000010)
#define CR0_NE UINT64_C(0x00000020)
#define CR0_WP UINT64_C(0x00010000)
#define CR0_AM UINT64_C(0x00040000)
#define CR0_NW UINT64_C(0x20000000)
#define CR0_CD UINT64_C(0x40000000)
#define CR0_PG UINT64_C(0x80000000)

enum cr4_bit {
    CR4_VME = 1 << 0,
    CR4_PVI = 1 << 1,
    CR4_TSD = 1 << 2,
    CR4_DE = 1 << 3,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_MCE = 1 << 6,
    CR4_PGE = 1 << 7,
    CR4_PCE = 1 << 8,
    CR4_OSFXSR = 1 << 9,
    CR4_OSXMMEXCPT = 1 << 10,
    CR4_OSXSAVE = 1 << 18,
};

enum efer_bit { EFER_SCE = 1 << 0, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11 };

enum debugctl_bit { DEBUGCTL_BTF = 1 << 1 };

#define DR6_FIXED UINT64_C(0xFFFF0FF0)
#define DR7_FIXED UINT64_C(0x00000400)
enum debug_bit {
    DR6_B0 = 1 << 0,
    DR6_BD = 1 << 13,
    DR6_BS = 1 << 14,
    DR6_BT = 1 << 15,
    DR7_GD = 1 << 13,
    DR7_ENABLES = 0xFF,
};

enum exception_vector {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_MC = 18,
    VECTOR_XM = 19,
};

/* Page-fault error code (SDM 3A 4.7). */
enum pf_error { PF_P = 1 << 0, PF_W = 1 << 1, PF_U = 1 << 2, PF_RSVD = 1 << 3, PF_I = 1 << 4 };

/* What instruction decoding depends on. */
enum cpu_mode { MODE_16, MODE_32, MODE_64 };

#endif
