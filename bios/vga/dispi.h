/* SPDX-License-Identifier: MIT */
/* The Bochs display interface ("VBE dispi"): index port 1CEh, data port 1CFh, 16 bits each. */
#ifndef BIOS_VGA_DISPI_H
#define BIOS_VGA_DISPI_H
#include <stdint.h>

enum dispi_index {
    DISPI_ID,
    DISPI_XRES,
    DISPI_YRES,
    DISPI_BPP,
    DISPI_ENABLE,
    DISPI_BANK,
    DISPI_VIRT_WIDTH,
    DISPI_VIRT_HEIGHT,
    DISPI_X_OFFSET,
    DISPI_Y_OFFSET,
    DISPI_MEMORY_64K,
};
enum dispi_enable {
    DISPI_ENABLED = 0x01,
    DISPI_GETCAPS = 0x02,
    DISPI_8BIT_DAC = 0x20,
    DISPI_LFB = 0x40,
    DISPI_NOCLEAR = 0x80,
};

uint16_t dispi_read(uint16_t index);
void dispi_write(uint16_t index, uint16_t value);
/* True where the interface exists (ID B0C0h to B0CFh). */
int dispi_present(void);
/* Asks for the newest revision that the interface knows; until then it may behave as its oldest. */
void dispi_init(void);
/* True while a dispi mode is on the screen. */
int dispi_active(void);
/* Back to plain VGA; nothing where there is no interface. */
void dispi_disable(void);
/* Video memory in units of 64 KiB; 4 (a plain VGA) where the register is missing. */
uint16_t dispi_memory(void);

#endif
