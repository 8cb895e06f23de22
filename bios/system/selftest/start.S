/* SPDX-License-Identifier: MIT */
/*
 * BIOS self-test floppy: boot sector, loader, and what C needs. Everything runs in segment 0, so that plain pointers reach
 * the program, its stack and the BIOS data area. The program must stay below 64 KiB.
 */
    .code16
    .section .boot, "ax"
    .globl boot
boot:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x7c00, %esp
    cld
    ljmpw $0, $1f
1:  movb %dl, boot_drive
    movw $(TEST_SECTORS), %di
    movw $1, %si              /* next sector, from 0 */
    movw $0x7e00, %bx
2:  movw %si, %ax             /* 18 sectors a track, 2 heads */
    movb $18, %cl
    divb %cl
    movb %ah, %cl
    incb %cl
    xorb %ah, %ah
    movb %al, %dh
    andb $1, %dh
    shrb $1, %al
    movb %al, %ch
    movb boot_drive, %dl
    movw $0x0201, %ax
    int $0x13
    jc 3f
    addw $0x200, %bx
    incw %si
    decw %di
    jnz 2b
    calll test_main
3:  hlt
    jmp 3b
    .globl boot_drive
boot_drive:
    .byte 0
    .org 510
    .word 0xaa55

    .section .text
/* void interrupt(uint8_t vector, struct cpu_regs *r): loads *r, INT vector, stores */
    .globl interrupt
interrupt:
    pushal
    pushw %es
    movb %al, 1f + 1
    movl %edx, pointer
    movl %edx, %ebp
    movw 28(%ebp), %es
    pushl 32(%ebp)
    popfl
    movl (%ebp), %eax
    movl 4(%ebp), %ebx
    movl 8(%ebp), %ecx
    movl 12(%ebp), %edx
    movl 16(%ebp), %esi
    movl 20(%ebp), %edi
    jmp 1f
1:  int $0
    pushfl
    pushw %es
    pushl %ebp
    movl pointer, %ebp
    movl %eax, (%ebp)
    movl %ebx, 4(%ebp)
    movl %ecx, 8(%ebp)
    movl %edx, 12(%ebp)
    movl %esi, 16(%ebp)
    movl %edi, 20(%ebp)
    popl 24(%ebp)
    popw 28(%ebp)
    popl 32(%ebp)
    xorw %ax, %ax
    movw %ax, %ds
    cld
    popw %es
    popal
    retl
pointer:
    .long 0

/* Interrupt handlers that count. */
    .globl count_1b, count_4a, count_1c
count_1b:
    incw %cs:counts
    iretw
count_4a:
    incw %cs:counts + 2
    iretw
count_1c:
    incw %cs:counts + 4
    iretw
    .globl mouse_handler
mouse_handler:                /* far call: return address, Z, Y, X, status */
    pushw %bp
    movw %sp, %bp
    pushw %ax
    movw 12(%bp), %ax
    movw %ax, %cs:mouse_seen
    movw 10(%bp), %ax
    movw %ax, %cs:mouse_seen + 2
    movw 8(%bp), %ax
    movw %ax, %cs:mouse_seen + 4
    popw %ax
    popw %bp
    lretw
    .globl counts, mouse_seen
counts:
    .word 0, 0, 0
mouse_seen:
    .word 0, 0, 0

/* uint32_t resume_by_reset(uint8_t shutdown_code): CPU reset through the keyboard controller, back by 40:67; 1 */
    .globl resume_by_reset
resume_by_reset:
    pushal
    cli
    movl %esp, saved_stack
    movb %al, %ah
    movb $0x0f, %al
    outb %al, $0x70
    movb %ah, %al
    outb %al, $0x71
    movw $1f, 0x467
    movw $0, 0x469
    movb $0xfe, %al
    outb %al, $0x64
2:  hlt
    jmp 2b
1:  xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl saved_stack, %esp
    popal
    movl $1, %eax
    retl
saved_stack:
    .long 0

/* uint32_t call_protected(void *gdt, uint32_t offset32, struct cpu_regs *r): INT 15h AH=89h, far call to CS 40h, back */
    .globl call_protected
call_protected:
    pushal
    movl %ecx, pointer
    movl %edx, far_target
    movw %ax, %si
    movw $0x2028, %bx
    movb $0x89, %ah
    stc
    int $0x15
    jc 9f
    /* now in 16-bit protected mode, CS = 30h (base 0) */
    movl pointer, %ebp
    movl (%ebp), %eax
    movl 4(%ebp), %ebx
    movl 8(%ebp), %ecx
    movl 12(%ebp), %edx
    movl $0, 32(%ebp)
    lcalll *far_target
    pushfl
    movl %eax, (%ebp)
    movl %ebx, 4(%ebp)
    movl %ecx, 8(%ebp)
    movl %edx, 12(%ebp)
    popl 32(%ebp)
    movl %cr0, %eax
    andb $0xfe, %al
    movl %eax, %cr0
    ljmpw $0, $1f
1:  xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    lidtl real_idt
    popal
    movl $1, %eax
    retl
9:  popal
    xorl %eax, %eax
    retl
    .balign 4
far_target:
    .long 0
    .word 0x40
real_idt:
    .word 0x3ff
    .long 0
