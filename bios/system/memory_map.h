/* SPDX-License-Identifier: MIT */
/* Addresses and segments that C, assembly and the linker script agree on. Plain #defines: the assembler reads
 * them too. */
#ifndef BIOS_SYSTEM_MEMORY_MAP_H
#define BIOS_SYSTEM_MEMORY_MAP_H

#define SEG_ROM  0xf000 /* this image, shadowed in RAM where the chipset can */
#define SEG_BDA  0x0040 /* BIOS data area */
#define SEG_EBDA 0x9fc0 /* extended BIOS data area: the last KiB below 640 KiB */
#define EBDA_KIB 1

/* Private data and stacks live in RAM at EC000h, which PAM5 of the 440FX opens. A board without PAM has no
 * RAM there: it gets a larger EBDA instead, and the private segment begins one KiB into it. */
#define SEG_PRIVATE     0xec00
#define PRIVATE_BYTES   0x4000
#define SEG_EBDA_LARGE  0x9e00
#define EBDA_LARGE_KIB  8
#define EBDA_TO_PRIVATE 0x40 /* paragraphs */

/* Within the private segment: the data of private.h, then the service stacks. */
#define PRIVATE_PAM   2 /* six bytes: PAM1 to PAM6, for fixed.S */
#define STACKS_OFFSET 0x0800
#define STACK_BYTES   0x0400
#define STACK_COUNT   4

#define POST_STACK 0x7000 /* 0000:7000, before any boot sector is loaded */

#endif
