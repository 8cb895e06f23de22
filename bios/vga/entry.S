/* SPDX-License-Identifier: MIT */
/*
 * VGA BIOS: option ROM header, PCI data structure (PCI Firmware specification 3.0, 5.1), interrupt entries.
 *
 * The C code runs on the caller's stack with DS = ES = SS, FS = 0 and GS = CS (mem.h). It addresses the stack through
 * 32-bit registers, so the upper half of ESP, which 16-bit callers leave undefined, is zero meanwhile.
 */
        .code16
        .section .header, "ax"
        .byte   0x55, 0xaa
        .byte   0                       /* length, filled in by romsum */
        jmp     post                    /* offset 3 */
        .org    0x18
        .word   pcir
        .word   0                       /* no PnP expansion header */
        .org    0x1e
        .ascii  "IBM VGA compatible"    /* old programs look for "IBM" here */
        .byte   0
        .balign 4
pcir:   .ascii  "PCIR"
        .word   0x1234, 0x1111
        .word   0                       /* no vital product data */
        .word   0x18                    /* structure length */
        .byte   0                       /* revision */
        .byte   0x00, 0x00, 0x03        /* class: display controller, VGA */
        .word   0                       /* image length, filled in by romsum */
        .word   0x0100                  /* code revision */
        .byte   0                       /* x86, PC-AT */
        .byte   0x80                    /* last image */
        .word   0
        .ascii  "Lathe VGA BIOS, MIT licence\r\n"
        .byte   0

/* Save the caller's registers as struct regs and set up the segments of mem.h. */
        .macro  c_enter
        pushw   %gs
        pushw   %fs
        pushw   %es
        pushw   %ds
        pushal
        cld
        movzwl  %sp, %eax
        movl    %eax, %esp
        pushw   %ss
        popw    %ds
        pushw   %ss
        popw    %es
        pushw   %cs
        popw    %gs
        xorw    %dx, %dx
        movw    %dx, %fs
        .endm

        .macro  c_leave
        movw    14(%esp), %ax           /* upper half of the caller's ESP */
        shll    $16, %eax
        movw    %sp, %ax
        movl    %eax, %esp
        popal
        popw    %ds
        popw    %es
        popw    %fs
        popw    %gs
        .endm

        .section .text.entry, "ax"
        .globl  int10_entry, int05_entry, vbe_window_entry

int10_entry:
        sti
        c_enter
        calll   int10_dispatch
        c_leave
        iretw

/* Print screen for any number of rows, installed by INT 10h AH=12h BL=20h. */
int05_entry:
        sti
        c_enter
        calll   print_screen
        c_leave
        iretw

/* VBE window function, called far: BH 0 set or 1 get, BL window, DX position. */
vbe_window_entry:
        pushfw                          /* keeps the frame of an interrupt */
        c_enter
        calll   vbe_window
        c_leave
        popfw
        lretw

post:
        pushfw
        c_enter
        calll   post_main
        c_leave
        popfw
        lretw
