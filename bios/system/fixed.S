/* SPDX-License-Identifier: MIT */
/*
 * The image's last 8 KiB: entry points and tables that programs reach by address instead of by vector (IBM PS/2 and PC
 * BIOS Interface Technical Reference, "Compatibility"), the reset vector, and the early part of the reset code that must
 * run before memory or stack can be trusted.
 */
#include "system/memory_map.h"

    .code16
    .section .fixed, "ax"
fixed_base:                   /* linked at E000h */

.macro AT offset
    .org \offset - 0xe000, 0xff
.endm
.macro STAY name, handler
    .globl \name
\name:
    pushl $\handler
    jmp enter_stay
.endm
.macro HOP name, handler
    .globl \name
\name:
    pushl $\handler
    jmp enter_hop
.endm

    HOP irq_rtc, rtc_interrupt
    STAY irq_mouse, mouse_interrupt
    HOP irq_disk1, ata_interrupt1
    HOP irq_disk2, ata_interrupt2

/* INT 19h and 18h never return to their caller: they start over with a stack of their own. */
int19_body:
    movl $boot_main, %ebx
    jmp 1f
    .globl int18
int18:
    movl $boot_next, %ebx
1:  cli
    cld
    xorw %ax, %ax
    movw %ax, %ss
    movl $POST_STACK, %esp
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    call load_private
    calll *%ebx
2:  hlt
    jmp 2b

    AT 0xe05b
    .globl post_entry
post_entry:
    cli
    cld
    movb $0x0f, %al           /* CMOS shutdown code: may be a 286 program that reset to leave protected mode */
    outb %al, $0x70
    outb %al, $0x84
    inb $0x71, %al
    movb %al, %bl
    movb $0x0f, %al
    outb %al, $0x70
    outb %al, $0x84
    xorb %al, %al
    outb %al, $0x71
    movw $resume_table, %si
1:  movw %cs:1(%si), %di
    cmpb %cs:(%si), %bl
    je shadow_resume
    addw $3, %si
    cmpw $resume_table_end, %si
    jb 1b
cold_start:
    xorw %ax, %ax
    movw %ax, %ss
    movl $POST_STACK, %esp
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    xorl %ebp, %ebp
    calll post_main
1:  hlt
    jmp 1b

resume_table:
    .byte 0x05
    .word resume_eoi
    .byte 0x09
    .word resume_block_move
    .byte 0x0a
    .word resume_jump
    .byte 0x0b
    .word resume_iret
    .byte 0x0c
    .word resume_retf
resume_table_end:

/* Some machines reset the 440FX together with the processor: then RAM must come back in place of the ROM before anything
 * looks for our private data. What PAM1-PAM6 were is in that data. */
shadow_resume:
    movl $0x80000000, %eax
    movw $0xcf8, %dx
    outl %eax, %dx
    movw $0xcfc, %dx
    inl %dx, %eax
    cmpl $0x12378086, %eax
    jne 2f
    movl $0x80000058, %eax
    movw $0xcf8, %dx
    outl %eax, %dx
    movw $0xcfd, %dx          /* PAM0 */
    inb %dx, %al
    testb $0x10, %al
    jnz 2f
    movb $0x10, %al
    outb %al, %dx
    movl $0x8000005c, %eax
    movw $0xcf8, %dx
    outl %eax, %dx
    movw $0xcff, %dx          /* PAM6 */
    movb $0x30, %al
    outb %al, %dx
    movw $SEG_PRIVATE, %ax
    movw %ax, %ds
    movl $0x80000058, %eax
    movw $0xcf8, %dx
    outl %eax, %dx
    movw PRIVATE_PAM, %ax     /* PAM1, PAM2 */
    movw $0xcfe, %dx
    outw %ax, %dx
    movl $0x8000005c, %eax
    movw $0xcf8, %dx
    outl %eax, %dx
    movl PRIVATE_PAM + 2, %eax
    movw $0xcfc, %dx          /* PAM3 to PAM6 */
    outl %eax, %dx
2:  jmp *%di

/* 05h: end pending interrupts, empty the keyboard controller, continue at 40:67. */
resume_eoi:
    movb $0x20, %al
    outb %al, $0xa0
    outb %al, $0x20
    inb $0x64, %al
    testb $1, %al
    jz resume_jump
    inb $0x60, %al
resume_jump:                  /* 0Ah: continue at 40:67, touch nothing */
    movw $SEG_BDA, %ax
    movw %ax, %ds
    ljmpw *0x67
resume_block_move:            /* 09h: back from a block move: 40:67 holds SS:SP with DS, ES and PUSHA on that stack */
    movw $SEG_BDA, %ax
    movw %ax, %ds
    lssw 0x67, %sp
    popw %ds
    popw %es
    popaw
    iretw
resume_iret:
    movw $SEG_BDA, %ax
    movw %ax, %ds
    lssw 0x67, %sp
    iretw
resume_retf:
    movw $SEG_BDA, %ax
    movw %ax, %ds
    lssw 0x67, %sp
    lretw

    HOP int13_hop, int13_service

    AT 0xe2c3                 /* INT 02h: non-maskable interrupt */
    jmp int_unused

    AT 0xe3fe                 /* INT 13h: hard disk */
    .globl int13
int13:
    jmp int13_hop

    AT 0xe401                 /* type 1 of the AT's disk table; INT 41h and 46h point at tables in the EBDA instead */
    .word 306
    .byte 4
    .word 0, 128
    .byte 0, 0, 0, 0, 0
    .word 305
    .byte 17, 0

    AT 0xe6f2                 /* INT 19h: three bytes, then the configuration table */
    .globl int19
int19:
    jmp int19_body

    AT 0xe6f5
    .globl config_table
config_table:
    .word 8
    .byte 0xfc, 0x01, 0x00    /* model, submodel: AT class; revision 0 */
    .byte 0x74                /* second 8259, real-time clock, INT 15h 4Fh called, extended BIOS data area */
    .byte 0x40                /* INT 16h AH=09h */
    .byte 0, 0, 0

    AT 0xe729                 /* divisors for INT 14h AH=00h: 110 to 9600 baud */
    .globl baud_divisors
baud_divisors:
    .word 1047, 768, 384, 192, 96, 48, 24, 12

    AT 0xe739
    STAY int14, serial_service

    AT 0xe82e
    STAY int16, keyboard_service

    AT 0xe987
    HOP int09, keyboard_interrupt

    AT 0xec59                 /* INT 13h as the floppy BIOS of the first PC; here the same as E3FE */
    jmp int13_hop

    AT 0xef57
    STAY int0e, floppy_interrupt

    AT 0xefc7                 /* diskette parameter table, where INT 1Eh points: 1.44 MB */
    .globl floppy_parameters
floppy_parameters:
    .byte 0xaf                /* step rate, head unload time */
    .byte 0x02                /* head load time, DMA */
    .byte 37                  /* motor off after that many ticks */
    .byte 2                   /* 512 bytes a sector */
    .byte 18                  /* last sector of a track */
    .byte 0x1b                /* gap length for reading and writing */
    .byte 0xff                /* data length, unused with 512 bytes */
    .byte 0x6c                /* gap length for formatting */
    .byte 0xf6                /* fill byte for formatting */
    .byte 15                  /* head settle time, ms */
    .byte 8                   /* motor start time, 1/8 s */

    AT 0xefd2
    STAY int17, printer_service

    AT 0xf045                 /* INT 10h: only reached without a video ROM */
    AT 0xf065
    .globl int10
int10:
    jmp int_unused

    AT 0xf0a4                 /* INT 1Dh: 6845 registers for 40x25, 80x25, CGA graphics and monochrome text */
    .globl video_parameters
video_parameters:
    .byte 0x38, 0x28, 0x2d, 0x0a, 0x1f, 0x06, 0x19, 0x1c, 0x02, 0x07, 0x06, 0x07, 0, 0, 0, 0
    .byte 0x71, 0x50, 0x5a, 0x0a, 0x1f, 0x06, 0x19, 0x1c, 0x02, 0x07, 0x06, 0x07, 0, 0, 0, 0
    .byte 0x38, 0x28, 0x2d, 0x0a, 0x7f, 0x06, 0x64, 0x70, 0x02, 0x01, 0x06, 0x07, 0, 0, 0, 0
    .byte 0x61, 0x50, 0x52, 0x0f, 0x19, 0x06, 0x19, 0x19, 0x02, 0x0d, 0x0b, 0x0c, 0, 0, 0, 0
    .word 2048, 4096, 16384, 16384     /* buffer sizes */
    .byte 40, 40, 80, 80, 40, 40, 80, 80
    .byte 0x2c, 0x28, 0x2d, 0x29, 0x2a, 0x2e, 0x1e, 0x29

    AT 0xf841
    STAY int12, memory_size_service

    AT 0xf84d
    STAY int11, equipment_service

    AT 0xf859
    .globl int15
int15:
    cmpb $0x89, %ah
    je 1f
    pushl $system_service
    jmp enter_hop
1:  jmp int15_protected

    AT 0xfa6e                 /* 8x8 font */
    .globl font_low
font_low:
    .incbin "font_8x8.bin", 0, 0x400

    AT 0xfe6e
    STAY int1a, time_service

    AT 0xfea5
    jmp int08

    AT 0xfef3                 /* vectors 08h to 1Fh, which programs have copied from here since 1981 */
    .globl initial_vectors
initial_vectors:
    .word int08, int09, irq_master_unused, irq_master_unused
    .word irq_master_unused, irq_master_unused, int0e, irq_master_unused
    .word int10, int11, int12, int13, int14, int15, int16, int17
    .word int18, int19, int1a, int_unused, int_unused, video_parameters, floppy_parameters, 0

    AT 0xff53
    iretw

    AT 0xff54
    STAY int05, print_screen_service

    AT 0xfff0
    .globl reset_vector
reset_vector:
    ljmpw $SEG_ROM, $post_entry
    .ascii "01/01/26"         /* fixed, so that the image is reproducible */
    .byte 0
    .byte 0xfc                /* model: AT */
    .byte 0
