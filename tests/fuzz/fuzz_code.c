/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz_code.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/insn.h"
#include "core/x86/regs.h"
#include "tests/fuzz/fuzz_world.h"

uint32_t fuzz_address(struct rng *rng, uint32_t ram_bytes)
{
    static const uint32_t bases[] = {
        WORLD_IVT,         WORLD_GDT,   WORLD_IDT,  WORLD_PD,   WORLD_PT,   WORLD_PDPT, WORLD_TSS,
        WORLD_TSS + 0x100, WORLD_STACK, WORLD_DATA, WORLD_CODE, WORLD_CODE, WORLD_CODE, WORLD_DATA,
        0x9FFF8,           0xA0000,     0xB0000,    0xB8000,    0xBFFF8,    0xC0000,    0xD0000,
        0xE0000,           0xFFFF0,     0x100000,   0xE0000000, 0xFD000000, 0xFEC00000, 0xFEE00000,
        0xFFFF0000,        0xFFFFFFF8,  0x00400000, 0x0010FFF0};
    uint32_t base = bases[rng_below(rng, sizeof bases / sizeof bases[0])];
    switch (rng_below(rng, 8)) {
    case 0: return base;
    case 1: return base + 0xFF8 + rng_below(rng, 16); /* over the page's edge */
    case 2: return ram_bytes - 16 + rng_below(rng, 32);
    case 3: return (uint32_t)rng_next(rng);
    case 4: return 0x100000 + rng_below(rng, ram_bytes);
    default: return base + rng_below(rng, 0x2000);
    }
}

uint16_t fuzz_port(struct rng *rng)
{
    static const uint16_t ports[] = {
        0x00,  0x04,  0x05,  0x08,  0x0A,  0x0B,  0x0C,  0x0D,  0x0F,  0x20,   0x21,   0x40,   0x42,  0x43,
        0x60,  0x61,  0x64,  0x70,  0x71,  0x80,  0x81,  0x87,  0x92,  0xA0,   0xA1,   0xB2,   0xC0,  0xD0,
        0xD4,  0xD6,  0xD8,  0xE9,  0xF0,  0xF4,  0x170, 0x172, 0x176, 0x177,  0x1CE,  0x1CF,  0x1D0, 0x1F0,
        0x1F1, 0x1F2, 0x1F3, 0x1F6, 0x1F7, 0x2F8, 0x376, 0x3B4, 0x3B5, 0x3C0,  0x3C2,  0x3C4,  0x3C5, 0x3C6,
        0x3C8, 0x3C9, 0x3CE, 0x3CF, 0x3D4, 0x3D5, 0x3DA, 0x3F2, 0x3F4, 0x3F5,  0x3F6,  0x3F7,  0x3F8, 0x3FB,
        0x4D0, 0x4D1, 0xCF8, 0xCF9, 0xCFC, 0xCFE, 0x600, 0x604, 0x700, 0xC000, 0xC002, 0xC004, 0xFFFF};
    uint16_t port = ports[rng_below(rng, sizeof ports / sizeof ports[0])];
    switch (rng_below(rng, 4)) {
    case 0: return (uint16_t)rng_next(rng);
    case 1: return (uint16_t)(port + rng_below(rng, 16));
    default: return port;
    }
}

uint16_t fuzz_selector(struct rng *rng)
{
    if (rng_chance(rng, 10))
        return (uint16_t)rng_next(rng);
    return (uint16_t)(8 * rng_below(rng, WORLD_DESCRIPTORS) + rng_below(rng, rng_chance(rng, 20) ? 8 : 4));
}

uint32_t fuzz_cr0(struct rng *rng)
{
    uint32_t random = (uint32_t)rng_next(rng);
    uint32_t value = 0x11 | (random & (uint32_t)(CR0_WP | CR0_AM));
    if (rng_chance(rng, 15))
        value = random;
    if (rng_chance(rng, 30))
        value ^= (uint32_t)CR0_PG;
    if (rng_chance(rng, 20))
        value ^= (uint32_t)CR0_PE;
    if (rng_chance(rng, 10))
        value |= random & (uint32_t)(CR0_TS | CR0_EM | CR0_NE);
    return value;
}

uint32_t fuzz_eflags(struct rng *rng)
{
    uint32_t value = (uint32_t)rng_next(rng) & (EFLAGS_OSZAPC | EFLAGS_IF | EFLAGS_IOPL);
    if (rng_chance(rng, 25))
        value |= EFLAGS_DF;
    if (rng_chance(rng, 8))
        value |= EFLAGS_TF;
    if (rng_chance(rng, 10))
        value |= EFLAGS_NT;
    if (rng_chance(rng, 20))
        value |= (uint32_t)rng_next(rng) & 0x003FFFFF & ~(uint32_t)EFLAGS_TF;
    return value;
}

/* --- One row of the table --------------------------------------------------------------------------------
 */

struct form {
    unsigned operand, address; /* sizes in bytes */
    int modrm;                 /* reg field or whole byte; see below */
};

enum { MODRM_NONE = -1, MODRM_ANY = -2, MODRM_FIXED = 256 };

static void put_memory_16(struct code *code, unsigned reg)
{
    unsigned mod = rng_below(code->rng, 3), rm = rng_below(code->rng, 8);
    code_put(code, mod << 6 | reg << 3 | rm, 1);
    if (mod == 1)
        code_put(code, rng_next(code->rng), 1);
    else if (mod == 2 || rm == 6)
        code_put(code, rng_chance(code->rng, 50) ? rng_edge(code->rng) : rng_next(code->rng), 2);
}

static void put_memory_32(struct code *code, unsigned reg)
{
    unsigned mod = rng_below(code->rng, 3), rm = rng_below(code->rng, 8), base = rm;
    if (rng_chance(code->rng, 40))
        mod = 0, rm = base = 5;
    code_put(code, mod << 6 | reg << 3 | rm, 1);
    if (rm == 4) {
        base = rng_below(code->rng, 8);
        code_put(code, (rng_next(code->rng) & 0xF8) | base, 1);
    }
    if (mod == 1)
        code_put(code, rng_next(code->rng), 1);
    else if (mod == 2)
        code_put(code, rng_chance(code->rng, 60) ? rng_below(code->rng, 64) : rng_edge(code->rng), 4);
    else if (mod == 0 && base == 5)
        code_put(code, fuzz_address(code->rng, code->ram_bytes), 4);
}

static void put_modrm(struct code *code, const struct form *form)
{
    if (form->modrm == MODRM_NONE)
        return;
    if (form->modrm >= MODRM_FIXED) {
        code_put(code, (unsigned)form->modrm & 0xFF, 1);
        return;
    }
    unsigned reg = form->modrm == MODRM_ANY ? rng_below(code->rng, 8) : (unsigned)form->modrm;
    if (rng_chance(code->rng, 40))
        code_put(code, 0xC0 | reg << 3 | rng_below(code->rng, 8), 1);
    else if (form->address == 2)
        put_memory_16(code, reg);
    else
        put_memory_32(code, reg);
}

static void put_operand(struct code *code, const char *name, const struct form *form)
{
    struct rng *rng = code->rng;
    unsigned wide = form->operand == 2 ? 2 : 4;
    if (!strcmp(name, "Ib") || !strcmp(name, "Ibs"))
        code_put(code, rng_next(rng), 1);
    else if (!strcmp(name, "Jb"))
        code_put(code, rng_below(rng, 64) - 24, 1);
    else if (!strcmp(name, "Iw"))
        code_put(code, rng_chance(rng, 70) ? rng_below(rng, 16) : rng_next(rng), 2);
    else if (!strcmp(name, "Iz") || !strcmp(name, "Iv"))
        code_put(code, rng_chance(rng, 50) ? fuzz_address(rng, code->ram_bytes) : rng_edge(rng), wide);
    else if (!strcmp(name, "Jz"))
        code_put(code, rng_chance(rng, 90) ? rng_below(rng, 0x1000) - 0x800 : rng_edge(rng), wide);
    else if (!strcmp(name, "Ap")) {
        code_put(code, WORLD_CODE + rng_below(rng, WORLD_CODE_BYTES), wide);
        code_put(code, fuzz_selector(rng), 2);
    } else if (name[0] == 'O')
        code_put(code, fuzz_address(rng, code->ram_bytes), form->address);
}

static void put_operands(struct code *code, const char *operands, const struct form *form)
{
    char name[8];
    while (*operands) {
        size_t length = strcspn(operands, ",");
        size_t copied = length < sizeof name - 1 ? length : sizeof name - 1;
        memcpy(name, operands, copied);
        name[copied] = 0;
        put_operand(code, name, form);
        operands += length + (operands[length] == ',');
    }
}

static void put_prefixes(struct code *code, struct form *form)
{
    static const uint8_t segments[] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
    struct rng *rng = code->rng;
    if (rng_chance(rng, 15)) {
        code_put(code, 0x66, 1);
        form->operand = 6 - form->operand;
    }
    if (rng_chance(rng, 15)) {
        code_put(code, 0x67, 1);
        form->address = 6 - form->address;
    }
    if (rng_chance(rng, 15))
        code_put(code, segments[rng_below(rng, 6)], 1);
    if (rng_chance(rng, 6))
        code_put(code, 0xF2 + rng_below(rng, 2), 1);
    if (rng_chance(rng, 3))
        code_put(code, 0xF0, 1);
}

/* Opcode bytes; what follows them goes into *form. */
static void put_opcode(struct code *code, const char *encoding, struct form *form)
{
    char *end;
    for (const char *at = encoding; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (!strncmp(at, "/r", 2))
            form->modrm = MODRM_ANY;
        else if (!strncmp(at, "/=", 2))
            form->modrm = MODRM_FIXED + (int)strtoul(at + 2, &end, 16);
        else if (at[0] == '/')
            form->modrm = at[1] - '0';
        else if (at[0] == '+' && code->size)
            code->bytes[code->size - 1] += (uint8_t)rng_below(code->rng, 8);
        else if (at[0] == 'R')
            code_put(code, at[4] == 'W' ? 0x48 : 0x41, 1);
        else if (strncmp(at, "NP", 2) != 0)
            code_put(code, strtoul(at, &end, 16), 1);
        at += length;
    }
}

void fuzz_row(struct code *code)
{
    const struct insn_row *row = &insn_table[rng_below(code->rng, insn_table_rows)];
    unsigned size = code->wide ? 4 : 2;
    struct form form = {size, size, MODRM_NONE};
    put_prefixes(code, &form);
    if (code->rex && rng_chance(code->rng, 40))
        code_put(code, 0x40 | rng_below(code->rng, 16), 1);
    put_opcode(code, row->encoding, &form);
    put_modrm(code, &form);
    put_operands(code, row->operands, &form);
}

/* --- Sequences that get somewhere ---------------------------------------------------------------------- */

/* MOV r32, imm32 */
static void load(struct code *code, enum gpr reg, uint32_t value)
{
    if (!code->wide)
        code_put(code, 0x66, 1);
    code_put(code, 0xB8 + (unsigned)reg, 1);
    code_put(code, value, 4);
}

static void out_value(struct code *code, uint16_t port, unsigned size, uint32_t value)
{
    load(code, GPR_DX, port);
    load(code, GPR_AX, value);
    if (size != 1 && (size == 4) != code->wide)
        code_put(code, 0x66, 1);
    code_put(code, size == 1 ? 0xEE : 0xEF, 1);
}

static void in_or_out(struct code *code)
{
    static const uint8_t opcodes[] = {0xEC, 0xED, 0xEE, 0xEF, 0x6C, 0x6D, 0x6E, 0x6F};
    struct rng *rng = code->rng;
    load(code, GPR_DX, fuzz_port(rng));
    if (rng_chance(rng, 50))
        load(code, GPR_AX, rng_edge(rng));
    if (rng_chance(rng, 30))
        code_put(code, 0x66, 1);
    code_put(code, opcodes[rng_below(rng, rng_chance(rng, 80) ? 4 : 8)], 1);
}

static void pci_write(struct code *code)
{
    static const uint8_t registers[] = {0x04, 0x10, 0x14, 0x18, 0x20, 0x30, 0x3C, 0x40, 0x58,
                                        0x59, 0x5A, 0x5F, 0x60, 0x72, 0x80, 0x90, 0xD2};
    struct rng *rng = code->rng;
    uint32_t reg = rng_chance(rng, 80) ? registers[rng_below(rng, sizeof registers)] : rng_below(rng, 256);
    uint32_t where = UINT32_C(0x80000000) | rng_below(rng, 4) << 11 | rng_below(rng, 4) << 8 | (reg & 0xFC);
    static const uint32_t values[] = {0x7,        0x3,        0xFFFFFFFF, 0xE0000000, 0x00000000, 0x000A0000,
                                      0x000F0001, 0xC001,     0x1F1,      0xFFFFF000, 0xFD000000, 0xFFFF0001,
                                      0x33333333, 0x11111111, 0x22222222, 0xFEC00000};
    out_value(code, 0xCF8, 4, where);
    uint32_t value = rng_chance(rng, 70) ? values[rng_below(rng, 16)] : (uint32_t)rng_next(rng);
    out_value(code, (uint16_t)(0xCFC + (reg & 3)), 1u << rng_below(rng, 3), value);
}

static void write_control_register(struct code *code)
{
    static const uint8_t numbers[] = {0, 0, 2, 3, 3, 4};
    struct rng *rng = code->rng;
    unsigned number = numbers[rng_below(rng, 6)];
    uint32_t value = number == 0   ? fuzz_cr0(rng)
                     : number == 3 ? (rng_chance(rng, 50) ? WORLD_PD : WORLD_PDPT) | rng_below(rng, 32)
                                   : rng_edge(rng) & (rng_chance(rng, 80) ? 0x7FF : UINT32_MAX);
    load(code, GPR_AX, value);
    code_put(code, 0xC0220F | number << 19, 3);
}

static void write_debug_register(struct code *code)
{
    struct rng *rng = code->rng;
    unsigned number = rng_below(rng, 8);
    load(code, GPR_AX, number < 4 ? fuzz_address(rng, code->ram_bytes) : rng_edge(rng));
    code_put(code, 0xC0230F | number << 19, 3);
}

static void access_msr(struct code *code)
{
    static const uint32_t msrs[] = {0x00,       0x01,       0x10,       0x1B,      0x79,  0x8B,  0xFE,
                                    0x174,      0x175,      0x176,      0x179,     0x17A, 0x1A0, 0x1D9,
                                    0x200,      0x20F,      0x250,      0x268,     0x277, 0x2FF, 0x400,
                                    0xC0000080, 0xC0000081, 0xC0000102, 0xC0000103};
    struct rng *rng = code->rng;
    load(code, GPR_CX,
         rng_chance(rng, 85) ? msrs[rng_below(rng, sizeof msrs / sizeof msrs[0])] : rng_edge(rng));
    load(code, GPR_AX, rng_edge(rng));
    load(code, GPR_DX, rng_chance(rng, 50) ? 0 : rng_edge(rng));
    code_put(code, rng_chance(rng, 60) ? 0x300F : 0x320F, 2);
}

/* LGDT, LIDT of an absolute operand that the harness keeps plausible, or anywhere. */
static void load_table(struct code *code)
{
    struct rng *rng = code->rng;
    uint32_t at =
        rng_chance(rng, 70) ? WORLD_POINTERS + 8 * rng_below(rng, 4) : fuzz_address(rng, code->ram_bytes);
    code_put(code, 0x010F, 2);
    code_put(code, (code->wide ? 0x05 : 0x06) | (2 + rng_below(rng, 2)) << 3, 1);
    code_put(code, at, code->wide ? 4 : 2);
}

static void load_selector(struct code *code)
{
    static const uint16_t loads[] = {0xC08E, 0xD08E, 0xD88E, 0xE08E, 0xE88E};
    struct rng *rng = code->rng;
    load(code, GPR_AX, fuzz_selector(rng));
    if (rng_chance(rng, 80)) {
        code_put(code, loads[rng_below(rng, 5)], 2);
    } else { /* LLDT, LTR */
        code_put(code, 0x000F, 2);
        code_put(code, rng_chance(rng, 50) ? 0xD0 : 0xD8, 1);
    }
}

static void far_transfer(struct code *code)
{
    static const uint8_t ends[] = {0xCB, 0xCF, 0xCF, 0xCA};
    struct rng *rng = code->rng;
    uint32_t offset = rng_below(rng, WORLD_CODE_BYTES);
    if (rng_chance(rng, 40)) {
        code_put(code, rng_chance(rng, 50) ? 0xEA : 0x9A, 1);
        code_put(code, offset, code->wide ? 4 : 2);
        code_put(code, fuzz_selector(rng), 2);
        return;
    }
    load(code, GPR_AX, fuzz_eflags(rng) | (rng_chance(rng, 20) ? EFLAGS_VM : 0));
    code_put(code, 0x50, 1);
    load(code, GPR_AX, fuzz_selector(rng));
    code_put(code, 0x50, 1);
    load(code, GPR_AX, offset);
    code_put(code, 0x50, 1);
    uint8_t end = ends[rng_below(rng, 4)];
    code_put(code, end, 1);
    if (end == 0xCA)
        code_put(code, rng_below(rng, 32), 2);
}

static void repeat_string(struct code *code)
{
    static const uint8_t opcodes[] = {0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC,
                                      0xAD, 0xAE, 0xAF, 0x6C, 0x6D, 0x6E, 0x6F};
    struct rng *rng = code->rng;
    load(code, GPR_CX, rng_chance(rng, 80) ? rng_below(rng, 600) : rng_edge(rng));
    load(code, GPR_SI, fuzz_address(rng, code->ram_bytes));
    load(code, GPR_DI, fuzz_address(rng, code->ram_bytes));
    if (rng_chance(rng, 30))
        load(code, GPR_DX, fuzz_port(rng));
    if (rng_chance(rng, 25))
        code_put(code, rng_chance(rng, 50) ? 0xFD : 0xFC, 1);
    if (rng_chance(rng, 60))
        code_put(code, 0x67, 1);
    if (rng_chance(rng, 20))
        code_put(code, 0x66, 1);
    code_put(code, 0xF2 + rng_below(rng, 2), 1);
    code_put(code, opcodes[rng_below(rng, sizeof opcodes)], 1);
}

static void store_anywhere(struct code *code)
{
    struct rng *rng = code->rng;
    load(code, GPR_AX, rng_edge(rng));
    if (!code->wide)
        code_put(code, 0x67, 1);
    code_put(code, rng_chance(rng, 50) ? 0xA2 : 0xA3, 1);
    code_put(code, fuzz_address(rng, code->ram_bytes), 4);
}

/* Task file, then a command that moves data, and some of the data. */
static void ide_command(struct code *code)
{
    static const uint8_t commands[] = {0x20, 0x21, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x40,
                                       0x70, 0x90, 0x91, 0xA0, 0xA1, 0xB0, 0xC4, 0xC5, 0xC6, 0xC8,
                                       0xCA, 0xE0, 0xE7, 0xEC, 0xEF, 0x08, 0x10, 0xEA, 0xF8, 0xF5};
    struct rng *rng = code->rng;
    uint16_t base = rng_chance(rng, 50) ? 0x1F0 : 0x170;
    out_value(code, base + 6, 1, 0xA0 | rng_below(rng, 256));
    for (uint16_t i = 1; i <= 5; i++)
        out_value(code, base + i, 1, rng_chance(rng, 60) ? rng_below(rng, 4) : rng_edge(rng));
    out_value(code, base + 7, 1, commands[rng_below(rng, sizeof commands)]);
    if (rng_chance(rng, 40)) { /* bus master: descriptors that lie in the data area */
        uint16_t master = base == 0x1F0 ? 0xC000 : 0xC008;
        out_value(code, master + 4, 4, fuzz_address(rng, code->ram_bytes));
        out_value(code, master + 2, 1, 0x66);
        out_value(code, master, 1, rng_chance(rng, 50) ? 0x09 : 0x01);
        return;
    }
    load(code, GPR_DX, base);
    load(code, GPR_CX, rng_below(rng, 300));
    load(code, GPR_DI, WORLD_DATA);
    code_put(code, 0xF3, 1);
    code_put(code, rng_chance(rng, 50) ? 0x6D : 0x6F, 1);
}

/* Channel 2 towards an address, then a command for the floppy controller. */
static void floppy_command(struct code *code)
{
    static const uint8_t commands[] = {0x46, 0xC5, 0xE6, 0x4A, 0x07, 0x0F, 0x08, 0x03,
                                       0x4D, 0x10, 0x12, 0x13, 0x0E, 0x14, 0x02, 0x56};
    struct rng *rng = code->rng;
    uint32_t address = fuzz_address(rng, code->ram_bytes);
    out_value(code, 0x0B, 1, rng_chance(rng, 80) ? 0x46 | rng_below(rng, 2) << 3 : rng_next(rng) & 0xFF);
    out_value(code, 0x04, 1, address & 0xFF);
    out_value(code, 0x04, 1, address >> 8 & 0xFF);
    out_value(code, 0x81, 1, address >> 16 & 0xFF);
    out_value(code, 0x05, 1, rng_next(rng) & 0xFF);
    out_value(code, 0x05, 1, rng_below(rng, 8));
    out_value(code, 0x0A, 1, 2);
    out_value(code, 0x3F2, 1, 0x1C | rng_below(rng, 2));
    out_value(code, 0x3F5, 1, commands[rng_below(rng, sizeof commands)]);
    for (unsigned i = rng_below(rng, 10); i > 0; i--)
        out_value(code, 0x3F5, 1, rng_chance(rng, 70) ? rng_below(rng, 4) : rng_edge(rng));
}

static void keyboard_command(struct code *code)
{
    struct rng *rng = code->rng;
    if (rng_chance(rng, 50))
        out_value(code, 0x64, 1, rng_chance(rng, 50) ? 0xD0 | rng_below(rng, 16) : rng_next(rng) & 0xFF);
    out_value(code, 0x60, 1, rng_chance(rng, 50) ? 0xF0 | rng_below(rng, 16) : rng_next(rng) & 0xFF);
}

static void video_register(struct code *code)
{
    static const uint16_t indexes[] = {0x3C4, 0x3CE, 0x3D4, 0x1CE, 0x3C0};
    struct rng *rng = code->rng;
    uint16_t index = indexes[rng_below(rng, 5)];
    if (index == 0x1CE) {
        out_value(code, index, 2, rng_below(rng, 12));
        out_value(code, rng_chance(rng, 50) ? 0x1CF : 0x1D0, 2,
                  rng_chance(rng, 50) ? 0x41 : rng_edge(rng) & 0xFFFF);
    } else {
        out_value(code, index, rng_chance(rng, 50) ? 2 : 1, rng_below(rng, 26) | rng_below(rng, 256) << 8);
    }
}

/* HLT, STI, CLI, POPF, INT n, INVLPG. */
static void processor_control(struct code *code)
{
    struct rng *rng = code->rng;
    switch (rng_below(rng, 8)) {
    case 0: code_put(code, 0xF4FB, 2); break;
    case 1: code_put(code, 0xFB, 1); break;
    case 2: code_put(code, 0xFA, 1); break;
    case 3: code_put(code, 0xCD | rng_below(rng, 256) << 8, 2); break;
    case 4: code_put(code, 0xF4, 1); break;
    case 5:
        code_put(code, 0x010F, 2);
        code_put(code, code->wide ? 0x3D : 0x3E, 1);
        code_put(code, fuzz_address(rng, code->ram_bytes), code->wide ? 4 : 2);
        break;
    default:
        load(code, GPR_AX, fuzz_eflags(rng));
        code_put(code, 0x9D50, 2);
        break;
    }
}

static void load_random(struct code *code)
{
    struct rng *rng = code->rng;
    load(code, (enum gpr)rng_below(rng, 8), fuzz_address(rng, code->ram_bytes));
}

typedef void sequence_fn(struct code *code);

static sequence_fn *const sequences[] = {
    in_or_out,      in_or_out,        in_or_out,        pci_write,      write_control_register,
    far_transfer,   load_selector,    load_table,       access_msr,     write_debug_register,
    repeat_string,  repeat_string,    store_anywhere,   store_anywhere, ide_command,
    floppy_command, keyboard_command, video_register,   video_register, processor_control,
    load_random,    load_random,      processor_control};

void fuzz_code(struct code *code)
{
    while (code->size < code->capacity) {
        if (rng_chance(code->rng, 85))
            fuzz_row(code);
        else if (rng_chance(code->rng, 92))
            sequences[rng_below(code->rng, sizeof sequences / sizeof sequences[0])](code);
        else
            code_put(code, rng_next(code->rng), 1 + rng_below(code->rng, 8));
    }
}
