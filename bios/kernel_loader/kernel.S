/* SPDX-License-Identifier: MIT */
/*
 * Option ROM that boots the kernel given with --kernel. It announces a boot entry vector (PnP BIOS specification 1.0A,
 * chapter 3). When the BIOS boots from it, it collects the memory map (INT 15h E820h), has the kernel loader device
 * (devices/pc/kernel_loader.h: ports 4C0h and 4C4h) place everything in memory, and jumps to the kernel.
 *
 * PCI 1234:4B4C; PCI data structure as in the PCI Firmware specification 3.0, 5.1.
 */
        .set    PORT_COMMAND, 0x4c0
        .set    PORT_DATA, 0x4c4
        .set    COMMAND_LOAD, 1
        .set    STATUS_REAL, 1
        .set    STATUS_PROTECTED, 2
        .set    RANGES, 0x8000          /* list for the device: below where any kernel part goes */
        .set    RANGE_BYTES, 20
        .set    RANGES_MAX, 64
        .set    SMAP, 0x534d4150
        .set    CR0_PE, 1

        .code16
        .text
rom:    .byte   0x55, 0xaa
        .byte   0                       /* length, filled in by romsum */
        jmp     init                    /* offset 3 */
        .org    0x18
        .word   pcir - rom
        .word   PNP
        .org    0x1c
pcir:   .ascii  "PCIR"
        .word   0x1234, 0x4b4c
        .word   0                       /* no vital product data */
        .word   0x18                    /* structure length */
        .byte   0                       /* revision */
        .byte   0x00, 0x00, 0xff        /* class: fits none */
        .word   0                       /* image length, filled in by romsum */
        .word   0x0100                  /* code revision */
        .byte   0                       /* x86, PC-AT */
        .byte   0x80                    /* last image */
        .word   0

/* The expansion header's offsets are fixed, so that its checksum can be computed here. */
        .set    PNP, 0x40
        .set    VENDOR, 0x60
        .set    PRODUCT, 0x70
        .set    BEV, 0x80
        .set    PNP_SUM, 0x24 + 0x50 + 0x6e + 0x50 + 1 + 2 + VENDOR + PRODUCT + 0x02 + 0x64 + BEV
        .org    PNP
        .ascii  "$PnP"
        .byte   1                       /* revision */
        .byte   2                       /* length in 16 bytes */
        .word   0                       /* next header */
        .byte   0
        .byte   -PNP_SUM & 0xff         /* checksum */
        .long   0                       /* device identifier */
        .word   VENDOR, PRODUCT
        .byte   0x02, 0x00, 0x00        /* device type: network controller, as far as a BEV goes */
        .byte   0x64                    /* indicators: DDIM, read cacheable, IPL device */
        .word   0                       /* boot connection vector */
        .word   0                       /* disconnect vector */
        .word   BEV
        .word   0                       /* reserved */
        .word   0                       /* static resource information */

        .org    VENDOR
        .asciz  "Lathe"
        .org    PRODUCT
        .asciz  "--kernel"

/* Boot entry vector. Returns to the BIOS where the kernel cannot be loaded; the device ends the run then. */
        .org    BEV
boot:   pushal
        pushw   %ds
        pushw   %es
        pushw   %cs
        popw    %ds
        cld
        call    collect_ranges
        movw    $PORT_DATA, %dx
        movl    $RANGES, %eax
        outl    %eax, %dx
        movw    $PORT_COMMAND, %dx
        movb    $COMMAND_LOAD, %al
        outb    %al, %dx
        inb     %dx, %al
        cmpb    $STATUS_REAL, %al
        je      enter_real
        cmpb    $STATUS_PROTECTED, %al
        je      enter_protected
        popw    %es
        popw    %ds
        popal
        lret

/* Initialisation: AX is kept for PCI; the result says "has an IPL device attached" (PnP BIOS 3.3, return status). */
init:   movw    $0x0020, %ax
        lret

/* The BIOS's memory map to RANGES: count, then entries of base, size, type. */
collect_ranges:
        xorw    %ax, %ax
        movw    %ax, %es
        movw    $RANGES, %si
        movl    $0, %es:(%si)
        leaw    4(%si), %di
        xorl    %ebx, %ebx
1:      movl    $0xe820, %eax
        movl    $SMAP, %edx
        movl    $RANGE_BYTES, %ecx
        int     $0x15
        jc      2f
        cmpl    $SMAP, %eax
        jne     2f
        incl    %es:(%si)
        addw    $RANGE_BYTES, %di
        cmpl    $RANGES_MAX, %es:(%si)
        jae     2f
        testl   %ebx, %ebx
        jnz     1b
2:      ret

/* Linux's 16-bit entry: CS:IP, all other segments equal, interrupts off (boot.rst, "Running the kernel"). */
enter_real:
        movw    $PORT_DATA, %dx
        inl     %dx, %eax
        movl    %eax, %ecx              /* CS */
        inl     %dx, %eax
        movl    %eax, %ebx              /* IP */
        inl     %dx, %eax
        movl    %eax, %esi              /* segments */
        inl     %dx, %eax               /* SP */
        cli
        movw    %si, %ss
        movw    %ax, %sp
        movw    %si, %ds
        movw    %si, %es
        movw    %si, %fs
        movw    %si, %gs
        pushw   %cx
        pushw   %bx
        lret

/* Flat 32-bit protected mode, paging off, A20 open, interrupts off; EAX and EBX from the device. */
enter_protected:
        movw    $0x2401, %ax            /* A20 by the BIOS, then by the fast gate of port 92h */
        int     $0x15
        inb     $0x92, %al
        testb   $2, %al
        jnz     1f
        orb     $2, %al
        andb    $0xfe, %al
        outb    %al, $0x92
1:      cli
        xorl    %ebp, %ebp
        movw    %cs, %bp
        shll    $4, %ebp                /* where this ROM runs */
        leal    gdt - rom(%ebp), %eax
        movl    $RANGES, %esi           /* scratch: the device has read the list */
        xorw    %cx, %cx
        movw    %cx, %ds
        movw    $gdt_end - gdt - 1, (%si)
        movl    %eax, 2(%si)
        lgdtl   (%si)
        leal    flat - rom(%ebp), %eax
        movl    %eax, 8(%si)
        movw    $SELECTOR_CODE, 12(%si)
        movl    %cr0, %eax
        orb     $CR0_PE, %al
        movl    %eax, %cr0
        ljmpl   *8(%si)

        .code32
flat:   movw    $SELECTOR_DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    $0x7000, %esp           /* kernels bring their own; until then a sane one */
        movl    $PORT_DATA, %edx
        inl     %dx, %eax
        movl    %eax, %ecx              /* EIP */
        inl     %dx, %eax
        movl    %eax, %esi              /* EAX */
        inl     %dx, %eax
        movl    %eax, %ebx
        movl    %esi, %eax
        jmp     *%ecx

        .set    SELECTOR_CODE, 0x08
        .set    SELECTOR_DATA, 0x10
        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      /* code, base 0, 4 GiB, 32 bit */
        .quad   0x00cf93000000ffff      /* data */
gdt_end:
