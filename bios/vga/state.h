/* SPDX-License-Identifier: MIT */
/* Save and restore of the video state: INT 10h AH=1Ch and VBE function 04h. */
#ifndef BIOS_VGA_STATE_H
#define BIOS_VGA_STATE_H
#include "vga/mem.h"
#include "vga/regs.h"

enum state_part {
    STATE_HARDWARE = 0x01,
    STATE_BDA = 0x02,
    STATE_DAC = 0x04,
    STATE_VBE = 0x08,
    STATE_ALL = 0x0f
};

/* Size of the parts in 64-byte blocks. */
uint16_t state_blocks(unsigned parts);
void state_save(unsigned parts, far_t p);
void state_restore(unsigned parts, far_t p);
void state_service(struct regs *r);

#endif
