/* SPDX-License-Identifier: MIT */
/*
 * What C cannot say in real mode: interrupt flag, far memory, the ROM's own constants.
 *
 * The code model. CS is F000h. DS = ES = SS = whatever stack the code runs on, so pointers to locals work and
 * nothing else may be reached through a plain pointer. FS is 0 (BDA and IVT, bda.h), GS the private segment
 * (private.h). Constants live in the ROM and are read through CS with the ROM8..ROM32 macros.
 */
#ifndef BIOS_SYSTEM_CPU_H
#define BIOS_SYSTEM_CPU_H
#include <stdbool.h>
#include <stdint.h>

#include "common/io.h"

#define NEAR(p) ((uint32_t)(uintptr_t)(p))

static inline uint8_t rom_read8(const void *p)
{
    uint8_t value;
    __asm__("movb %%cs:(%1), %0" : "=q"(value) : "r"(p));
    return value;
}

static inline uint16_t rom_read16(const void *p)
{
    uint16_t value;
    __asm__("movw %%cs:(%1), %0" : "=r"(value) : "r"(p));
    return value;
}

static inline uint32_t rom_read32(const void *p)
{
    uint32_t value;
    __asm__("movl %%cs:(%1), %0" : "=r"(value) : "r"(p));
    return value;
}

#define ROM8(lvalue)  rom_read8(&(lvalue))
#define ROM16(lvalue) rom_read16(&(lvalue))
#define ROM32(lvalue) rom_read32(&(lvalue))

static inline uint8_t far_read8(uint16_t segment, uint16_t offset)
{
    uint8_t value;
    __asm__ volatile("movw %1, %%es\n\tmovb %%es:(%2), %0\n\tpushw %%ss\n\tpopw %%es"
                     : "=q"(value)
                     : "r"(segment), "r"((uint32_t)offset)
                     : "memory");
    return value;
}

static inline uint16_t far_read16(uint16_t segment, uint16_t offset)
{
    return (uint16_t)(far_read8(segment, offset) | far_read8(segment, (uint16_t)(offset + 1)) << 8);
}

static inline uint32_t far_read32(uint16_t segment, uint16_t offset)
{
    return far_read16(segment, offset) | (uint32_t)far_read16(segment, (uint16_t)(offset + 2)) << 16;
}

static inline void far_write8(uint16_t segment, uint16_t offset, uint8_t value)
{
    __asm__ volatile("movw %0, %%es\n\tmovb %2, %%es:(%1)\n\tpushw %%ss\n\tpopw %%es"
                     :
                     : "r"(segment), "r"((uint32_t)offset), "q"(value)
                     : "memory");
}

static inline void far_write16(uint16_t segment, uint16_t offset, uint16_t value)
{
    far_write8(segment, offset, (uint8_t)value);
    far_write8(segment, (uint16_t)(offset + 1), (uint8_t)(value >> 8));
}

static inline void far_write32(uint16_t segment, uint16_t offset, uint32_t value)
{
    far_write16(segment, offset, (uint16_t)value);
    far_write16(segment, (uint16_t)(offset + 2), (uint16_t)(value >> 16));
}

static inline void cpu_cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void cpu_sti(void)
{
    __asm__ volatile("sti" : : : "memory");
}

/* Sleeps until the next interrupt. STI holds interrupts off for one instruction, so none is lost before HLT.
 * Returns with interrupts disabled. */
static inline void cpu_wait_interrupt(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

/* entry.S. Copies between any 32-bit physical addresses, through protected mode; not callable in V86 mode. */
void copy_physical(uint32_t destination, uint32_t source, uint32_t bytes);

/* Words between a port and far memory; segment:offset must not wrap within the transfer. */
void far_insw(uint16_t port, uint32_t segment_offset, uint32_t words);
void far_outsw(uint16_t port, uint32_t segment_offset, uint32_t words);

/* What the C compiler may call on its own. */
void *memset(void *to, int value, uint32_t bytes);
void *memcpy(void *to, const void *from, uint32_t bytes);

#endif
