/* SPDX-License-Identifier: MIT */
/*
 * First code of the program: finds out what CPU this is, and how C code calls the BIOS.
 *
 * The C code is made by gcc -m16: real-mode code that uses 32-bit registers, so it needs an 80386. Everything up to
 * the call of main is 8086 code; on an older CPU it says so and stops politely.
 *
 * The program is one segment: CS = DS = ES = SS = 0800h, stack at its end.
 */
#undef i386                             /* or the preprocessor makes .arch "1" of it */
        .code16
        .section .text.start, "ax"
        .globl  _start
        .arch   i8086
_start:
        mov     %cs, %ax
        mov     %ax, %ds
        mov     %ax, %es
        cli
        mov     %ax, %ss
        mov     $0xfff0, %sp
        sti
        cld
        mov     %dl, boot_drive
        call    cpu_class
        cmp     $3, %al
        jae     is_386

        mov     $name_8086, %si
        test    %al, %al
        jz      1f
        mov     $name_286, %si
1:      push    %si
        mov     $text_sorry, %si
        call    puts
        pop     %si
        call    puts
        mov     $text_needs, %si
        call    puts
2:      hlt                             /* interrupts go on, so Ctrl-Alt-Del works */
        jmp     2b

/*
 * AL := 0 for 8086 and 80186, 2 for 80286, 3 for 80386 and up, by the upper FLAGS bits:
 *   8086, 80186   bits 15-12 are always 1
 *   80286         in real mode bits 15-12 are always 0
 *   80386         bits 14-12 (NT, IOPL) can be set
 */
cpu_class:
        pushf
        pop     %bx                     /* to restore */
        mov     %bx, %ax
        and     $0x0fff, %ax
        push    %ax
        popf
        pushf
        pop     %ax
        and     $0xf000, %ax
        cmp     $0xf000, %ax
        mov     $0, %cl
        je      3f
        mov     %bx, %ax
        or      $0x7000, %ax
        push    %ax
        popf
        pushf
        pop     %ax
        and     $0x7000, %ax
        mov     $2, %cl
        jz      3f
        mov     $3, %cl
3:      push    %bx
        popf
        mov     %cl, %al
        ret

puts:   lodsb
        test    %al, %al
        jz      4f
        mov     $0x0e, %ah
        mov     $0x0007, %bx
        int     $0x10
        jmp     puts
4:      ret

text_sorry:
        .asciz  "\r\nWelcome to Lathe. This machine's CPU is an "
name_8086:
        .asciz  "8086 or 80186"
name_286:
        .asciz  "80286"
text_needs:
        .asciz  ".\r\nThis demo needs an 80386 or better (lathe run --cpu 386).\r\n"

        .arch   i386
is_386:
        movzwl  %sp, %esp               /* C addresses the stack through all 32 bits */
        xorl    %eax, %eax              /* clear what C expects to be zero */
        movl    $__bss_start, %edi
        movl    $__bss_end, %ecx
        subl    %edi, %ecx
        rep stosb %al, %es:(%edi)
        calll   main
        jmp     2b

/*
 * void bios_call(unsigned number, struct bios_regs *r): INT number with the registers of *r, which holds the results
 * afterwards. Arguments in EAX and EDX (-mregparm=3). The layout is that of struct bios_regs in bios.h.
 */
        .globl  bios_call
bios_call:
        pushal
        movb    %al, %cs:6f             /* the INT instruction has no register form: patch its operand */
        pushl   %edx
        movl    0(%edx), %eax
        movl    4(%edx), %ebx
        movl    8(%edx), %ecx
        movl    16(%edx), %esi
        movl    20(%edx), %edi
        movl    24(%edx), %ebp
        movw    28(%edx), %es
        movl    12(%edx), %edx
        jmp     5f                      /* lets the CPU forget what it has prefetched */
5:      .byte   0xcd                    /* INT */
6:      .byte   0
        cld
        pushfl
        pushl   %edx
        movl    8(%esp), %edx
        movl    %eax, %cs:0(%edx)
        movl    %ebx, %cs:4(%edx)
        movl    %ecx, %cs:8(%edx)
        movl    %esi, %cs:16(%edx)
        movl    %edi, %cs:20(%edx)
        movl    %ebp, %cs:24(%edx)
        movw    %es, %cs:28(%edx)
        popl    %eax
        movl    %eax, %cs:12(%edx)
        popl    %eax
        movw    %ax, %cs:30(%edx)       /* FLAGS */
        movw    %cs, %ax
        movw    %ax, %ds
        movw    %ax, %es
        popl    %edx
        popal
        retl

        .section .data
        .globl  boot_drive
boot_drive:
        .byte   0
