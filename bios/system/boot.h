/* SPDX-License-Identifier: MIT */
/* Boot devices: who offers to boot, in which order they are tried. */
#ifndef BIOS_SYSTEM_BOOT_H
#define BIOS_SYSTEM_BOOT_H
#include <stdint.h>

struct regs;

/* POST: appends a boot device; `name` is the offset of a text in `segment`, or 0. Silently full after
 * BOOT_MAX. */
void boot_add(uint8_t kind, uint8_t drive, uint16_t segment, uint16_t entry, uint16_t name);

/* POST: sorts the list by CMOS 3Dh and 38h. */
void boot_order(void);

/* INT 19h from the first device, INT 18h from the one after the last tried. Called from fixed.S; do not
 * return. */
void boot_main(void) __attribute__((noreturn));
void boot_next(void) __attribute__((noreturn));

/* entry.S: jumps to segment:offset with DL = drive and registers as a boot sector expects them. */
void boot_jump(uint32_t segment_offset, uint32_t drive) __attribute__((noreturn));

#endif
