/* SPDX-License-Identifier: MIT */
/*
 * The three kinds of memory that the VGA BIOS sees, and how C reaches them.
 *
 *   DS = ES = SS = the caller's stack   locals, through ordinary pointers
 *   GS = CS = the ROM                   constants: declare them ROM, the compiler adds the GS prefix
 *   FS = 0                              interrupt vectors and BIOS data area: declare pointers LOW
 *   anything else                       far_t and the functions below (they borrow ES)
 */
#ifndef BIOS_VGA_MEM_H
#define BIOS_VGA_MEM_H
#include <stdint.h>

#define ROM      const __seg_gs
#define ROM_DATA const __seg_gs __attribute__((section(".rom")))
#define LOW      __seg_fs

/* A real-mode address: segment in the upper half, offset in the lower. */
typedef uint32_t far_t;

static inline far_t far_make(uint32_t seg, uint32_t off)
{
    return seg << 16 | (off & 0xffff);
}

/* Offsets wrap within the segment, as they do for 16-bit code. */
static inline far_t far_add(far_t p, uint32_t n)
{
    return (p & 0xffff0000u) | ((p + n) & 0xffff);
}

uint8_t far_read8(far_t p);
uint16_t far_read16(far_t p);
void far_write8(far_t p, uint8_t value);
void far_write16(far_t p, uint16_t value);
/* Copy or fill n bytes (n words); neither range may cross the end of its segment. */
void far_copy(far_t dst, far_t src, uint32_t n);
void far_fill8(far_t dst, uint8_t value, uint32_t n);
void far_fill16(far_t dst, uint16_t value, uint32_t words);
/* Reads a byte of planar memory into the latches and writes value back: one cycle of the write modes. */
void far_rmw8(far_t p, uint8_t value);

/* The far address of a ROM constant, of a local. */
far_t far_rom(ROM void *p);
far_t far_local(const void *p);

#endif
