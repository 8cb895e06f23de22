/* SPDX-License-Identifier: MIT */
/*
 * VBE protected mode interface (VBE 3.0, 4.13): 32-bit, position-independent code that programs copy and call near.
 * It starts with a table of offsets from its own start.
 */
        .set    INDEX, 0x1ce
        .set    DATA, 0x1cf
        .set    BPP, 3
        .set    BANK, 5
        .set    VIRT_WIDTH, 6
        .set    X_OFFSET, 8
        .set    Y_OFFSET, 9

        .code32
        .section .text.pm, "ax"
        .globl  vbe_pm_start, vbe_pm_end
vbe_pm_start:
        .word   pm_window - vbe_pm_start
        .word   pm_display_start - vbe_pm_start
        .word   pm_palette - vbe_pm_start
        .word   pm_ports - vbe_pm_start

/* EAX := dispi register AL; uses EDX. */
pm_read:
        movzbl  %al, %eax
        movl    $INDEX, %edx
        outw    %ax, %dx
        incl    %edx
        inw     %dx, %ax
        ret

/* dispi register AL := CX; uses EAX, EDX. */
pm_write:
        movzbl  %al, %eax
        movl    $INDEX, %edx
        outw    %ax, %dx
        incl    %edx
        movl    %ecx, %eax
        outw    %ax, %dx
        ret

/* BH 0: set, 1: get; BL window; DX position. */
pm_window:
        pushl   %ecx
        movb    $BANK, %al
        testb   %bh, %bh
        jnz     1f
        pushl   %edx
        movl    %edx, %ecx
        call    pm_write
        popl    %edx
        jmp     2f
1:      call    pm_read
        movzwl  %ax, %edx
2:      popl    %ecx
        movw    $0x004f, %ax
        ret

/* BL bit 7: during retrace; DX:CX start address in units of 4 bytes (planes: of 1 byte). */
pm_display_start:
        pushal
        testb   $0x80, %bl
        jz      3f
        movl    %edx, %esi
        movl    $0x3da, %edx
        movl    $0x10000, %edi
1:      inb     %dx, %al
        decl    %edi
        jz      2f
        testb   $8, %al
        jz      1b
2:      movl    %esi, %edx
3:      shll    $16, %edx
        movw    %cx, %dx
        movl    %edx, %esi              /* start */
        movb    $BPP, %al
        call    pm_read
        movzwl  %ax, %ebp
        movb    $VIRT_WIDTH, %al
        call    pm_read
        movzwl  %ax, %ecx               /* pixels of a line */
        cmpl    $4, %ebp
        je      4f
        addl    $7, %ebp
        shrl    $3, %ebp                /* bytes of a pixel */
        shll    $2, %esi
        imull   %ebp, %ecx              /* bytes of a line */
        xorl    %edx, %edx
        movl    %esi, %eax
        divl    %ecx
        movl    %eax, %edi              /* line */
        movl    %edx, %eax
        xorl    %edx, %edx
        divl    %ebp
        jmp     5f
4:      shrl    $3, %ecx
        xorl    %edx, %edx
        movl    %esi, %eax
        divl    %ecx
        movl    %eax, %edi
        leal    (,%edx,8), %eax
5:      movl    %eax, %ecx
        movb    $X_OFFSET, %al
        call    pm_write
        movl    %edi, %ecx
        movb    $Y_OFFSET, %al
        call    pm_write
        popal
        movw    $0x004f, %ax
        ret

/* BL 0, 80h: set; CX entries from DX on; ES:EDI blue, green, red, nothing. */
pm_palette:
        pushal
        movl    %ecx, %esi
        movzwl  %si, %esi
        movb    %dl, %al
        movl    $0x3c8, %edx
        outb    %al, %dx
        incl    %edx
1:      testl   %esi, %esi
        jz      2f
        movb    %es:2(%edi), %al
        outb    %al, %dx
        movb    %es:1(%edi), %al
        outb    %al, %dx
        movb    %es:(%edi), %al
        outb    %al, %dx
        addl    $4, %edi
        decl    %esi
        jmp     1b
2:      popal
        movw    $0x004f, %ax
        ret

pm_ports:
        .word   0x1ce, 0x1cf, 0x1d0, 0x3c8, 0x3c9, 0x3da, 0xffff
        .word   0xffff                  /* no memory ranges */
vbe_pm_end:
