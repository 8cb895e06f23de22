/* SPDX-License-Identifier: MIT */
/*
 * Entries that are called in protected mode: APM 1.2 (16 and 32-bit), the BIOS32 service directory and its PCI service;
 * and INT 15h AH=89h, which goes there. The C behind them is compiled for 16 and for 32 bits; the latter has pm32_ before
 * every name (system.mk), uses nothing but stack and ports, and runs at whatever base the caller's CS has.
 */
#include "system/memory_map.h"

    .section .text.protected, "ax"

/* Builds a struct regs (regs.h) around the call; CF of its FLAGS image becomes the caller's. */
.macro FRAME_IN
    pushfw
    pushw $0
    pushw $0
    pushl $0
    pushal
    pushw %es
    pushw %ds
    pushw %fs
    pushw %gs
    cld
    movw %ss, %bx
    movw %bx, %ds
    movw %bx, %es
.endm
.macro FRAME_OUT
    popw %gs
    popw %fs
    popw %ds
    popw %es
    popal
.endm

    .code16
    .globl apm_entry16, pm32_apm_entry16
apm_entry16:
pm32_apm_entry16:
    FRAME_IN
    movl %esp, %ebx
    movw %ss, %ax
    larl %eax, %eax
    btl $22, %eax             /* a 16-bit stack: the high half of ESP means nothing, but C would use it */
    jc 1f
    movzwl %sp, %esp
1:  movl %esp, %eax
    calll apm_service
    movl %ebx, %esp
    FRAME_OUT
    addw $8, %sp
    popfw
    lretw

    .code32
    .globl apm_entry32, pm32_apm_entry32
apm_entry32:
pm32_apm_entry32:
    FRAME_IN
    movl %esp, %eax
    call pm32_apm_service
    FRAME_OUT
    leal 8(%esp), %esp
    popfw
    lret

/* BIOS32 Service Directory (Standard BIOS 32-bit Service Directory Proposal 0.4): EAX names the service, BL = 0. */
    .globl bios32_entry
bios32_entry:
    pushfl
    testb %bl, %bl
    jnz 2f
    cmpl $0x49435024, %eax    /* "$PCI" */
    jne 1f
    movl $(SEG_ROM << 4), %ebx
    movl $0x10000, %ecx
    movl $pci_entry32, %edx
    xorb %al, %al
    popfl
    lret
1:  movb $0x80, %al           /* no such service */
    popfl
    lret
2:  movb $0x81, %al           /* no such function */
    popfl
    lret

pci_entry32:
    FRAME_IN
    movl %esp, %eax
    call pm32_pci_service
    FRAME_OUT
    leal 8(%esp), %esp
    popfw
    lret

    .code16
/* PnP BIOS: nothing but its installation structure, which option ROMs ask for. Answers "function not supported". */
    .globl pnp_entry
pnp_entry:
    movw $0x82, %ax
    lretw

/* INT 15h AH=89h: ES:SI descriptor table (IBM: null, GDT, IDT, DS, ES, SS, CS, and one for us), BH and BL the bases of the
 * interrupt controllers. Returns to the caller in protected mode, with CS = 30h. */
    .globl int15_protected
int15_protected:
    cli
    inb $0x92, %al
    andb $0xfc, %al
    orb $0x02, %al
    outb %al, $0x92
    movb $0x11, %al
    outb %al, $0x20
    outb %al, $0xa0
    movb %bh, %al
    outb %al, $0x21
    movb %bl, %al
    outb %al, $0xa1
    movb $0x04, %al
    outb %al, $0x21
    movb $0x02, %al
    outb %al, $0xa1
    movb $0x01, %al
    outb %al, $0x21
    outb %al, $0xa1
    movb $0xff, %al
    outb %al, $0x21
    outb %al, $0xa1
    movw $0xffff, %es:0x38(%si)
    movw $0x0000, %es:0x3a(%si)
    movw $0x9b0f, %es:0x3c(%si)
    movw $0x0000, %es:0x3e(%si)
    lgdtw %es:0x08(%si)
    lidtw %es:0x10(%si)
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $0x38, $1f
1:  movw $0x18, %ax
    movw %ax, %ds
    movw $0x20, %ax
    movw %ax, %es
    movw $0x28, %ax
    movw %ax, %ss
    popw %bx
    addw $4, %sp
    pushw $0x30
    pushw %bx
    xorb %ah, %ah             /* and CF = 0 */
    lretw

/* void mouse_call(uint32_t segment_offset, const uint16_t *packet): status, X, Y, Z on the stack, then a far call */
    .globl mouse_call
mouse_call:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushw %gs
    pushw (%edx)
    pushw 2(%edx)
    pushw 4(%edx)
    pushw 6(%edx)
    pushw %cs
    pushw $1f
    pushl %eax
    lretw
1:  movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    movzwl %sp, %esp
    addl $8, %esp
    popw %gs
    xorw %ax, %ax
    movw %ax, %fs
    cld
    popl %ebp
    popl %edi
    popl %esi
    popl %ebx
    retl

/* Structures in the F segment, each on a 16-byte boundary; tables.c makes their checksums. */
    .section .rodata.structures, "a"
    .balign 16
    .globl bios32_directory
bios32_directory:
    .ascii "_32_"
    .long bios32_entry + (SEG_ROM << 4)
    .byte 0, 1, 0             /* revision, length in paragraphs, checksum */
    .fill 5

    .balign 16
    .globl pnp_installation
pnp_installation:
    .ascii "$PnP"
    .byte 0x10, 0x21          /* version, length */
    .word 0                   /* no event notification */
    .byte 0                   /* checksum */
    .long 0
    .word pnp_entry, SEG_ROM
    .word pnp_entry
    .long SEG_ROM << 4
    .long 0
    .word SEG_ROM
    .long SEG_ROM << 4

/* PCI IRQ routing table (Microsoft, 1997): link values are the PIRQ registers. */
#define PIR_SLOTS 20
#define PIR_IRQS 0x0c20       /* 5, 10, 11 */
    .balign 16
    .globl pir_table, pir_end
pir_table:
    .ascii "$PIR"
    .word 0x0100, pir_end - pir_table
    .byte 0, 0x08             /* router: bus 0, device 1 function 0 */
    .word 0
    .long 0x122e8086          /* compatible with the first PIIX */
    .long 0
    .fill 11
    .byte 0                   /* checksum */
    .set slot, 1
    .rept PIR_SLOTS
    .byte 0, slot << 3
    .byte 0x60 + ((slot - 1) & 3)
    .word PIR_IRQS
    .byte 0x60 + (slot & 3)
    .word PIR_IRQS
    .byte 0x60 + ((slot + 1) & 3)
    .word PIR_IRQS
    .byte 0x60 + ((slot + 2) & 3)
    .word PIR_IRQS
    .byte slot, 0
    .set slot, slot + 1
    .endr
pir_end:
