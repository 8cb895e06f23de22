/* SPDX-License-Identifier: MIT */
/*
 * INT 09h: scan codes to INT 16h codes (IBM PS/2 and PC BIOS Interface Technical Reference, INT 09h). A scan
 * code passes through INT 15h AH=4Fh first, where programs may change or swallow it. Lock LEDs are updated
 * without waiting: the keyboard's acknowledgements arrive as interrupts and drive the next step.
 */
#include "system/keyboard.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/kbc.h"
#include "system/kbd_table.h"
#include "system/regs.h"

enum scan_code {
    SCAN_CTRL = 0x1d,
    SCAN_SHIFT_LEFT = 0x2a,
    SCAN_SHIFT_RIGHT = 0x36,
    SCAN_PRINT = 0x37,
    SCAN_ALT = 0x38,
    SCAN_CAPS = 0x3a,
    SCAN_NUM = 0x45,
    SCAN_SCROLL = 0x46,
    SCAN_MINUS = 0x4a,
    SCAN_PLUS = 0x4e,
    SCAN_INSERT = 0x52,
    SCAN_DELETE = 0x53,
    SCAN_SYSREQ = 0x54,
    SCAN_E0 = 0xe0,
    SCAN_E1 = 0xe1,
    SCAN_RELEASE = 0x80,
};

enum {
    HELD_CTRL_LEFT = 0x01, /* kbd_flags1 */
    HELD_ALT_LEFT = 0x02,
    HELD_SYSREQ = 0x04,
    PAUSED = 0x08,
    HELD_SCROLL = 0x10,
    HELD_NUM = 0x20,
    HELD_CAPS = 0x40,
    HELD_INSERT = 0x80,
};

enum {
    LAST_E1 = 0x01, /* kbd_flags3 */
    LAST_E0 = 0x02,
    HELD_CTRL_RIGHT = 0x04,
    HELD_ALT_RIGHT = 0x08,
};

enum { LED_MASK = 0x07, LED_ACK = 0x10, LED_RESEND = 0x20, LED_BUSY = 0x40, LED_SENT_COMMAND = 0x80 };

enum { KBD_SET_LEDS = 0xed, RESET_FLAG_WARM = 0x1234 };
enum { PORT_RESET_CONTROL = 0xcf9, RESET_HARD = 0x02, RESET_CPU = 0x04 };

void keyboard_data_init(void)
{
    BDA->kbd_buffer_start = offsetof(struct bda, kbd_buffer);
    BDA->kbd_buffer_end = offsetof(struct bda, kbd_buffer) + sizeof((struct bda *)0)->kbd_buffer;
    BDA->kbd_head = BDA->kbd_buffer_start;
    BDA->kbd_tail = BDA->kbd_buffer_start;
}

bool keyboard_store(uint16_t code)
{
    uint16_t tail = BDA->kbd_tail;
    uint16_t next = (uint16_t)(tail + 2);
    if (next >= BDA->kbd_buffer_end)
        next = BDA->kbd_buffer_start;
    if (next == BDA->kbd_head)
        return false;
    *(volatile uint16_t __seg_fs *)(0x400 + (uint32_t)tail) = code;
    BDA->kbd_tail = next;
    return true;
}

void system_reset(void)
{
    cpu_cli();
    out8(PORT_RESET_CONTROL, RESET_HARD);
    out8(PORT_RESET_CONTROL, RESET_HARD | RESET_CPU);
    kbc_command(KBC_PULSE_RESET); /* without a PIIX */
    out8(PORT_A20, 1);            /* if the keyboard controller would not */
    for (;;)
        __asm__ volatile("hlt");
}

/* Brings the LEDs into line with the lock flags; a step at a time, `acknowledged` when the keyboard answered
 * the last. */
static void leds_step(bool acknowledged)
{
    uint8_t state = BDA->kbd_leds;
    uint8_t wanted = (BDA->kbd_flags0 >> 4) & LED_MASK;
    if (!(state & LED_BUSY)) {
        if ((state & LED_MASK) == wanted)
            return;
        BDA->kbd_leds = (uint8_t)((state | LED_BUSY | LED_SENT_COMMAND) & ~LED_ACK);
        out8(PORT_KBD_DATA, KBD_SET_LEDS);
    } else if (acknowledged && (state & LED_SENT_COMMAND)) {
        BDA->kbd_leds = (uint8_t)((state & ~(LED_MASK | LED_SENT_COMMAND | LED_ACK)) | wanted);
        out8(PORT_KBD_DATA, wanted);
    } else if (acknowledged) {
        BDA->kbd_leds = state & (uint8_t)~LED_BUSY;
    }
}

static void ctrl_break(void)
{
    BDA->break_flag = 0x80;
    BDA->kbd_head = BDA->kbd_buffer_start;
    BDA->kbd_tail = BDA->kbd_buffer_start;
    soft_interrupt_ax(0x1b, 0);
    keyboard_store(0);
}

/* Waits, interrupts on, until another key clears the flag. */
static void pause_key(void)
{
    if (BDA->kbd_flags1 & PAUSED)
        return;
    BDA->kbd_flags1 |= PAUSED;
    pic_eoi(1);
    while (BDA->kbd_flags1 & PAUSED)
        cpu_wait_interrupt();
}

/* A modifier held on either side keeps its bit in kbd_flags0. */
static void held_pair(uint8_t flag, uint8_t left, uint8_t right, bool is_right, bool released)
{
    if (is_right)
        BDA->kbd_flags3 = (uint8_t)(released ? BDA->kbd_flags3 & ~right : BDA->kbd_flags3 | right);
    else
        BDA->kbd_flags1 = (uint8_t)(released ? BDA->kbd_flags1 & ~left : BDA->kbd_flags1 | left);
    bool held = (BDA->kbd_flags1 & left) || (BDA->kbd_flags3 & right);
    BDA->kbd_flags0 = (uint8_t)(held ? BDA->kbd_flags0 | flag : BDA->kbd_flags0 & ~flag);
}

static void held(uint8_t flag, bool released)
{
    BDA->kbd_flags0 = (uint8_t)(released ? BDA->kbd_flags0 & ~flag : BDA->kbd_flags0 | flag);
}

/* A lock key toggles when it goes down, not when it repeats. */
static void lock_key(uint8_t flag, uint8_t held_bit, bool released)
{
    if (released) {
        BDA->kbd_flags1 &= (uint8_t)~held_bit;
        return;
    }
    if (BDA->kbd_flags1 & held_bit)
        return;
    BDA->kbd_flags1 |= held_bit;
    BDA->kbd_flags0 ^= flag;
    leds_step(false);
}

/* Releasing Alt ends a code typed on the keypad. */
static void alt_key(bool is_right, bool released)
{
    held_pair(SHIFT_ALT, HELD_ALT_LEFT, HELD_ALT_RIGHT, is_right, released);
    if (released && BDA->kbd_alt_code) {
        keyboard_store(BDA->kbd_alt_code);
        BDA->kbd_alt_code = 0;
    }
}

/* Handles shift and lock keys; false when `key` is neither. */
static bool modifier(uint8_t key, bool extended, bool released)
{
    switch (key) {
    case SCAN_SHIFT_LEFT:
    case SCAN_SHIFT_RIGHT:
        if (!extended) /* with E0h these only wrap the grey keys */
            held(key == SCAN_SHIFT_LEFT ? SHIFT_LEFT : SHIFT_RIGHT, released);
        return true;
    case SCAN_CTRL: held_pair(SHIFT_CTRL, HELD_CTRL_LEFT, HELD_CTRL_RIGHT, extended, released); return true;
    case SCAN_ALT: alt_key(extended, released); return true;
    case SCAN_CAPS: lock_key(CAPS_ON, HELD_CAPS, released); return true;
    case SCAN_NUM:
        if (BDA->kbd_flags0 & SHIFT_CTRL)
            return false;
        lock_key(NUM_ON, HELD_NUM, released);
        return true;
    case SCAN_SCROLL:
        if (extended || (BDA->kbd_flags0 & SHIFT_CTRL))
            return false;
        lock_key(SCROLL_ON, HELD_SCROLL, released);
        return true;
    default: return false;
    }
}

static void sysreq(bool released)
{
    if (released)
        BDA->kbd_flags1 &= (uint8_t)~HELD_SYSREQ;
    else
        BDA->kbd_flags1 |= HELD_SYSREQ;
    pic_eoi(1);
    soft_interrupt_ax(0x15, released ? 0x8501 : 0x8500);
}

/* Keys that act instead of storing a code; true when the interrupt has been ended as well. */
enum special { NOT_SPECIAL, SPECIAL, SPECIAL_EOI_DONE };

static enum special special_key(uint8_t key, bool extended)
{
    uint8_t flags = BDA->kbd_flags0;
    if (key == SCAN_DELETE && (flags & (SHIFT_CTRL | SHIFT_ALT)) == (SHIFT_CTRL | SHIFT_ALT)) {
        BDA->reset_flag = RESET_FLAG_WARM;
        system_reset();
    }
    if (key == SCAN_SCROLL && (extended || (flags & SHIFT_CTRL))) {
        pic_eoi(1);
        ctrl_break();
        return SPECIAL_EOI_DONE;
    }
    if (key == SCAN_NUM && (flags & SHIFT_CTRL)) {
        pause_key();
        return SPECIAL_EOI_DONE;
    }
    if (key == SCAN_PRINT && extended && !(flags & (SHIFT_CTRL | SHIFT_ALT))) {
        pic_eoi(1);
        soft_interrupt_ax(0x05, 0);
        return SPECIAL_EOI_DONE;
    }
    if (key == SCAN_PRINT && extended && (flags & SHIFT_CTRL)) {
        keyboard_store(0x7200);
        return SPECIAL;
    }
    return NOT_SPECIAL;
}

static uint16_t extended_code(uint8_t key, enum kbd_level level)
{
    for (unsigned i = 0; i < KBD_EXTENDED; i++)
        if (ROM8(kbd_extended[i].scan) == key)
            return ROM16(kbd_extended[i].code[level]);
    return NO_KEY;
}

/* Alt with a keypad digit collects a character code. */
static bool alt_digit(uint8_t key)
{
    if (key == SCAN_MINUS || key == SCAN_PLUS)
        return false;
    uint8_t digit = (uint8_t)((uint8_t)ROM16(kbd_table[key][LEVEL_SHIFT]) - '0');
    if (digit > 9)
        return false;
    BDA->kbd_alt_code = (uint8_t)(BDA->kbd_alt_code * 10 + digit);
    return true;
}

static enum kbd_level key_level(uint8_t key, bool extended)
{
    uint8_t flags = BDA->kbd_flags0;
    if (flags & SHIFT_ALT)
        return LEVEL_ALT;
    if (flags & SHIFT_CTRL)
        return LEVEL_CTRL;
    bool shift = flags & (SHIFT_LEFT | SHIFT_RIGHT);
    uint8_t plain = (uint8_t)ROM16(kbd_table[key][LEVEL_PLAIN]);
    if (plain >= 'a' && plain <= 'z' && (flags & CAPS_ON))
        shift = !shift;
    if (key >= KBD_KEYPAD_FIRST && key <= KBD_KEYPAD_LAST && !extended && (flags & NUM_ON))
        shift = !shift;
    return shift ? LEVEL_SHIFT : LEVEL_PLAIN;
}

static void character_key(uint8_t key, bool extended)
{
    if (key > KBD_LAST)
        return;
    enum kbd_level level = key_level(key, extended);
    if (level == LEVEL_ALT && !extended && key >= KBD_KEYPAD_FIRST && key <= KBD_KEYPAD_LAST &&
        alt_digit(key))
        return;
    if (key == SCAN_INSERT && !(BDA->kbd_flags1 & HELD_INSERT) && (level == LEVEL_PLAIN || extended)) {
        BDA->kbd_flags1 |= HELD_INSERT;
        BDA->kbd_flags0 ^= INSERT_ON;
    }
    uint16_t code = extended ? extended_code(key, level) : ROM16(kbd_table[key][level]);
    if (code != NO_KEY)
        keyboard_store(code);
}

/* One scan code that passed the hook; true when the interrupt has been ended on the way. */
static bool translate(uint8_t scan)
{
    uint8_t prefix = BDA->kbd_flags3 & (LAST_E0 | LAST_E1);
    uint8_t key = scan & 0x7f;
    bool released = scan & SCAN_RELEASE;
    bool extended = prefix & LAST_E0;
    if (scan == SCAN_E0 || scan == SCAN_E1) {
        BDA->kbd_flags3 |= scan == SCAN_E0 ? LAST_E0 : LAST_E1;
        return false;
    }
    if ((prefix & LAST_E1) && key == SCAN_CTRL) /* first half of Pause: E1 1D 45 */
        return false;
    BDA->kbd_flags3 &= (uint8_t) ~(LAST_E0 | LAST_E1);
    if (prefix & LAST_E1) {
        if (released)
            return false;
        pause_key();
        return true;
    }
    if (key == SCAN_SYSREQ) {
        sysreq(released);
        return true;
    }
    if (modifier(key, extended, released))
        return false;
    if (released) {
        if (key == SCAN_INSERT)
            BDA->kbd_flags1 &= (uint8_t)~HELD_INSERT;
        return false;
    }
    if (BDA->kbd_flags1 & PAUSED) { /* the key that ends the pause goes nowhere */
        BDA->kbd_flags1 &= (uint8_t)~PAUSED;
        return false;
    }
    enum special special = special_key(key, extended);
    if (special == NOT_SPECIAL)
        character_key(key, extended);
    return special == SPECIAL_EOI_DONE;
}

/* The keyboard's answers to commands are not keys. */
static bool keyboard_answer(uint8_t data)
{
    if (data == PS2_ACK) {
        BDA->kbd_leds |= LED_ACK;
        leds_step(true);
        return true;
    }
    if (data == PS2_RESEND) {
        BDA->kbd_leds |= LED_RESEND;
        return true;
    }
    return false;
}

void keyboard_interrupt(struct regs *r)
{
    (void)r;
    uint8_t data = in8(PORT_KBD_DATA);
    if (!keyboard_answer(data)) {
        struct regs hook;
        memset(&hook, 0, sizeof hook);
        hook.ax = (uint16_t)(0x4f00 | data);
        hook.flags = FLAG_CF;
        soft_interrupt(0x15, &hook);
        if ((hook.flags & FLAG_CF) && translate(hook.al))
            return;
        leds_step(false); /* programs set lock flags by hand */
    }
    cpu_cli();
    pic_eoi(1);
}
