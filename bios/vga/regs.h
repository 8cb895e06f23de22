/* SPDX-License-Identifier: MIT */
/* The caller's registers as the INT 10h entry pushed them; what a service returns, it writes here. */
#ifndef BIOS_VGA_REGS_H
#define BIOS_VGA_REGS_H
#include <stdint.h>

union reg {
    uint32_t e;
    uint16_t x;
    struct {
        uint8_t l, h;
    } b;
};

struct regs {
    union reg di, si, bp, sp, bx, dx, cx, ax; /* PUSHAD */
    uint16_t ds, es, fs, gs;
    uint16_t ip, cs, flags;
} __attribute__((packed));

#endif
