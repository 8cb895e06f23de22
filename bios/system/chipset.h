/* SPDX-License-Identifier: MIT */
/* The AT's fixed chips: interrupt controllers, timer, DMA, and delays counted with the timer. */
#ifndef BIOS_SYSTEM_CHIPSET_H
#define BIOS_SYSTEM_CHIPSET_H
#include <stdbool.h>
#include <stdint.h>

enum port {
    PORT_DMA1_ADDRESS2 = 0x04,
    PORT_DMA1_COUNT2 = 0x05,
    PORT_DMA1_MASK = 0x0a,
    PORT_DMA1_MODE = 0x0b,
    PORT_DMA1_CLEAR_FF = 0x0c,
    PORT_DMA1_MASTER_CLEAR = 0x0d,
    PORT_DMA_PAGE2 = 0x81,
    PORT_DMA2_MASK = 0xd4,
    PORT_DMA2_MODE = 0xd6,
    PORT_DMA2_MASTER_CLEAR = 0xda,
    PORT_PIC1_COMMAND = 0x20,
    PORT_PIC1_DATA = 0x21,
    PORT_PIC2_COMMAND = 0xa0,
    PORT_PIC2_DATA = 0xa1,
    PORT_PIT_COUNTER0 = 0x40,
    PORT_PIT_COUNTER1 = 0x41,
    PORT_PIT_MODE = 0x43,
    PORT_KBD_DATA = 0x60,
    PORT_SYSTEM_B = 0x61,
    PORT_KBD_STATUS = 0x64,
    PORT_CMOS_INDEX = 0x70,
    PORT_CMOS_DATA = 0x71,
    PORT_POST = 0x80,
    PORT_A20 = 0x92,
    PORT_DEBUG = 0xe9,
};

void pic_init(void);
void pic_eoi(uint8_t irq);
void pic_unmask(uint8_t irq);
void pit_init(void);
void dma_init(void);

/* A time limit that works with interrupts off and whatever the guest has done to channel 0. */
struct deadline {
    uint32_t left; /* timer counts */
    uint16_t last;
};
void deadline_start(struct deadline *d, uint16_t milliseconds);
bool deadline_passed(struct deadline *d);

/* A20 gate through port 92h. */
void a20_set(bool on);
bool a20_get(void);

/* Progress for whoever watches port 80h. */
void post_code(uint8_t code);

#endif
