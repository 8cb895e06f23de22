/* SPDX-License-Identifier: MIT */
/* The interrupt vector table as the AT BIOS leaves it. */
#include "system/vectors.h"

#include "system/bda.h"
#include "system/cpu.h"
#include "system/memory_map.h"

/* fixed.S and entry.S; addresses only */
extern const uint16_t initial_vectors[24];
extern const uint8_t int_unused[], irq_slave_unused[], int05[], int75[], irq_rtc[], irq_mouse[], irq_disk1[],
    irq_disk2[];

void vector_set(uint8_t n, uint16_t segment, uint32_t offset)
{
    IVT[n].offset = (uint16_t)offset;
    IVT[n].segment = segment;
}

void vectors_init(void)
{
    for (unsigned n = 0; n < 0x78; n++)
        vector_set((uint8_t)n, SEG_ROM, NEAR(int_unused));
    for (unsigned n = 0x60; n < 0x68; n++) /* left to programs, which test for zero */
        vector_set((uint8_t)n, 0, 0);
    for (unsigned n = 0x78; n < 0x100; n++)
        vector_set((uint8_t)n, 0, 0);
    for (unsigned i = 0; i < 24; i++)
        vector_set((uint8_t)(8 + i), SEG_ROM, ROM16(initial_vectors[i]));
    vector_set(0x1f, 0, 0); /* the video ROM brings a font */
    vector_set(0x05, SEG_ROM, NEAR(int05));
    for (uint8_t n = 0x70; n < 0x78; n++)
        vector_set(n, SEG_ROM, NEAR(irq_slave_unused));
    vector_set(0x70, SEG_ROM, NEAR(irq_rtc));
    vector_set(0x74, SEG_ROM, NEAR(irq_mouse));
    vector_set(0x75, SEG_ROM, NEAR(int75));
    vector_set(0x76, SEG_ROM, NEAR(irq_disk1));
    vector_set(0x77, SEG_ROM, NEAR(irq_disk2));
    vector_set(0x40, SEG_ROM, 0xec59); /* the floppy's INT 13h, once the hard disk's takes over */
}
