/* SPDX-License-Identifier: MIT */
/* What entry.S calls. */
#ifndef BIOS_VGA_INT10_H
#define BIOS_VGA_INT10_H
#include "vga/regs.h"

void int10_dispatch(struct regs *r);
/* Option ROM initialization: data area, vectors, mode 3. */
void post_main(struct regs *r);

#endif
