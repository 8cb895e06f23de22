/* SPDX-License-Identifier: MIT */
/* PS/2 keyboard. IBM PS/2 Hardware Interface Technical Reference, "Keyboards": "Commands from the System",
 * "Scan Codes", "Typematic".
 *
 * Sequences are made in set 2; set 1 is what the controller's translation would make of them.
 *
 * Deviations: the basic assurance test takes 10 ms instead of 300 to 500; no completion code is sent at
 * power-on, only after a reset command; the cursor keys are not wrapped in Shift codes while Num Lock or
 * Shift is on.
 */
#include "devices/input/keyboard.h"

#include <string.h>

#include "core/base/alloc.h"

enum key_type { T, B, M }; /* set 3: typematic, make and break, make only; T makes a break code as well */

enum keyboard_command {
    CMD_LEDS = 0xED,
    CMD_ECHO = 0xEE,
    CMD_SCAN_SET = 0xF0,
    CMD_ID = 0xF2,
    CMD_RATE = 0xF3,
    CMD_ENABLE = 0xF4,
    CMD_DISABLE = 0xF5,
    CMD_DEFAULTS = 0xF6,
    CMD_ALL_TYPEMATIC = 0xF7,
    CMD_ALL_MAKE_BREAK = 0xF8,
    CMD_ALL_MAKE = 0xF9,
    CMD_ALL_TYPEMATIC_MAKE_BREAK = 0xFA,
    CMD_KEY_TYPEMATIC = 0xFB,
    CMD_KEY_MAKE_BREAK = 0xFC,
    CMD_KEY_MAKE = 0xFD,
    CMD_RESEND = 0xFE,
    CMD_RESET = 0xFF,
};
enum { ACK = 0xFA, RESEND = 0xFE, ECHO = 0xEE, BAT_PASSED = 0xAA, ID_1 = 0xAB, ID_2 = 0x83 };
enum { PREFIX_E0 = 0xE0, PREFIX_E1 = 0xE1, RELEASE = 0xF0, EXTENDED = 0x100 };
enum { OVERRUN = 0x00, OVERRUN_SET1 = 0xFF };
enum { RATE_DEFAULT = 0x2B, BAT_NS = 10000000, QUARTER_SECOND_NS = 250000000, RATE_UNIT_NS = 4170000 };

struct key_codes {
    uint16_t set2;
    uint8_t set3, type;
};

/* clang-format off */
static const struct key_codes codes[KEY_LIMIT] = {
#define KEY(name, usage, text, set2, set3, type) [usage] = {set2, set3, type},
#include "devices/input/keys.def"
#undef KEY
};
/* clang-format on */

static bool is_down(const struct keyboard *kbd, enum key_code code)
{
    return kbd->down[code / 8] >> code % 8 & 1;
}

/* --- queues --- */

static void ready(struct keyboard *kbd)
{
    irq_line_set(&kbd->cfg.ready, true);
}

static void reply(struct keyboard *kbd, uint8_t byte)
{
    if (kbd->reply_count < KEYBOARD_REPLIES)
        kbd->replies[kbd->reply_count++] = byte;
    ready(kbd);
}

static void clear_queue(struct keyboard *kbd)
{
    kbd->head = kbd->count = 0;
}

static void put(struct keyboard *kbd, uint8_t byte)
{
    kbd->queue[(kbd->head + kbd->count) % (KEYBOARD_QUEUE + 1)] = byte;
    kbd->count++;
}

/* A sequence goes in whole, or leaves an overrun code in the place kept for it. */
static void put_sequence(struct keyboard *kbd, const uint8_t *bytes, unsigned length)
{
    if (kbd->count > KEYBOARD_QUEUE)
        return;
    if (kbd->count + length > KEYBOARD_QUEUE) {
        put(kbd, kbd->set == 1 ? OVERRUN_SET1 : OVERRUN);
        log_write(&kbd->log, LOG_DEBUG, "overrun");
    } else {
        for (unsigned i = 0; i < length; i++)
            put(kbd, bytes[i]);
    }
    ready(kbd);
}

/* Queues a sequence that is written in set 2. */
static void put_set2(struct keyboard *kbd, const uint8_t *bytes, unsigned length)
{
    uint8_t translated[KEYBOARD_LONGEST];
    unsigned n = 0;
    bool released = false;
    if (kbd->set == 2) {
        put_sequence(kbd, bytes, length);
        return;
    }
    for (unsigned i = 0; i < length; i++)
        n += ps2_translate(&released, bytes[i], &translated[n]);
    put_sequence(kbd, translated, n);
}

unsigned keyboard_room(const struct keyboard *kbd)
{
    return kbd->count < KEYBOARD_QUEUE ? (unsigned)(KEYBOARD_QUEUE - kbd->count) / KEYBOARD_LONGEST : 0;
}

/* --- scan codes --- */

static bool shift_or_ctrl(const struct keyboard *kbd)
{
    return is_down(kbd, KEY_LEFTSHIFT) || is_down(kbd, KEY_RIGHTSHIFT) || is_down(kbd, KEY_LEFTCTRL) ||
           is_down(kbd, KEY_RIGHTCTRL);
}

static bool alt(const struct keyboard *kbd)
{
    return is_down(kbd, KEY_LEFTALT) || is_down(kbd, KEY_RIGHTALT);
}

/* Print Screen comes with a Shift of its own, without it while Shift or Ctrl is down, and is SysRq with Alt.
 */
static void print_screen(struct keyboard *kbd, bool down)
{
    static const uint8_t make[] = {PREFIX_E0, 0x12, PREFIX_E0, 0x7C};
    static const uint8_t release[] = {PREFIX_E0, RELEASE, 0x7C, PREFIX_E0, RELEASE, 0x12};
    static const uint8_t sysrq[] = {RELEASE, 0x84};
    if (alt(kbd))
        put_set2(kbd, down ? sysrq + 1 : sysrq, down ? 1 : 2);
    else if (shift_or_ctrl(kbd))
        put_set2(kbd, down ? make + 2 : release, down ? 2 : 3);
    else
        put_set2(kbd, down ? make : release, down ? 4 : 6);
}

/* Pause sends everything when it goes down; with Ctrl it is Break. */
static void pause_key(struct keyboard *kbd, bool down)
{
    static const uint8_t pause[] = {PREFIX_E1, 0x14, 0x77, PREFIX_E1, RELEASE, 0x14, RELEASE, 0x77};
    static const uint8_t brk[] = {PREFIX_E0, 0x7E, PREFIX_E0, RELEASE, 0x7E};
    if (!down)
        return;
    if (is_down(kbd, KEY_LEFTCTRL) || is_down(kbd, KEY_RIGHTCTRL))
        put_set2(kbd, brk, sizeof brk);
    else
        put_set2(kbd, pause, sizeof pause);
}

static void ordinary_key(struct keyboard *kbd, enum key_code code, bool down)
{
    uint8_t bytes[3];
    unsigned n = 0;
    if (codes[code].set2 & EXTENDED)
        bytes[n++] = PREFIX_E0;
    if (!down)
        bytes[n++] = RELEASE;
    bytes[n++] = (uint8_t)codes[code].set2;
    put_set2(kbd, bytes, n);
}

static void set3_key(struct keyboard *kbd, enum key_code code, bool down)
{
    const uint8_t bytes[2] = {RELEASE, codes[code].set3};
    if (down)
        put_sequence(kbd, bytes + 1, 1);
    else if (kbd->set3_type[code] != M)
        put_sequence(kbd, bytes, 2);
}

static void send_key(struct keyboard *kbd, enum key_code code, bool down)
{
    if (kbd->set == 3)
        set3_key(kbd, code, down);
    else if (code == KEY_PRINTSCREEN)
        print_screen(kbd, down);
    else if (code == KEY_PAUSE)
        pause_key(kbd, down);
    else
        ordinary_key(kbd, code, down);
}

/* --- typematic --- */

/* Rate byte:  6-5 delay in quarters of a second, less one | 4-3 B | 2-0 A;  period (8 + A) * 2^B * 4.17 ms */
static uint64_t repeat_delay(const struct keyboard *kbd)
{
    return (uint64_t)((kbd->rate >> 5 & 3) + 1) * QUARTER_SECOND_NS;
}

static uint64_t repeat_period(const struct keyboard *kbd)
{
    return (uint64_t)((8 + (kbd->rate & 7)) << (kbd->rate >> 3 & 3)) * RATE_UNIT_NS;
}

static bool repeats(const struct keyboard *kbd, enum key_code code)
{
    return kbd->set == 3 ? kbd->set3_type[code] == T : code != KEY_PAUSE;
}

static void stop_repeating(struct keyboard *kbd)
{
    kbd->repeating = KEY_NONE;
    event_cancel(&kbd->typematic);
}

/* A repeat is dropped while the system does not take what is there. */
static void typematic_due(void *opaque, uint64_t late_ns)
{
    struct keyboard *kbd = opaque;
    if (keyboard_room(kbd))
        send_key(kbd, (enum key_code)kbd->repeating, true);
    event_at(&kbd->typematic, clock_now(kbd->cfg.clock) - late_ns + repeat_period(kbd));
}

void keyboard_key(struct keyboard *kbd, enum key_code code, bool down)
{
    if ((unsigned)code >= KEY_LIMIT || !codes[code].set2 || is_down(kbd, code) == down)
        return;
    /* Modifiers of Print Screen and Pause are looked at as they are before this event. */
    if (kbd->scanning)
        send_key(kbd, code, down);
    kbd->down[code / 8] ^= (uint8_t)(1u << code % 8);
    if (down && kbd->scanning && repeats(kbd, code)) {
        kbd->repeating = (uint16_t)code;
        event_at(&kbd->typematic, clock_now(kbd->cfg.clock) + repeat_delay(kbd));
    } else if (down || kbd->repeating == code) {
        stop_repeating(kbd);
    }
}

/* --- commands --- */

static void set_leds(struct keyboard *kbd, uint8_t leds)
{
    kbd->leds = leds & 7;
    if (kbd->cfg.leds)
        kbd->cfg.leds(kbd->cfg.leds_self, kbd->leds);
}

static void default_types(struct keyboard *kbd)
{
    for (unsigned i = 0; i < KEY_LIMIT; i++)
        kbd->set3_type[i] = codes[i].type;
}

static void defaults(struct keyboard *kbd)
{
    clear_queue(kbd);
    stop_repeating(kbd);
    kbd->set = 2;
    kbd->rate = RATE_DEFAULT;
    kbd->command = 0;
    default_types(kbd);
}

static void self_test_due(void *opaque, uint64_t late_ns)
{
    struct keyboard *kbd = opaque;
    (void)late_ns;
    kbd->scanning = true;
    reply(kbd, BAT_PASSED);
}

static void reset_command(struct keyboard *kbd)
{
    defaults(kbd);
    set_leds(kbd, 0);
    kbd->scanning = false;
    kbd->reply_count = 0;
    reply(kbd, ACK);
    event_at(&kbd->self_test, clock_now(kbd->cfg.clock) + BAT_NS);
}

static void all_types(struct keyboard *kbd, enum key_type type)
{
    memset(kbd->set3_type, (int)type, sizeof kbd->set3_type);
    clear_queue(kbd);
    reply(kbd, ACK);
}

static void awaits_parameter(struct keyboard *kbd, uint8_t command)
{
    kbd->command = command;
    reply(kbd, ACK);
}

static void identify(struct keyboard *kbd)
{
    reply(kbd, ACK);
    reply(kbd, ID_1);
    reply(kbd, ID_2);
}

static void set_defaults(struct keyboard *kbd, bool scanning)
{
    defaults(kbd);
    kbd->scanning = scanning;
    reply(kbd, ACK);
}

static void enable(struct keyboard *kbd)
{
    clear_queue(kbd);
    stop_repeating(kbd);
    kbd->scanning = true;
    reply(kbd, ACK);
}

static void unknown(struct keyboard *kbd, uint8_t byte)
{
    log_write(&kbd->log, LOG_GUEST, "unknown command %02Xh", byte);
    reply(kbd, RESEND);
}

static void take_command(struct keyboard *kbd, uint8_t byte)
{
    switch (byte) {
    case CMD_LEDS:
    case CMD_SCAN_SET:
    case CMD_RATE:
    case CMD_KEY_TYPEMATIC:
    case CMD_KEY_MAKE_BREAK:
    case CMD_KEY_MAKE: awaits_parameter(kbd, byte); break;
    case CMD_ECHO: reply(kbd, ECHO); break;
    case CMD_ID: identify(kbd); break;
    case CMD_ENABLE: enable(kbd); break;
    case CMD_DISABLE: set_defaults(kbd, false); break;
    case CMD_DEFAULTS: set_defaults(kbd, true); break;
    case CMD_ALL_TYPEMATIC:
    case CMD_ALL_TYPEMATIC_MAKE_BREAK: all_types(kbd, T); break;
    case CMD_ALL_MAKE_BREAK: all_types(kbd, B); break;
    case CMD_ALL_MAKE: all_types(kbd, M); break;
    case CMD_RESEND: reply(kbd, kbd->last_sent); break;
    case CMD_RESET: reset_command(kbd); break;
    default: unknown(kbd, byte); break;
    }
}

/* FBh to FDh take the set 3 codes of keys until the next command. */
static void set_key_type(struct keyboard *kbd, uint8_t code, enum key_type type)
{
    for (unsigned i = 0; i < KEY_LIMIT; i++) {
        if (codes[i].set2 && codes[i].set3 == code)
            kbd->set3_type[i] = (uint8_t)type;
    }
    reply(kbd, ACK);
}

static void select_set(struct keyboard *kbd, uint8_t set)
{
    if (set > 3) {
        unknown(kbd, set);
        return;
    }
    reply(kbd, ACK);
    if (set == 0) {
        reply(kbd, kbd->set);
        return;
    }
    kbd->set = set;
    clear_queue(kbd);
    stop_repeating(kbd);
}

static void take_parameter(struct keyboard *kbd, uint8_t command, uint8_t byte)
{
    switch (command) {
    case CMD_LEDS:
        set_leds(kbd, byte);
        reply(kbd, ACK);
        break;
    case CMD_RATE:
        kbd->rate = byte & 0x7F;
        reply(kbd, ACK);
        break;
    case CMD_SCAN_SET: select_set(kbd, byte); break;
    case CMD_KEY_TYPEMATIC: set_key_type(kbd, byte, T); break;
    case CMD_KEY_MAKE_BREAK: set_key_type(kbd, byte, B); break;
    default: set_key_type(kbd, byte, M); break;
    }
}

static bool keeps_taking(uint8_t command)
{
    return command >= CMD_KEY_TYPEMATIC && command <= CMD_KEY_MAKE;
}

/* Parameters are below EDh (codes of set 3) or 80h; anything else where one is due is a new command. */
static void receive(void *self, uint8_t byte)
{
    struct keyboard *kbd = self;
    uint8_t command = kbd->command;
    uint8_t limit = keeps_taking(command) ? CMD_LEDS : 0x80;
    log_write(&kbd->log, LOG_DEBUG, "received %02Xh", byte);
    if (!command || byte >= limit) {
        kbd->command = 0;
        take_command(kbd, byte);
        return;
    }
    if (!keeps_taking(command))
        kbd->command = 0;
    take_parameter(kbd, command, byte);
}

/* Replies overtake scan codes. */
static bool send(void *self, uint8_t *byte)
{
    struct keyboard *kbd = self;
    if (kbd->reply_count) {
        *byte = kbd->replies[0];
        memmove(kbd->replies, kbd->replies + 1, --kbd->reply_count);
    } else if (kbd->count && !kbd->command) {
        *byte = kbd->queue[kbd->head];
        kbd->head = (uint8_t)((kbd->head + 1) % (KEYBOARD_QUEUE + 1));
        kbd->count--;
    } else {
        return false;
    }
    if (*byte != RESEND)
        kbd->last_sent = *byte;
    return true;
}

struct ps2_device keyboard_device(struct keyboard *keyboard)
{
    return (struct ps2_device){receive, send, keyboard};
}

/* --- reset, state, construction --- */

void keyboard_reset(struct keyboard *kbd)
{
    event_cancel(&kbd->self_test);
    defaults(kbd);
    kbd->reply_count = 0;
    kbd->last_sent = 0;
    kbd->scanning = true;
    set_leds(kbd, 0);
}

static bool after_load(void *self, struct error *err)
{
    struct keyboard *kbd = self;
    (void)err;
    kbd->head %= KEYBOARD_QUEUE + 1;
    if (kbd->count > KEYBOARD_QUEUE + 1)
        kbd->count = KEYBOARD_QUEUE + 1;
    if (kbd->reply_count > KEYBOARD_REPLIES)
        kbd->reply_count = KEYBOARD_REPLIES;
    kbd->repeating %= KEY_LIMIT;
    return true;
}

static const struct state_field keyboard_fields[] = {STATE_ARRAY(struct keyboard, queue),
                                                     STATE_SCALAR(struct keyboard, head),
                                                     STATE_SCALAR(struct keyboard, count),
                                                     STATE_ARRAY(struct keyboard, replies),
                                                     STATE_SCALAR(struct keyboard, reply_count),
                                                     STATE_SCALAR(struct keyboard, last_sent),
                                                     STATE_SCALAR(struct keyboard, command),
                                                     STATE_SCALAR(struct keyboard, set),
                                                     STATE_SCALAR(struct keyboard, leds),
                                                     STATE_SCALAR(struct keyboard, rate),
                                                     STATE_SCALAR(struct keyboard, scanning),
                                                     STATE_ARRAY(struct keyboard, down),
                                                     STATE_ARRAY(struct keyboard, set3_type),
                                                     STATE_SCALAR(struct keyboard, repeating),
                                                     STATE_EVENT(struct keyboard, typematic),
                                                     STATE_EVENT(struct keyboard, self_test),
                                                     STATE_END};

const struct state_desc keyboard_state = {
    .name = "keyboard", .version = 1, .fields = keyboard_fields, .after_load = after_load};

struct keyboard *keyboard_new(const struct keyboard_config *cfg)
{
    struct keyboard *kbd = alloc_zeroed(sizeof *kbd);
    kbd->cfg = *cfg;
    log_attach(cfg->log, &kbd->log, "keyboard");
    event_init(&kbd->typematic, cfg->clock, "typematic", typematic_due, kbd);
    event_init(&kbd->self_test, cfg->clock, "keyboard-bat", self_test_due, kbd);
    keyboard_reset(kbd);
    return kbd;
}

void keyboard_free(struct keyboard *kbd)
{
    if (!kbd)
        return;
    event_cancel(&kbd->typematic);
    event_cancel(&kbd->self_test);
    log_detach(&kbd->log);
    alloc_free(kbd);
}
