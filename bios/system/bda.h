/* SPDX-License-Identifier: MIT */
/*
 * The BIOS data area at 0040:0000 (IBM PS/2 and PC BIOS Interface Technical Reference, section 3). FS is 0 in
 * all C code of this BIOS, so BDA fields are plain lvalues: `BDA->ticks++`.
 */
#ifndef BIOS_SYSTEM_BDA_H
#define BIOS_SYSTEM_BDA_H
#include <stddef.h>
#include <stdint.h>

struct bda {
    uint16_t com_port[4];
    uint16_t lpt_port[3];
    uint16_t ebda_segment; /* 0Eh */
    uint16_t equipment;    /* 10h: what INT 11h returns */
    uint8_t reserved12;
    uint16_t memory_kib; /* 13h: what INT 12h returns */
    uint16_t reserved15;
    uint8_t kbd_flags0; /* 17h */
    uint8_t kbd_flags1;
    uint8_t kbd_alt_code;
    uint16_t kbd_head; /* 1Ah: offsets within segment 0040h */
    uint16_t kbd_tail;
    uint16_t kbd_buffer[16];
    uint8_t floppy_recalibrated; /* 3Eh: bit per drive; bit 7: interrupt seen */
    uint8_t floppy_motor;
    uint8_t floppy_motor_ticks; /* 40h: INT 08h counts down and stops the motors at 0 */
    uint8_t floppy_status;
    uint8_t floppy_result[7];
    uint8_t video_mode; /* 49h */
    uint16_t video_columns;
    uint8_t video_mid[0x67 - 0x4c];
    uint16_t resume_offset; /* 67h: where CMOS shutdown codes continue */
    uint16_t resume_segment;
    uint8_t last_interrupt;
    uint32_t ticks; /* 6Ch */
    uint8_t midnight;
    uint8_t break_flag;
    uint16_t reset_flag; /* 72h: 1234h asks for a warm start */
    uint8_t disk_status;
    uint8_t disk_count;
    uint8_t disk_control;
    uint8_t reserved77;
    uint8_t lpt_timeout[4];
    uint8_t com_timeout[4];
    uint16_t kbd_buffer_start; /* 80h */
    uint16_t kbd_buffer_end;
    uint8_t video_rows; /* 84h */
    uint8_t video_ega[6];
    uint8_t floppy_rate; /* 8Bh: data rate last sent */
    uint8_t disk_registers[3];
    uint8_t floppy_controller;
    uint8_t floppy_media[2]; /* 90h: media state, drives A and B */
    uint8_t floppy_start_state[2];
    uint8_t floppy_track[2];
    uint8_t kbd_flags3; /* 96h */
    uint8_t kbd_leds;
    uint16_t wait_flag_offset; /* 98h: user wait, INT 15h AH=83h */
    uint16_t wait_flag_segment;
    uint32_t wait_microseconds;
    uint8_t wait_active; /* A0h */
} __attribute__((packed));

_Static_assert(offsetof(struct bda, kbd_flags0) == 0x17, "BDA layout");
_Static_assert(offsetof(struct bda, floppy_motor_ticks) == 0x40, "BDA layout");
_Static_assert(offsetof(struct bda, resume_offset) == 0x67, "BDA layout");
_Static_assert(offsetof(struct bda, ticks) == 0x6c, "BDA layout");
_Static_assert(offsetof(struct bda, kbd_buffer_start) == 0x80, "BDA layout");
_Static_assert(offsetof(struct bda, floppy_media) == 0x90, "BDA layout");
_Static_assert(offsetof(struct bda, wait_active) == 0xa0, "BDA layout");

#define BDA ((volatile struct bda __seg_fs *)0x400)

/* Interrupt vector n, as offset and segment. */
struct far_pointer {
    uint16_t offset, segment;
};
#define IVT ((volatile struct far_pointer __seg_fs *)0)

enum {
    SHIFT_RIGHT = 0x01, /* kbd_flags0 */
    SHIFT_LEFT = 0x02,
    SHIFT_CTRL = 0x04,
    SHIFT_ALT = 0x08,
    SCROLL_ON = 0x10,
    NUM_ON = 0x20,
    CAPS_ON = 0x40,
    INSERT_ON = 0x80,
};

#endif
