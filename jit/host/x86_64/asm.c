/* SPDX-License-Identifier: MIT */
#include "jit/host/x86_64/asm.h"

#include <string.h>

#include "core/base/bytes.h"

uint8_t *asm_here(const struct assembler *as)
{
    return as->at + as->to_exec;
}

void asm_byte(struct assembler *as, unsigned byte)
{
    if (as->at == as->end)
        as->full = true;
    else
        *as->at++ = (uint8_t)byte;
}

static void put(struct assembler *as, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        asm_byte(as, (unsigned)(value >> (8 * i)) & 0xFF);
}

void asm_imm32(struct assembler *as, uint32_t value)
{
    put(as, value, 4);
}

void asm_imm64(struct assembler *as, uint64_t value)
{
    put(as, value, 8);
}

void asm_imm(struct assembler *as, unsigned size, int64_t value)
{
    put(as, (uint64_t)value, size > 4 ? 4 : size);
}

/* Prefixes and opcode bytes. */
static void begin(struct assembler *as, unsigned size, unsigned opcode, unsigned reg, unsigned index,
                  unsigned base)
{
    unsigned rex = (size == 8 ? 8u : 0u) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
    if (size == 2)
        asm_byte(as, 0x66);
    if (rex || as->force_rex)
        asm_byte(as, 0x40 | rex);
    as->force_rex = false;
    for (int shift = 16; shift >= 0; shift -= 8)
        if (opcode >> shift || !shift)
            asm_byte(as, opcode >> shift & 0xFF);
}

void asm_rr(struct assembler *as, unsigned size, unsigned opcode, unsigned reg, unsigned rm)
{
    begin(as, size, opcode, reg, 0, rm);
    asm_byte(as, 0xC0 | (reg & 7) << 3 | (rm & 7));
}

static void modrm_memory(struct assembler *as, unsigned reg, struct host_mem mem)
{
    unsigned field = (reg & 7) << 3;
    bool small = mem.disp == (int8_t)mem.disp;
    if (mem.base == NO_REG) { /* SIB without base: 32-bit displacement */
        asm_byte(as, field | 4);
        asm_byte(as, (unsigned)mem.scale << 6 | (mem.index == NO_REG ? 4 : mem.index & 7u) << 3 | 5);
        asm_imm32(as, (uint32_t)mem.disp);
        return;
    }
    unsigned mod = !mem.disp && (mem.base & 7) != RBP ? 0 : small ? 0x40 : 0x80;
    if (mem.index != NO_REG || (mem.base & 7) == RSP) {
        asm_byte(as, mod | field | 4);
        asm_byte(as, (unsigned)mem.scale << 6 | (mem.index == NO_REG ? 4 : mem.index & 7u) << 3 |
                         (mem.base & 7u));
    } else {
        asm_byte(as, mod | field | (mem.base & 7u));
    }
    if (mod)
        put(as, (uint32_t)mem.disp, mod == 0x40 ? 1 : 4);
}

void asm_rm(struct assembler *as, unsigned size, unsigned opcode, unsigned reg, struct host_mem mem)
{
    begin(as, size, opcode, reg, mem.index == NO_REG ? 0 : mem.index, mem.base == NO_REG ? 0 : mem.base);
    modrm_memory(as, reg, mem);
}

void asm_mov_rr(struct assembler *as, unsigned size, unsigned to, unsigned from)
{
    asm_rr(as, size, size == 1 ? 0x88 : 0x89, from, to);
}

void asm_load(struct assembler *as, unsigned size, unsigned to, struct host_mem from)
{
    asm_rm(as, size, 0x8B, to, from);
}

void asm_store(struct assembler *as, unsigned size, struct host_mem to, unsigned from)
{
    asm_rm(as, size, size == 1 ? 0x88 : 0x89, from, to);
}

void asm_store_imm(struct assembler *as, unsigned size, struct host_mem to, int32_t value)
{
    asm_rm(as, size, size == 1 ? 0xC6 : 0xC7, 0, to);
    asm_imm(as, size, value);
}

void asm_mov_imm(struct assembler *as, unsigned to, uint64_t value)
{
    if (value >> 32 == 0) {
        begin(as, 4, 0xB8 | (to & 7), 0, 0, to);
        asm_imm32(as, (uint32_t)value);
    } else if ((uint64_t)(int64_t)(int32_t)value == value) {
        asm_rr(as, 8, 0xC7, 0, to);
        asm_imm32(as, (uint32_t)value);
    } else {
        begin(as, 8, 0xB8 | (to & 7), 0, 0, to);
        asm_imm64(as, value);
    }
}

void asm_lea(struct assembler *as, unsigned size, unsigned to, struct host_mem from)
{
    asm_rm(as, size, 0x8D, to, from);
}

static uint8_t *displacement(struct assembler *as, const uint8_t *target)
{
    uint8_t *field = asm_here(as);
    asm_imm32(as, target ? (uint32_t)(target - (field + 4)) : 0);
    return field;
}

uint8_t *asm_jmp(struct assembler *as, const uint8_t *target)
{
    asm_byte(as, 0xE9);
    return displacement(as, target);
}

uint8_t *asm_jcc(struct assembler *as, unsigned cond, const uint8_t *target)
{
    asm_byte(as, 0x0F);
    asm_byte(as, 0x80 | cond);
    return displacement(as, target);
}

enum { SHORT_JUMP = 2 /* bytes */ };

static bool reaches(const struct assembler *as, const uint8_t *target)
{
    return target - (asm_here(as) + SHORT_JUMP) >= INT8_MIN;
}

static void short_jump(struct assembler *as, unsigned opcode, const uint8_t *target)
{
    unsigned distance = (unsigned)(target - (asm_here(as) + SHORT_JUMP));
    asm_byte(as, opcode);
    asm_byte(as, distance & 0xFF);
}

void asm_jmp_back(struct assembler *as, const uint8_t *target)
{
    if (reaches(as, target))
        short_jump(as, 0xEB, target);
    else
        asm_jmp(as, target);
}

void asm_jcc_back(struct assembler *as, unsigned cond, const uint8_t *target)
{
    if (reaches(as, target))
        short_jump(as, 0x70 | cond, target);
    else
        asm_jcc(as, cond, target);
}

void asm_call(struct assembler *as, const uint8_t *target)
{
    asm_byte(as, 0xE8);
    displacement(as, target);
}

void asm_call_absolute(struct assembler *as, uint64_t target)
{
    asm_mov_imm(as, RAX, target);
    asm_rr(as, 4, 0xFF, 2, RAX);
}

void asm_patch(ptrdiff_t to_exec, uint8_t *field, const uint8_t *target)
{
    store_le(field - to_exec, 4, (uint64_t)(target - (field + 4)));
}

void asm_least(struct assembler *as, unsigned size, unsigned a, unsigned b)
{
    asm_rr(as, size, 0x39, b, a);
    asm_rr(as, size, 0x0F47, a, b); /* CMOVA */
}
