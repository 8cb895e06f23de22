/* SPDX-License-Identifier: MIT */
/* 8259 (231468), 8254 (231164), 8237 (231466) and CMOS access, set up as the AT has them. */
#include "system/chipset.h"

#include "system/cmos.h"
#include "system/cpu.h"

enum { PIT_COUNTS_PER_MS = 2 * 1193 }; /* mode 3 counts down by two */

void post_code(uint8_t code)
{
    out8(PORT_POST, code);
}

uint8_t cmos_read(uint8_t index)
{
    out8(PORT_CMOS_INDEX, index);
    return in8(PORT_CMOS_DATA);
}

void cmos_write(uint8_t index, uint8_t value)
{
    out8(PORT_CMOS_INDEX, index);
    out8(PORT_CMOS_DATA, value);
}

uint16_t cmos_read16(uint8_t low, uint8_t high)
{
    return (uint16_t)(cmos_read(low) | cmos_read(high) << 8);
}

void pic_init(void)
{
    out8(PORT_PIC1_COMMAND, 0x11); /* ICW1: edge triggered, cascade, ICW4 follows */
    out8(PORT_PIC2_COMMAND, 0x11);
    out8(PORT_PIC1_DATA, 0x08); /* ICW2: vectors */
    out8(PORT_PIC2_DATA, 0x70);
    out8(PORT_PIC1_DATA, 0x04); /* ICW3: slave on IRQ 2 */
    out8(PORT_PIC2_DATA, 0x02);
    out8(PORT_PIC1_DATA, 0x01); /* ICW4: 8086 mode */
    out8(PORT_PIC2_DATA, 0x01);
    out8(PORT_PIC1_DATA, 0xb8); /* timer, keyboard, cascade, floppy */
    out8(PORT_PIC2_DATA, 0x9f); /* coprocessor, first disk channel */
}

void pic_eoi(uint8_t irq)
{
    if (irq >= 8)
        out8(PORT_PIC2_COMMAND, 0x20);
    out8(PORT_PIC1_COMMAND, 0x20);
}

void pic_unmask(uint8_t irq)
{
    uint16_t port = irq >= 8 ? PORT_PIC2_DATA : PORT_PIC1_DATA;
    out8(port, (uint8_t)(in8(port) & ~(1u << (irq & 7))));
}

void pit_init(void)
{
    out8(PORT_PIT_MODE, 0x36); /* channel 0: square wave, 65536 */
    out8(PORT_PIT_COUNTER0, 0);
    out8(PORT_PIT_COUNTER0, 0);
    out8(PORT_PIT_MODE, 0x54); /* channel 1: memory refresh, as the PC had it */
    out8(PORT_PIT_COUNTER1, 18);
}

void dma_init(void)
{
    out8(PORT_DMA1_MASTER_CLEAR, 0);
    out8(PORT_DMA2_MASTER_CLEAR, 0);
    out8(PORT_DMA2_MODE, 0xc0); /* channel 4 cascades the first controller */
    out8(PORT_DMA2_MASK, 0x00);
}

static uint16_t pit_count(void)
{
    out8(PORT_PIT_MODE, 0x00);
    uint8_t low = in8(PORT_PIT_COUNTER0);
    return (uint16_t)(low | in8(PORT_PIT_COUNTER0) << 8);
}

void deadline_start(struct deadline *d, uint16_t milliseconds)
{
    d->left = (uint32_t)milliseconds * PIT_COUNTS_PER_MS;
    d->last = pit_count();
}

bool deadline_passed(struct deadline *d)
{
    uint16_t now = pit_count();
    /* Across a reload only what the counter had left is certain; its period may not be 65536. At least one
     * count a call, so that a stopped counter cannot hang the machine. */
    uint16_t gone = d->last > now ? (uint16_t)(d->last - now) : (uint16_t)(d->last | 1);
    if (d->last == now)
        gone = 1;
    d->last = now;
    if (d->left <= gone) {
        d->left = 0;
        return true;
    }
    d->left -= gone;
    return false;
}

void a20_set(bool on)
{
    uint8_t value = in8(PORT_A20);
    out8(PORT_A20, (uint8_t)((value & ~3) | (on ? 2 : 0))); /* bit 0 would reset the CPU */
}

bool a20_get(void)
{
    return in8(PORT_A20) & 2;
}
