/* SPDX-License-Identifier: MIT */
/* An x86-64 assembler as small as the back end needs: bytes go to the writable view of the code cache,
 * addresses are those of its executable view. */
#ifndef LATHE_JIT_HOST_X86_64_ASM_H
#define LATHE_JIT_HOST_X86_64_ASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NO_REG };

/* Condition codes, as in Jcc opcodes. */
enum host_cond {
    CC_B = 2,
    CC_AE = 3,
    CC_E = 4,
    CC_NE = 5,
    CC_BE = 6,
    CC_A = 7,
    CC_P = 10,
    CC_L = 12,
    CC_LE = 14
};

struct assembler {
    uint8_t *at, *end; /* in the writable view */
    ptrdiff_t to_exec; /* from the writable view to the executable one */
    bool force_rex;    /* the next instruction names SPL, BPL, SIL or DIL */
    bool full;         /* ran out of room: what was assembled is worthless */
};

struct host_mem {
    uint8_t base, index, scale; /* NO_REG where absent; scale is a shift */
    int32_t disp;
};

static inline struct host_mem mem_base(enum host_reg base, int32_t disp)
{
    return (struct host_mem){(uint8_t)base, NO_REG, 0, disp};
}

/* Address of the next byte in the executable view. */
uint8_t *asm_here(const struct assembler *as);

void asm_byte(struct assembler *as, unsigned byte);
void asm_imm32(struct assembler *as, uint32_t value);
void asm_imm64(struct assembler *as, uint64_t value);

/* Instructions with a ModRM byte. `opcode` holds one to three bytes, the first one in the highest place used
 * (0x0FB6). Size 2 brings the 66 prefix, 8 REX.W. A byte register 4-7 is AH-BH if nothing needs a REX prefix.
 */
void asm_rr(struct assembler *as, unsigned size, unsigned opcode, unsigned reg, unsigned rm);
void asm_rm(struct assembler *as, unsigned size, unsigned opcode, unsigned reg, struct host_mem mem);

/* An immediate of the operand size, at most 4 bytes. */
void asm_imm(struct assembler *as, unsigned size, int64_t value);

void asm_mov_rr(struct assembler *as, unsigned size, unsigned to, unsigned from);
void asm_load(struct assembler *as, unsigned size, unsigned to, struct host_mem from); /* 4 or 8 bytes */
void asm_store(struct assembler *as, unsigned size, struct host_mem to, unsigned from);
void asm_store_imm(struct assembler *as, unsigned size, struct host_mem to, int32_t value);
void asm_mov_imm(struct assembler *as, unsigned to, uint64_t value); /* shortest form, no flags */
void asm_lea(struct assembler *as, unsigned size, unsigned to, struct host_mem from);

/* Jumps and calls. `target` is in the executable view; NULL: to be patched. They return where the 32-bit
 * displacement is, in the executable view. */
uint8_t *asm_jmp(struct assembler *as, const uint8_t *target);
uint8_t *asm_jcc(struct assembler *as, unsigned cond, const uint8_t *target);
void asm_call(struct assembler *as, const uint8_t *target);

/* Jumps that are not patched, to code that is there already: short where that reaches. */
void asm_jmp_back(struct assembler *as, const uint8_t *target);
void asm_jcc_back(struct assembler *as, unsigned cond, const uint8_t *target);
void asm_call_absolute(struct assembler *as, uint64_t target); /* through RAX */

/* Makes the jump whose displacement is at `field` go to `target`; both in the executable view. */
void asm_patch(ptrdiff_t to_exec, uint8_t *field, const uint8_t *target);

/* a = the lesser of a and b, unsigned. */
void asm_least(struct assembler *as, unsigned size, unsigned a, unsigned b);

#endif
