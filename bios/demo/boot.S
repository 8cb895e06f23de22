/* SPDX-License-Identifier: MIT */
/*
 * Boot sector of the demo floppy: reads the program behind it into memory and jumps to it.
 *
 * The BIOS loads the first sector of a bootable disk to 0000:7C00 and jumps there, if its last two bytes are 55 AA.
 * DL is the number of the drive. Nothing else is certain: not the segment registers, not the stack, not CS:IP's form
 * (0000:7C00 or 07C0:0000). Only 8086 instructions are used, so that an old machine gets as far as an explanation.
 *
 * On the disk:   sector 0        this code and the BIOS parameter block that describes the FAT file system
 *                sectors 1 to n  the program (reserved sectors, in FAT terms; mkfloppy fills in n)
 *                the rest        a FAT12 file system, so that DOS and mtools can read the disk
 * In memory:     0000:7C00       this code
 *                0800:0000       the program, up to 60 KiB
 */
        .code16
        .arch   i8086
        .set    LOAD_SEGMENT, 0x0800
        .set    TRIES, 5

        .section .text.boot, "ax"
        .globl  boot
boot:
        jmp     start
        .org    3
        .ascii  "LATHE1.0"              /* OEM name */
/* BIOS parameter block: what kind of disk this is. */
        .word   512                     /* bytes in a sector */
        .byte   1                       /* sectors in a cluster */
reserved:
        .word   1                       /* reserved sectors: this one and the program (set by mkfloppy) */
        .byte   2                       /* copies of the FAT */
        .word   224                     /* entries of the root directory */
        .word   2880                    /* sectors on the disk */
        .byte   0xf0                    /* 3.5 inch, 1.44 MB */
        .word   9                       /* sectors in a FAT */
sectors:
        .word   18                      /* sectors on a track */
heads:  .word   2
        .long   0                       /* hidden sectors */
        .long   0
        .byte   0, 0, 0x29              /* drive, reserved, extended block follows */
        .long   0x4c415448              /* serial number */
        .ascii  "LATHE DEMO "
        .ascii  "FAT12   "

start:
        cli                             /* no interrupt between SS and SP */
        xor     %ax, %ax
        mov     %ax, %ss
        mov     $0x7c00, %sp
        sti
        mov     %ax, %ds
        cld
        ljmp    $0, $1f                 /* CS := 0 */
1:      mov     %dl, drive

        mov     $LOAD_SEGMENT, %ax
        mov     %ax, %es
        mov     $1, %si                 /* sector number, counted from 0 over the whole disk */
next:
        cmp     reserved, %si
        jae     done
        call    read_sector
        mov     %es, %ax
        add     $512 / 16, %ax
        mov     %ax, %es
        inc     %si
        jmp     next

done:   mov     drive, %dl
        ljmp    $LOAD_SEGMENT, $0

/*
 * Read sector SI to ES:0. INT 13h wants cylinder, head and sector:
 *   sector   = SI mod sectors_per_track + 1
 *   head     = SI / sectors_per_track mod heads
 *   cylinder = SI / sectors_per_track / heads
 * A floppy drive whose motor is still starting fails at first, so the read is tried again after a reset.
 */
read_sector:
        mov     $TRIES, %di
2:      mov     %si, %ax
        xor     %dx, %dx
        divw    sectors
        mov     %dl, %cl
        inc     %cl
        xor     %dx, %dx
        divw    heads
        mov     %dl, %dh
        mov     %al, %ch
        mov     drive, %dl
        xor     %bx, %bx
        mov     $0x0201, %ax            /* read one sector */
        int     $0x13
        jnc     3f
        xor     %ah, %ah                /* reset the drive */
        mov     drive, %dl
        int     $0x13
        dec     %di
        jnz     2b
        mov     $message, %si
        jmp     print
3:      ret

/* Print the text at SI, wait for a key and try the next boot device. */
print:  lodsb
        test    %al, %al
        jz      4f
        mov     $0x0e, %ah
        mov     $0x0007, %bx
        int     $0x10
        jmp     print
4:      xor     %ah, %ah
        int     $0x16
        int     $0x18
        jmp     4b

message:
        .asciz  "\r\nLathe demo: cannot read the disk. Press a key.\r\n"
drive:  .byte   0

        .org    510
        .byte   0x55, 0xaa
