/* SPDX-License-Identifier: MIT */
/*
 * The assembly between an interrupt and the C function that serves it, and the mode switches that C cannot make.
 *
 * Every C service gets a pointer to `struct regs` on its stack. Short services run on the caller's stack. Long ones hop to
 * a stack of ours first, because a DOS program may have left only a few hundred bytes: four stacks of 1 KiB in the private
 * segment, handed out by a bit mask, so that neither nesting nor a multitasker that switches between two callers can make
 * two of them share one. When none is free the service stays where it is.
 */
#include "system/memory_map.h"

#define FRAME_BYTES 50  /* struct regs up to and including FLAGS */
#define FRAME_HANDLER 40

#define GDT_CODE16 0x08
#define GDT_DATA16 0x10
#define GDT_FLAT 0x18
#define GDT_CODE_HIGH 0x20

    .code16
    .section .text.entry, "ax"

/* Loads GS with the private segment; ruins AX. */
    .globl load_private
load_private:
    movw %cs:private_segment, %ax
    testw %ax, %ax
    jnz 1f
    movw %ax, %gs
    movw %gs:0x40e, %ax
    addw $EBDA_TO_PRIVATE, %ax
1:  movw %ax, %gs
    ret

/* Entry for services that run on the caller's stack. On the stack: handler (4), IP, CS, FLAGS. */
    .globl enter_stay
enter_stay:
    pushal
    pushw %es
    pushw %ds
    pushw %fs
    pushw %gs
    cld
    call load_private
run_here:
    xorw %ax, %ax
    movw %ax, %fs
    movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    movl %esp, %ebx           /* the high half of ESP may hold anything; C needs it zero, the caller wants it back */
    movzwl %sp, %esp
    movl %esp, %eax
    calll *FRAME_HANDLER(%esp)
    movl %ebx, %esp
leave_service:
    popw %gs
    popw %fs
    popw %ds
    popw %es
    popal
    addw $4, %sp
    iretw

/* Entry for services that want a stack of their own. */
    .globl enter_hop
enter_hop:
    pushal
    pushw %es
    pushw %ds
    pushw %fs
    pushw %gs
    cld
    call load_private
    bsfw %gs:0, %cx           /* private data starts with the mask of free stacks */
    jz run_here
    btrw %cx, %gs:0

    movl %esp, %ebx
    movw %ss, %dx
    movzwl %cx, %eax
    shll $10, %eax
    addl $(STACKS_OFFSET + STACK_BYTES - FRAME_BYTES - 2), %eax
    movzwl %sp, %esi
    movw %ss, %bp
    movw %bp, %ds
    movw %gs, %bp
    movw %bp, %es
    movl %eax, %edi
    pushw %cx
    movw $FRAME_BYTES, %cx
    rep movsb
    popw %cx
    movw %bp, %ss
    movl %eax, %esp
    movw %bp, %ds
    xorw %bp, %bp
    movw %bp, %fs
    pushw %cx                 /* which stack, and where we came from */
    pushw %dx
    pushl %ebx
    leal 8(%esp), %eax
    calll *(FRAME_HANDLER + 8)(%esp)
    cli
    popl %ebx
    popw %dx
    popw %cx
    movl %esp, %esi           /* results go back into the caller's frame */
    movw %dx, %es
    movzwl %bx, %edi
    pushw %cx
    movw $FRAME_BYTES, %cx
    rep movsb
    popw %cx
    movw %dx, %ss
    movl %ebx, %esp
    btsw %cx, %gs:0
    jmp leave_service

/* INT 08h: 18.2 times a second. Counts the day's ticks, stops idle floppy motors, calls the user's INT 1Ch. */
    .globl int08
int08:
    pushw %ds
    pushw %dx
    pushl %eax
    movw $SEG_BDA, %ax
    movw %ax, %ds
    incl 0x6c
    cmpl $0x1800b0, 0x6c      /* ticks in a day */
    jb 1f
    movl $0, 0x6c
    movb $1, 0x70
1:  cmpb $0, 0x40
    je 2f
    decb 0x40
    jne 2f
    andb $0xf0, 0x3f
    movw $0x3f2, %dx
    movb $0x0c, %al
    outb %al, %dx
2:  int $0x1c
    cli
    movb $0x20, %al
    outb %al, $0x20
    popl %eax
    popw %dx
    popw %ds
    iretw

/* Interrupts that nobody claimed. Hardware ones get their end-of-interrupt, else the line stays dead. */
    .globl irq_master_unused
irq_master_unused:
    pushw %ax
    movb $0x0b, %al           /* OCW3: read the in-service register; 0 means a spurious interrupt */
    outb %al, $0x20
    inb $0x20, %al
    testb %al, %al
    jz 1f
    movb $0x20, %al
    outb %al, $0x20
1:  popw %ax
    .globl int_unused
int_unused:
    iretw

    .globl irq_slave_unused
irq_slave_unused:
    pushw %ax
    movb $0x0b, %al
    outb %al, $0xa0
    inb $0xa0, %al
    testb %al, %al
    jz 1f
    movb $0x20, %al
    outb %al, $0xa0
1:  movb $0x20, %al
    outb %al, $0x20
    popw %ax
    iretw

/* INT 75h, the coprocessor's IRQ 13: clear the latch and pass it on as the NMI vector that PC programs expect. */
    .globl int75
int75:
    pushw %ax
    xorb %al, %al
    outb %al, $0xf0
    movb $0x20, %al
    outb %al, $0xa0
    outb %al, $0x20
    popw %ax
    int $2
    iretw

/*
 * void soft_interrupt(uint8_t vector, struct regs *r), void far_call(uint32_t segment_offset, struct regs *r).
 * The first pushes FLAGS as INT does, so an IRET or a RETF 2 returns; the second expects a plain RETF.
 */
    .globl soft_interrupt
soft_interrupt:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushw %gs
    pushl %edx
    movzbl %al, %eax
    movl %fs:(,%eax,4), %eax
    pushfw                    /* the image that IRET restores carries the CF that the caller asked for */
    movw 48(%edx), %cx
    andw $1, %cx
    andw $0xfffe, (%esp)
    orw %cx, (%esp)
    cli
    jmp 1f
    .globl far_call
far_call:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushw %gs
    pushl %edx
1:  pushw %cs
    pushw $after_call
    pushl %eax
    btw $0, 48(%edx)          /* CF itself too; nothing below changes it */
    pushw (%edx)
    pushw 2(%edx)
    pushw 4(%edx)
    pushw 6(%edx)
    movl 8(%edx), %edi
    movl 12(%edx), %esi
    movl 16(%edx), %ebp
    movl 24(%edx), %ebx
    movl 32(%edx), %ecx
    movl 36(%edx), %eax
    movl 28(%edx), %edx
    popw %es
    popw %ds
    popw %fs
    popw %gs
    lretw
after_call:
    pushfw
    pushal
    pushw %es
    pushw %ds
    pushw %fs
    pushw %gs
    cld
    movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    movzwl %sp, %esp
    movl 42(%esp), %edi       /* r */
    movl %esp, %esi
    movw $40, %cx
    rep movsb
    movw 40(%esp), %ax
    movw %ax, 8(%edi)         /* FLAGS, behind handler, IP and CS */
    addl $46, %esp
    popw %gs
    xorw %ax, %ax
    movw %ax, %fs
    popl %ebp
    popl %edi
    popl %esi
    popl %ebx
    retl

/* void far_insw(uint16_t port, uint32_t segment_offset, uint32_t words) */
    .globl far_insw
far_insw:
    pushl %edi
    movzwl %dx, %edi
    shrl $16, %edx
    movw %dx, %es
    movl %eax, %edx
    rep insw
    movw %ss, %ax
    movw %ax, %es
    popl %edi
    retl

/* void far_outsw(uint16_t port, uint32_t segment_offset, uint32_t words) */
    .globl far_outsw
far_outsw:
    pushl %esi
    movzwl %dx, %esi
    shrl $16, %edx
    movw %dx, %ds
    movl %eax, %edx
    rep outsw
    movw %ss, %ax
    movw %ax, %ds
    popl %esi
    retl

    .globl memcpy
memcpy:
    pushl %edi
    pushl %eax
    xchgl %esi, %edx
    movl %eax, %edi
    rep movsb
    xchgl %esi, %edx
    popl %eax
    popl %edi
    retl

    .globl memset
memset:
    pushl %edi
    pushl %eax
    movl %eax, %edi
    movl %edx, %eax
    rep stosb
    popl %eax
    popl %edi
    retl

/* void copy_physical(uint32_t destination, uint32_t source, uint32_t bytes) */
    .globl copy_physical
copy_physical:
    pushl %esi
    pushl %edi
    pushfl
    movl %eax, %edi
    movl %edx, %esi
    cli
    lgdtl %cs:gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $GDT_CODE16, $1f
1:  movw $GDT_FLAT, %dx
    movw %dx, %ds
    movw %dx, %es
    movl %ecx, %edx           /* dwords first: registers of PCI devices do not care, big memory does */
    shrl $2, %ecx
    addr32 rep movsl
    movl %edx, %ecx
    andl $3, %ecx
    addr32 rep movsb
    movw $GDT_DATA16, %dx     /* real mode keeps the limit that is in the segment register: make it 64 KiB again */
    movw %dx, %ds
    movw %dx, %es
    andb $0xfe, %al
    movl %eax, %cr0
    ljmpw $SEG_ROM, $2f
2:  movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    popfl
    popl %edi
    popl %esi
    retl

/*
 * Copies the ROM into the RAM beneath it. PAM0 of the 440FX (290549, 3.2.16) can send reads to ROM and writes to RAM, but
 * the copy below also works where a chipset only knows "all RAM": it runs from the ROM's other place, below 4 GiB.
 * void shadow_rom(void): PAM0 becomes readable and writable RAM with our image in it.
 */
    .globl shadow_rom
shadow_rom:
    pushl %ebx
    pushl %esi
    pushl %edi
    pushfl
    cli
    lgdtl %cs:gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpw $GDT_CODE_HIGH, $1f
1:  movw $GDT_FLAT, %dx
    movw %dx, %ds
    movw %dx, %es
    movl $0x80000058, %eax
    movw $0xcf8, %dx
    outl %eax, %dx
    movw $0xcfd, %dx          /* 59h, PAM0: F0000h-FFFFFh in the high nibble */
    movb $0x30, %al
    outb %al, %dx
    movl $0xffff0000, %esi
    movl $0xf0000, %edi
    movl $0x4000, %ecx
    addr32 rep movsl
    movw $GDT_DATA16, %dx
    movw %dx, %ds
    movw %dx, %es
    movl %cr0, %eax
    andb $0xfe, %al
    ljmpw $GDT_CODE16, $2f    /* the copy is there now: leave protected mode from it, CS base as real mode has it */
2:  movl %eax, %cr0
    ljmpw $SEG_ROM, $3f
3:  movw %ss, %ax
    movw %ax, %ds
    movw %ax, %es
    popfl
    popl %edi
    popl %esi
    popl %ebx
    retl

    .section .rodata.gdt, "a"
    .balign 8
gdt:
    .quad 0
    .quad 0x00009b0f0000ffff  /* 16-bit code, base F0000h */
    .quad 0x000093000000ffff  /* 16-bit data, base 0, 64 KiB */
    .quad 0x00cf93000000ffff  /* flat data, 4 GiB */
    .quad 0xff009bff0000ffff  /* 16-bit code, base FFFF0000h */
gdt_pointer:
    .word . - gdt - 1
    .long gdt + (SEG_ROM << 4)

    .section .data.private, "aw"
    .globl private_segment    /* patched in the shadow copy; 0 in a ROM that cannot be written: see load_private */
private_segment:
    .word 0

/* void boot_jump(uint32_t segment_offset, uint32_t drive): stack below the boot sector, as boot sectors have come to expect */
    .section .text.entry
    .globl boot_jump
boot_jump:
    movl %eax, %ebx
    xorl %eax, %eax
    movw %ax, %ss
    movl $0x7c00, %esp
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    pushl %ebx
    movl %eax, %ebx
    movl %eax, %ecx
    movl %eax, %esi
    movl %eax, %edi
    movl %eax, %ebp
    movzbl %dl, %edx
    movw $0xaa55, %ax
    sti
    lretw

/* void load_gs(uint32_t segment) */
    .globl load_gs
load_gs:
    movw %ax, %gs
    retl
