/* SPDX-License-Identifier: MIT */
/*
 * Access to memory outside DS for the C code of the VGA BIOS (mem.h). Arguments in EAX, EDX, ECX (-mregparm=3);
 * EBX, ESI, EDI, EBP and DS = ES = SS are preserved.
 */
        .code16
        .section .text.mem, "ax"

        .macro  entry name
        .globl  \name
\name:
        .endm

/* ES:AX := far pointer in EAX, with EAX zero-extended so that it can be used as a 32-bit base. */
        .macro  load_es
        pushl   %eax
        popw    %ax                     /* offset */
        popw    %es                     /* segment */
        movzwl  %ax, %eax
        .endm

        .macro  restore_es
        pushw   %ss
        popw    %es
        .endm

entry far_read8
        load_es
        movzbl  %es:(%eax), %eax
        restore_es
        retl

entry far_read16
        load_es
        movzwl  %es:(%eax), %eax
        restore_es
        retl

entry far_write8
        load_es
        movb    %dl, %es:(%eax)
        restore_es
        retl

entry far_write16
        load_es
        movw    %dx, %es:(%eax)
        restore_es
        retl

entry far_rmw8
        load_es
        xchgb   %dl, %es:(%eax)
        restore_es
        retl

entry far_copy                          /* EAX dst, EDX src, ECX n */
        pushl   %esi
        pushl   %edi
        load_es
        movl    %eax, %edi
        pushl   %edx
        popw    %si
        popw    %ds
        movzwl  %si, %esi
        rep movsb %ds:(%esi), %es:(%edi)
        popl    %edi
        popl    %esi
        pushw   %ss
        popw    %ds
        restore_es
        retl

entry far_fill8                         /* EAX dst, DL value, ECX n */
        pushl   %edi
        load_es
        movl    %eax, %edi
        movb    %dl, %al
        rep stosb %al, %es:(%edi)
        popl    %edi
        restore_es
        retl

entry far_fill16                        /* EAX dst, DX value, ECX words */
        pushl   %edi
        load_es
        movl    %eax, %edi
        movw    %dx, %ax
        rep stosw %ax, %es:(%edi)
        popl    %edi
        restore_es
        retl

entry far_rom
        movw    %cs, %dx
        jmp     1f
entry far_local
        movw    %ss, %dx
1:      shll    $16, %edx
        movw    %ax, %dx
        movl    %edx, %eax
        retl
