/* SPDX-License-Identifier: MIT */
/* SMBIOS (DMTF DSP0134, 2.4) structures 0, 1, 3, 4, 16, 17, 19, 32, 127. smbios.c stores what POST has found. */
#include "system/memory_map.h"

    .section .rodata.smbios, "a"
    .balign 16
    .globl smbios_entry, smbios_dmi
smbios_entry:
    .ascii "_SM_"
    .byte 0, 0x1f             /* checksum, length */
    .byte 2, 4                /* version */
    .word 64                  /* largest structure */
    .byte 0
    .fill 5
smbios_dmi:
    .ascii "_DMI_"
    .byte 0                   /* checksum of this half */
    .word smbios_end - smbios_start
    .long smbios_start + (SEG_ROM << 4)
    .word 9                   /* structures */
    .byte 0x24

    .balign 16
smbios_start:
    /* 0: BIOS */
    .byte 0, 0x18
    .word 0x0000
    .byte 1, 2
    .word SEG_ROM
    .byte 3, 0                /* release date, ROM size 64 KiB */
    .quad 0x00098880          /* PCI, upgradeable (shadowed), CD boot, selectable boot, EDD: bits 7, 11, 15, 16, 19 */
    .byte 0x01, 0x00          /* ACPI */
    .byte 0, 1, 0xff, 0xff
    .asciz "Lathe"
    .asciz "0.1"
    .asciz "01/01/2026"
    .byte 0
    /* 1: system */
    .byte 1, 0x1b
    .word 0x0100
    .byte 1, 2, 3, 0
    .fill 16
    .byte 6, 0, 0             /* woken by the power switch */
    .asciz "Lathe"
    .asciz "Lathe PC (i440FX + PIIX3)"
    .asciz "0.1"
    .byte 0
    /* 3: chassis */
    .byte 3, 0x11
    .word 0x0300
    .byte 1, 0x01, 0, 0, 0, 0x03, 0x03, 0x03, 0x02
    .long 0
    .asciz "Lathe"
    .byte 0
    /* 4: processor */
    .byte 4, 0x23
    .word 0x0400
    .byte 1, 3, 2, 2          /* socket, central processor, family unknown, manufacturer */
    .globl smbios_cpu_signature
smbios_cpu_signature:
    .long 0, 0
    .byte 0, 0
    .word 0, 0, 0
    .byte 0x41, 0x01          /* enabled; other upgrade */
    .word 0xffff, 0xffff, 0xffff
    .byte 0, 0, 0
    .asciz "CPU 0"
    .asciz "Lathe"
    .byte 0
    /* 16: physical memory array */
    .byte 16, 0x0f
    .word 0x1000
    .byte 0x01, 0x03, 0x03    /* other place, system memory, no error correction */
    .globl smbios_array_kib
smbios_array_kib:
    .long 0
    .word 0xfffe, 1
    .word 0                   /* double null: no strings */
    /* 17: memory device */
    .byte 17, 0x1b
    .word 0x1100
    .word 0x1000, 0xfffe, 64, 64
    .globl smbios_device_mib
smbios_device_mib:
    .word 0
    .byte 0x09, 0, 1, 0, 0x07 /* DIMM, no set, locator, no bank, RAM */
    .word 0, 0
    .byte 0, 0, 0, 0
    .asciz "DIMM 0"
    .byte 0
    /* 19: memory array mapped address */
    .byte 19, 0x0f
    .word 0x1300
    .long 0
    .globl smbios_last_kib
smbios_last_kib:
    .long 0
    .word 0x1000
    .byte 1
    .word 0
    /* 32: boot status */
    .byte 32, 0x0b
    .word 0x2000
    .fill 6
    .byte 0                   /* no errors */
    .word 0
    /* 127: end */
    .byte 127, 4
    .word 0x7f00
    .word 0
smbios_end:
