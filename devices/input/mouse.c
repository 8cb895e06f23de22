/* SPDX-License-Identifier: MIT */
/* PS/2 mouse. IBM PS/2 Hardware Interface Technical Reference, "Mouse": "Commands", "Data Report".
 *
 * Packet:  YO XO YS XS 1 M R L | X | Y [ | Z, or 0 0 5 4 Z Z Z Z ]
 *
 * Deviations: motion of the host counts as it comes, whatever the resolution; the self test takes 10 ms
 * instead of 500; no completion code is sent at power-on (drivers that have not enabled the mouse stumble
 * over it).
 */
#include "devices/input/mouse.h"

#include <string.h>

#include "core/base/alloc.h"

enum mouse_command {
    CMD_SCALE_1_1 = 0xE6,
    CMD_SCALE_2_1 = 0xE7,
    CMD_RESOLUTION = 0xE8,
    CMD_STATUS = 0xE9,
    CMD_STREAM = 0xEA,
    CMD_READ_DATA = 0xEB,
    CMD_RESET_WRAP = 0xEC,
    CMD_WRAP = 0xEE,
    CMD_REMOTE = 0xF0,
    CMD_ID = 0xF2,
    CMD_RATE = 0xF3,
    CMD_ENABLE = 0xF4,
    CMD_DISABLE = 0xF5,
    CMD_DEFAULTS = 0xF6,
    CMD_RESEND = 0xFE,
    CMD_RESET = 0xFF,
};
enum { ACK = 0xFA, RESEND = 0xFE, BAT_PASSED = 0xAA };
enum { ID_STANDARD = 0, ID_WHEEL = 3, ID_FIVE_BUTTONS = 4 };
enum { PACKET_ONE = 0x08, PACKET_XS = 0x10, PACKET_YS = 0x20, PACKET_BUTTONS = 0x07 };
enum { STATUS_SCALE = 1 << 4, STATUS_ENABLED = 1 << 5, STATUS_REMOTE = 1 << 6 };
enum { RATE_DEFAULT = 100, RESOLUTION_DEFAULT = 2, BAT_NS = 10000000, NS_PER_S = 1000000000 };
enum { MOTION_MAX = 255, MOTION_KEPT = 4096, WHEEL_MAX = 7 };

/* --- queue --- */

static void put(struct mouse *mouse, uint8_t byte)
{
    if (mouse->count == MOUSE_QUEUE)
        return;
    mouse->queue[(mouse->head + mouse->count) % MOUSE_QUEUE] = byte;
    mouse->count++;
    irq_line_set(&mouse->cfg.ready, true);
}

static void clear_queue(struct mouse *mouse)
{
    mouse->head = mouse->count = 0;
}

/* --- motion and packets --- */

static void forget_motion(struct mouse *mouse)
{
    mouse->dx = mouse->dy = mouse->dz = 0;
}

static bool has_news(const struct mouse *mouse)
{
    return mouse->dx || mouse->dy || (mouse->dz && mouse->id) || mouse->buttons != mouse->reported_buttons;
}

static int clamp(int value, int limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* What a packet carries of a sum; the rest stays. */
static int take_some(int32_t *sum, int limit)
{
    int part = clamp(*sum, limit);
    *sum -= part;
    return part;
}

/* Scaling 2:1, stream mode only: 0 1 1 3 6 9, then double. */
static int scaled(const struct mouse *mouse, int count)
{
    static const uint8_t small[6] = {0, 1, 1, 3, 6, 9};
    int size = count < 0 ? -count : count;
    if (!mouse->scale_2_1 || mouse->mode != MOUSE_STREAM)
        return count;
    size = size < 6 ? small[size] : 2 * size;
    return clamp(count < 0 ? -size : size, MOTION_MAX);
}

static uint8_t wheel_byte(const struct mouse *mouse, int dz)
{
    if (mouse->id == ID_WHEEL)
        return (uint8_t)dz;
    return (uint8_t)((dz & 0x0F) | (mouse->buttons & (MOUSE_FOURTH | MOUSE_FIFTH)) << 1);
}

static void put_packet(struct mouse *mouse)
{
    int x = scaled(mouse, take_some(&mouse->dx, MOTION_MAX)),
        y = scaled(mouse, take_some(&mouse->dy, MOTION_MAX));
    int z = take_some(&mouse->dz, WHEEL_MAX);
    put(mouse, (uint8_t)(PACKET_ONE | (mouse->buttons & PACKET_BUTTONS) | (x < 0 ? PACKET_XS : 0) |
                         (y < 0 ? PACKET_YS : 0)));
    put(mouse, (uint8_t)x);
    put(mouse, (uint8_t)y);
    if (mouse->id != ID_STANDARD)
        put(mouse, wheel_byte(mouse, z));
    mouse->reported_buttons = mouse->buttons;
}

static bool streams(const struct mouse *mouse)
{
    return mouse->reporting && mouse->mode == MOUSE_STREAM;
}

/* A packet goes out when there is news, the last one is gone and a sample period has passed since it. */
static void sample_due(void *opaque, uint64_t late_ns)
{
    struct mouse *mouse = opaque;
    (void)late_ns;
    if (!streams(mouse) || !has_news(mouse))
        return;
    if (!mouse->count)
        put_packet(mouse);
    event_at(&mouse->sample, clock_now(mouse->cfg.clock) + (uint64_t)(NS_PER_S / mouse->rate));
}

static void news(struct mouse *mouse)
{
    if (streams(mouse) && has_news(mouse) && !mouse->sample.pending)
        event_at(&mouse->sample, clock_now(mouse->cfg.clock));
}

void mouse_move(struct mouse *mouse, int dx, int dy, int dz)
{
    if (!mouse->reporting && mouse->mode == MOUSE_STREAM)
        return;
    mouse->dx = clamp(mouse->dx + clamp(dx, MOTION_KEPT), MOTION_KEPT);
    mouse->dy = clamp(mouse->dy + clamp(dy, MOTION_KEPT), MOTION_KEPT);
    mouse->dz = clamp(mouse->dz + clamp(dz, MOTION_KEPT), MOTION_KEPT);
    news(mouse);
}

void mouse_buttons(struct mouse *mouse, unsigned buttons)
{
    mouse->buttons = buttons & 0x1F;
    if (mouse->id != ID_FIVE_BUTTONS)
        mouse->buttons &= PACKET_BUTTONS;
    news(mouse);
}

bool mouse_in_use(const struct mouse *mouse)
{
    return mouse->reporting;
}

/* --- commands --- */

static void defaults(struct mouse *mouse)
{
    event_cancel(&mouse->sample);
    mouse->mode = MOUSE_STREAM;
    mouse->reporting = false;
    mouse->rate = RATE_DEFAULT;
    mouse->resolution = RESOLUTION_DEFAULT;
    mouse->scale_2_1 = false;
    mouse->command = 0;
    forget_motion(mouse);
}

static void self_test_due(void *opaque, uint64_t late_ns)
{
    struct mouse *mouse = opaque;
    (void)late_ns;
    put(mouse, BAT_PASSED);
    put(mouse, ID_STANDARD);
}

static void reset_command(struct mouse *mouse)
{
    defaults(mouse);
    mouse->id = ID_STANDARD;
    memset(mouse->knock, 0, sizeof mouse->knock);
    put(mouse, ACK);
    event_at(&mouse->self_test, clock_now(mouse->cfg.clock) + BAT_NS);
}

static void report_status(struct mouse *mouse)
{
    uint8_t b = mouse->buttons;
    put(mouse, ACK);
    put(mouse, (uint8_t)((b & MOUSE_LEFT ? 4 : 0) | (b & MOUSE_MIDDLE ? 2 : 0) | (b & MOUSE_RIGHT ? 1 : 0) |
                         (mouse->scale_2_1 ? STATUS_SCALE : 0) | (mouse->reporting ? STATUS_ENABLED : 0) |
                         (mouse->mode == MOUSE_REMOTE ? STATUS_REMOTE : 0)));
    put(mouse, mouse->resolution);
    put(mouse, mouse->rate);
}

static void set_mode(struct mouse *mouse, enum mouse_mode mode)
{
    if (mode == MOUSE_WRAP && mouse->mode != MOUSE_WRAP)
        mouse->mode_before_wrap = mouse->mode;
    mouse->mode = (uint8_t)mode;
    forget_motion(mouse);
    put(mouse, ACK);
}

static void set_reporting(struct mouse *mouse, bool on)
{
    mouse->reporting = on;
    mouse->reported_buttons = mouse->buttons;
    forget_motion(mouse);
    put(mouse, ACK);
}

static void set_scaling(struct mouse *mouse, bool scale_2_1)
{
    mouse->scale_2_1 = scale_2_1;
    put(mouse, ACK);
}

static void read_data(struct mouse *mouse)
{
    put(mouse, ACK);
    put_packet(mouse);
}

static void unknown(struct mouse *mouse, uint8_t byte)
{
    log_write(&mouse->log, LOG_GUEST, "unknown command %02Xh", byte);
    put(mouse, RESEND);
}

static void identify(struct mouse *mouse)
{
    put(mouse, ACK);
    put(mouse, mouse->id);
}

static void resend(struct mouse *mouse)
{
    put(mouse, mouse->last_sent);
}

static void set_defaults(struct mouse *mouse)
{
    defaults(mouse);
    put(mouse, ACK);
}

static void take_command(struct mouse *mouse, uint8_t byte)
{
    switch (byte) {
    case CMD_SCALE_1_1: set_scaling(mouse, false); break;
    case CMD_SCALE_2_1: set_scaling(mouse, true); break;
    case CMD_RESOLUTION:
    case CMD_RATE:
        mouse->command = byte;
        put(mouse, ACK);
        break;
    case CMD_STATUS: report_status(mouse); break;
    case CMD_STREAM: set_mode(mouse, MOUSE_STREAM); break;
    case CMD_READ_DATA: read_data(mouse); break;
    case CMD_RESET_WRAP: put(mouse, ACK); break; /* not in wrap mode: nothing to do */
    case CMD_WRAP: set_mode(mouse, MOUSE_WRAP); break;
    case CMD_REMOTE: set_mode(mouse, MOUSE_REMOTE); break;
    case CMD_ID: identify(mouse); break;
    case CMD_ENABLE: set_reporting(mouse, true); break;
    case CMD_DISABLE: set_reporting(mouse, false); break;
    case CMD_DEFAULTS: set_defaults(mouse); break;
    case CMD_RESEND: resend(mouse); break;
    case CMD_RESET: reset_command(mouse); break;
    default: unknown(mouse, byte); break;
    }
}

/* Sample rates 200, 100, 80 turn the mouse into a wheel mouse; 200, 200, 80 into one with five buttons. */
static void listen_to_knocks(struct mouse *mouse)
{
    const uint8_t *k = mouse->knock;
    if (mouse->cfg.two_axes || k[0] != 200 || k[2] != 80)
        return;
    if (k[1] == 100 && mouse->id == ID_STANDARD)
        mouse->id = ID_WHEEL;
    else if (k[1] == 200)
        mouse->id = ID_FIVE_BUTTONS;
}

static bool is_rate(uint8_t rate)
{
    static const uint8_t rates[] = {10, 20, 40, 60, 80, 100, 200};
    return memchr(rates, rate, sizeof rates) != NULL;
}

static void set_rate(struct mouse *mouse, uint8_t rate)
{
    if (!is_rate(rate)) {
        unknown(mouse, rate);
        return;
    }
    mouse->rate = rate;
    memmove(mouse->knock, mouse->knock + 1, 2);
    mouse->knock[2] = rate;
    listen_to_knocks(mouse);
    put(mouse, ACK);
}

static void set_resolution(struct mouse *mouse, uint8_t resolution)
{
    if (resolution > 3) {
        unknown(mouse, resolution);
        return;
    }
    mouse->resolution = resolution;
    put(mouse, ACK);
}

static void receive_in_wrap_mode(struct mouse *mouse, uint8_t byte)
{
    if (byte == CMD_RESET) {
        reset_command(mouse);
        return;
    }
    if (byte == CMD_RESET_WRAP) {
        mouse->mode = mouse->mode_before_wrap;
        put(mouse, ACK);
        return;
    }
    put(mouse, byte);
}

/* Whatever the mouse was about to send is given up for the reply. */
static void receive(void *self, uint8_t byte)
{
    struct mouse *mouse = self;
    uint8_t command = mouse->command;
    mouse->command = 0;
    log_write(&mouse->log, LOG_DEBUG, "received %02Xh", byte);
    clear_queue(mouse);
    if (mouse->mode == MOUSE_WRAP)
        receive_in_wrap_mode(mouse, byte);
    else if (command == CMD_RATE)
        set_rate(mouse, byte);
    else if (command == CMD_RESOLUTION)
        set_resolution(mouse, byte);
    else
        take_command(mouse, byte);
}

static bool send(void *self, uint8_t *byte)
{
    struct mouse *mouse = self;
    if (!mouse->count)
        return false;
    *byte = mouse->queue[mouse->head];
    mouse->head = (uint8_t)((mouse->head + 1) % MOUSE_QUEUE);
    mouse->count--;
    if (*byte != RESEND)
        mouse->last_sent = *byte;
    return true;
}

struct ps2_device mouse_device(struct mouse *mouse)
{
    return (struct ps2_device){receive, send, mouse};
}

/* --- reset, state, construction --- */

void mouse_reset(struct mouse *mouse)
{
    event_cancel(&mouse->self_test);
    defaults(mouse);
    clear_queue(mouse);
    mouse->id = ID_STANDARD;
    mouse->last_sent = 0;
    mouse->buttons = mouse->reported_buttons = 0;
    memset(mouse->knock, 0, sizeof mouse->knock);
}

static bool after_load(void *self, struct error *err)
{
    struct mouse *mouse = self;
    (void)err;
    mouse->head %= MOUSE_QUEUE;
    if (mouse->count > MOUSE_QUEUE)
        mouse->count = MOUSE_QUEUE;
    if (!is_rate(mouse->rate))
        mouse->rate = RATE_DEFAULT;
    return true;
}

#define FIELD(member) STATE_SCALAR(struct mouse, member)

static const struct state_field mouse_fields[] = {STATE_ARRAY(struct mouse, queue),
                                                  FIELD(head),
                                                  FIELD(count),
                                                  FIELD(last_sent),
                                                  FIELD(command),
                                                  FIELD(mode),
                                                  FIELD(mode_before_wrap),
                                                  FIELD(id),
                                                  FIELD(rate),
                                                  FIELD(resolution),
                                                  STATE_ARRAY(struct mouse, knock),
                                                  FIELD(buttons),
                                                  FIELD(reported_buttons),
                                                  FIELD(scale_2_1),
                                                  FIELD(reporting),
                                                  FIELD(dx),
                                                  FIELD(dy),
                                                  FIELD(dz),
                                                  STATE_EVENT(struct mouse, sample),
                                                  STATE_EVENT(struct mouse, self_test),
                                                  STATE_END};

const struct state_desc mouse_state = {
    .name = "mouse", .version = 1, .fields = mouse_fields, .after_load = after_load};

struct mouse *mouse_new(const struct mouse_config *cfg)
{
    struct mouse *mouse = alloc_zeroed(sizeof *mouse);
    mouse->cfg = *cfg;
    log_attach(cfg->log, &mouse->log, "mouse");
    event_init(&mouse->sample, cfg->clock, "mouse", sample_due, mouse);
    event_init(&mouse->self_test, cfg->clock, "mouse-bat", self_test_due, mouse);
    mouse_reset(mouse);
    return mouse;
}

void mouse_free(struct mouse *mouse)
{
    if (!mouse)
        return;
    event_cancel(&mouse->sample);
    event_cancel(&mouse->self_test);
    log_detach(&mouse->log);
    alloc_free(mouse);
}
