/* SPDX-License-Identifier: MIT */
/* A processor in 32-bit protected mode with a GDT that has one of everything. */
#ifndef LATHE_TESTS_SUPPORT_PROTECTED_FIXTURE_H
#define LATHE_TESTS_SUPPORT_PROTECTED_FIXTURE_H

#include "tests/support/cpu_fixture.h"

/* Physical addresses. */
enum {
    PF_GDT = 0x1000,
    PF_IDT = 0x1800,
    PF_TSS = 0x3000,   /* 386, current */
    PF_TSS_B = 0x3200, /* 386 */
    PF_TSS_C = 0x3400, /* 286 */
    PF_LDT = 0x3600,
    PF_CODE = 0x10000,
    PF_STACK0 = 0x20000, /* top of the level 0 stack */
    PF_STACK3 = 0x30000,
    PF_STACK1 = 0x28000,
    PF_IDT_VECTORS = 64,
};

/* Selectors, without RPL. */
enum {
    SEL_CODE0 = 0x08,
    SEL_DATA0 = 0x10,
    SEL_CODE3 = 0x18,
    SEL_DATA3 = 0x20,
    SEL_TSS = 0x28,
    SEL_LDT = 0x30,
    SEL_CONFORMING0 = 0x38,
    SEL_CODE0_16 = 0x40,
    SEL_DATA0_16 = 0x48, /* 16-bit stack, limit FFFFh, base 0 */
    SEL_CALL_GATE = 0x50,
    SEL_TASK_GATE = 0x58,
    SEL_TSS_B = 0x60,
    SEL_TSS_C = 0x68,
    SEL_ABSENT_DATA = 0x70,
    SEL_ABSENT_CODE = 0x78,
    SEL_CODE1 = 0x80,
    SEL_DATA1 = 0x88,
    SEL_READ_ONLY = 0x90,
    SEL_EXECUTE_ONLY = 0x98,
    SEL_SMALL_CODE = 0xA0, /* limit FFFh */
    SEL_EXPAND_DOWN = 0xA8,
    SEL_SPARE = 0xB0,
    SEL_LIMIT = 0xB8,
};

enum {
    ATTR_CODE0 = 0xC09B,
    ATTR_DATA0 = 0xC093,
    ATTR_CODE3 = 0xC0FB,
    ATTR_DATA3 = 0xC0F3,
};

void protected_fixture_init(struct cpu_fixture *f);

/* The same of another model. */
void protected_fixture_init_model(struct cpu_fixture *f, const char *model);

/* Moves to level 3 as IRET would leave it: CODE3, DATA3, ESP at PF_STACK3. */
void protected_fixture_user(struct cpu_fixture *f);

/* Moves to V86 mode: CS=1000h, SS=2000h, SP=1000h, the rest 3000h; IOPL as given. */
void protected_fixture_v86(struct cpu_fixture *f, unsigned iopl);

/* Writes bytes at CS:EIP and runs `insns` instructions there. */
void protected_fixture_execute(struct cpu_fixture *f, const void *bytes, uint64_t size, uint64_t insns);

#endif
