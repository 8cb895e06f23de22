/* SPDX-License-Identifier: MIT */
/*
 * ROM tables that hold far pointers into the ROM (IBM PS/2 and PC BIOS Interface Technical Reference, "Save pointer
 * table"). A VGA BIOS always runs at C000h.
 */
        .set    ROM_SEGMENT, 0xc000
        .macro  rom_far label
        .word   \label, ROM_SEGMENT
        .endm

        .section .rom.tables, "a"
        .globl  save_table, dcc_table, static_table
        .balign 4
save_table:
        rom_far params_table
        .long   0                       /* dynamic save area */
        .long   0                       /* text font */
        .long   0                       /* graphics font */
        rom_far save_secondary
        .long   0, 0
save_secondary:
        .word   save_secondary_end - save_secondary
        rom_far dcc_table
        .long   0                       /* second text font */
        .long   0                       /* palette profile */
        .long   0, 0, 0
save_secondary_end:

/* Display combinations: entries, version, highest code, reserved; then the codes of the two displays. */
dcc_table:
        .byte   4, 1, 8, 0
        .byte   0, 0                    /* none */
        .byte   0, 7                    /* VGA, monochrome */
        .byte   0, 8                    /* VGA, colour */
        .byte   7, 8

/* Static functionality table (INT 10h AH=1Bh). */
static_table:
        .byte   0xff                    /* modes 0 to 7 */
        .byte   0xe0                    /* modes Dh to Fh */
        .byte   0x0f                    /* modes 10h to 13h */
        .long   0
        .byte   0x07                    /* 200, 350, 400 scan lines */
        .byte   2                       /* font blocks shown at once */
        .byte   8                       /* font blocks */
        .byte   0xff                    /* all modes, grey, fonts, palette load, cursor emulation, EGA palette, DAC */
        .byte   0x0e                    /* DCC, blink or intensity, save and restore */
        .word   0
        .byte   0x3c                    /* save pointers: see AH=1Bh; text and graphics font, palette, DCC */
        .byte   0
