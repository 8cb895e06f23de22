/* SPDX-License-Identifier: MIT */
/* 8254 programmable interval timer. Intel data sheet 231164: "Programming", "Mode Definitions",
 * "Operation Common to All Modes" (figures 15 to 22).
 *
 * Each channel is brought up to date when somebody looks (sync), in strides between the CLK pulses on which
 * something other than a plain decrement happens; an event exists only where an edge of OUT has a listener.
 * State therefore depends on what the guest did, never on who looked.
 *
 * Deviations: a new count can be read back before the CLK that loads it; undefined counts (1 in modes 2 and
 * 3, BCD digits above 9) give a finite, arbitrary rate.
 */
#include "devices/chipset/pit_8254.h"

#include "core/base/alloc.h"

/* Control word:  7-6 SC | 5-4 RW | 3-1 M | 0 BCD.   SC = 3: read-back,  5 COUNT# | 4 STATUS# | 3-1 channels
 */
enum { CW_BCD = 1 << 0, CW_MODE_SHIFT = 1, CW_RW_SHIFT = 4, CW_SC_SHIFT = 6 };
enum { RW_LATCH = 0, RW_LSB = 1, RW_MSB = 2, RW_BOTH = 3, SC_READ_BACK = 3 };
enum { READ_BACK_NO_COUNT = 1 << 5, READ_BACK_NO_STATUS = 1 << 4 };
enum { STATUS_OUTPUT = 1 << 7, STATUS_NULL_COUNT = 1 << 6 };
enum { CONTROL_PORT = 3 };

#define FOREVER UINT64_MAX

/* --- counting --- */

static uint32_t modulus(const struct pit_channel *ch)
{
    return ch->bcd ? 10000 : 0x10000;
}

/* The count that CR stands for: 1 to the modulus. */
static uint32_t initial_count(const struct pit_channel *ch)
{
    uint32_t n = ch->cr;
    if (ch->bcd)
        n = ((n >> 12) * 1000 + (n >> 8 & 15) * 100 + (n >> 4 & 15) * 10 + (n & 15)) % modulus(ch);
    return n ? n : modulus(ch);
}

/* A count that CE takes at the next CLK reads as if it had. The wait is under a microsecond, less than an
 * access on a real bus, so that programs (Linux' quick calibration) never expect to see the old count. */
static uint16_t readable_count(const struct pit_channel *ch)
{
    uint32_t n = (ch->load ? initial_count(ch) : ch->ce) % modulus(ch);
    if (ch->bcd)
        n = n / 1000 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10;
    return (uint16_t)n;
}

static bool runs(const struct pit_channel *ch)
{
    if (!ch->counting)
        return false;
    switch (ch->mode) {
    case 1:
    case 5: return true;
    case 0: return ch->gate && !ch->write_msb_next; /* the first byte of a new count stops it */
    default: return ch->gate;
    }
}

/* CLK pulses until the next one that does more than decrement CE. */
static uint64_t until_change(const struct pit_channel *ch)
{
    if (ch->load || ch->trigger)
        return 1;
    if (ch->mode >= 4 && !ch->out)
        return 1; /* the strobe ends, whatever GATE does */
    if (!runs(ch))
        return FOREVER;
    switch (ch->mode) {
    case 0:
    case 1: return ch->out ? FOREVER : ch->ce;
    case 2: return ch->ce > 1 ? ch->ce - 1 : 1;
    case 3: {
        uint32_t ticks = ch->ce / 2 + (ch->odd && ch->out);
        return ticks ? ticks : 1;
    }
    default: return ch->armed ? ch->ce : FOREVER;
    }
}

static void reload(struct pit_channel *ch)
{
    ch->ce = initial_count(ch);
    ch->odd = ch->ce & 1;
    if (ch->mode == 3)
        ch->ce &= ~1u;
    ch->null_count = false;
}

/* The CLK pulse after a count was written or GATE rose. */
static void load(struct pit_channel *ch)
{
    ch->load = ch->trigger = false;
    reload(ch);
    ch->counting = true;
    ch->armed = true;
    if (ch->mode == 1)
        ch->out = false;
    else if (ch->mode != 0)
        ch->out = true; /* ends a strobe as well */
}

/* The CLK pulse on which CE reaches its end. True where a whole period begins anew. */
static bool expire(struct pit_channel *ch)
{
    switch (ch->mode) {
    case 0:
    case 1:
        ch->ce = 0;
        ch->out = true;
        return false;
    case 2:
        if (ch->ce > 1) {
            ch->ce = 1;
            ch->out = false;
            return false;
        }
        reload(ch);
        ch->out = true;
        return true;
    case 3:
        reload(ch);
        ch->out = !ch->out;
        return ch->out;
    default:
        ch->ce = 0;
        ch->armed = false;
        ch->out = false;
        return false;
    }
}

static void decrement(struct pit_channel *ch, uint64_t ticks)
{
    uint32_t m = modulus(ch);
    uint32_t step = (uint32_t)(ticks * (ch->mode == 3 ? 2 : 1) % m);
    if (ticks && runs(ch))
        ch->ce = (ch->ce + m - step) % m;
}

/* Advances by `ticks`, at most until_change. True where a whole period begins anew. */
static bool advance(struct pit_channel *ch, uint64_t ticks)
{
    ch->tick += ticks;
    if (ticks < until_change(ch)) {
        decrement(ch, ticks);
        return false;
    }
    if (ch->load || ch->trigger) {
        load(ch);
        return false;
    }
    if (ch->mode >= 4 && !ch->out) {
        ch->out = true;
        decrement(ch, 1);
        return false;
    }
    return expire(ch);
}

/* --- time --- */

static const struct irq_line *line_of(const struct pit_channel *ch)
{
    return &ch->pit->cfg.out[ch->number];
}

/* OUT may have changed. In mode 2 the line sees the low pulse at its end, so that no event is spent on its
 * start and the moment does not depend on who read a register in between. */
static void drive(const struct pit_channel *ch, bool was)
{
    if (ch->out == was || (ch->mode == 2 && !ch->out))
        return;
    if (ch->mode == 2)
        irq_line_set(line_of(ch), false);
    irq_line_set(line_of(ch), ch->out);
}

static void sync(struct pit_channel *ch)
{
    uint64_t now = clock_ticks(clock_now(ch->pit->cfg.clock), PIT_HZ);
    while (ch->tick < now) {
        uint64_t ticks = until_change(ch), left = now - ch->tick;
        bool was = ch->out;
        bool anew = advance(ch, ticks < left ? ticks : left);
        drive(ch, was);
        /* Whole periods change nothing. */
        if (anew) {
            uint32_t period = initial_count(ch) > 1 ? initial_count(ch) : 2;
            ch->tick += (now - ch->tick) / period * period;
        }
    }
}

/* Sets the event for the next edge of OUT that the line has to see. */
static void schedule(struct pit_channel *ch)
{
    event_cancel(&ch->edge);
    if (!line_of(ch)->set)
        return;
    struct pit_channel probe = *ch;
    for (unsigned changes = 0; changes < 4; changes++) {
        uint64_t ticks = until_change(&probe);
        bool was = probe.out;
        if (ticks == FOREVER)
            return;
        advance(&probe, ticks);
        if (probe.out != was && (probe.mode != 2 || probe.out)) {
            event_at(&ch->edge, clock_ticks_to_ns(probe.tick, PIT_HZ));
            return;
        }
    }
}

static void edge_due(void *opaque, uint64_t late_ns)
{
    struct pit_channel *ch = opaque;
    (void)late_ns;
    sync(ch);
    schedule(ch);
}

static void set_out(struct pit_channel *ch, bool level)
{
    ch->out = level;
    irq_line_set(line_of(ch), level);
}

void pit_set_gate(struct pit *pit, unsigned number, bool level)
{
    struct pit_channel *ch = &pit->channels[number];
    if (ch->gate == level)
        return;
    sync(ch);
    ch->gate = level;
    bool triggers = ch->mode != 0 && ch->mode != 4;
    if (level && triggers && ch->programmed)
        ch->trigger = true;
    if (!level && (ch->mode == 2 || ch->mode == 3))
        set_out(ch, true);
    schedule(ch);
}

bool pit_out(struct pit *pit, unsigned number)
{
    sync(&pit->channels[number]);
    return pit->channels[number].out;
}

/* --- registers --- */

static void write_mode(struct pit_channel *ch, uint8_t value)
{
    unsigned mode = value >> CW_MODE_SHIFT & 7;
    ch->mode = (uint8_t)(mode > 5 ? mode - 4 : mode); /* M2 is "don't care" in modes 2 and 3 */
    ch->rw = value >> CW_RW_SHIFT & 3;
    ch->bcd = value & CW_BCD;
    ch->programmed = ch->counting = ch->armed = false;
    ch->load = ch->trigger = false;
    ch->null_count = true;
    ch->write_msb_next = ch->read_msb_next = false;
    ch->count_latched = ch->status_latched = false;
    set_out(ch, ch->mode != 0);
}

static void latch_count(struct pit_channel *ch)
{
    if (ch->count_latched)
        return;
    ch->ol = readable_count(ch);
    ch->count_latched = true;
}

static void latch_status(struct pit_channel *ch)
{
    if (ch->status_latched)
        return;
    ch->status = (uint8_t)((ch->out ? STATUS_OUTPUT : 0) | (ch->null_count ? STATUS_NULL_COUNT : 0) |
                           ch->rw << CW_RW_SHIFT | ch->mode << CW_MODE_SHIFT | (ch->bcd ? CW_BCD : 0));
    ch->status_latched = true;
}

static void write_read_back(struct pit *pit, uint8_t value)
{
    for (unsigned i = 0; i < PIT_CHANNELS; i++) {
        if (!(value & 2u << i))
            continue;
        sync(&pit->channels[i]);
        if (!(value & READ_BACK_NO_COUNT))
            latch_count(&pit->channels[i]);
        if (!(value & READ_BACK_NO_STATUS))
            latch_status(&pit->channels[i]);
    }
}

static void write_control(struct pit *pit, uint8_t value)
{
    unsigned select = value >> CW_SC_SHIFT;
    if (select == SC_READ_BACK) {
        write_read_back(pit, value);
        return;
    }
    struct pit_channel *ch = &pit->channels[select];
    sync(ch);
    if ((value >> CW_RW_SHIFT & 3) == RW_LATCH) {
        latch_count(ch);
        return;
    }
    write_mode(ch, value);
    schedule(ch);
    log_write(&pit->log, LOG_DEBUG, "channel %u: mode %u", select, ch->mode);
}

/* A whole count is in CR. Modes 0 and 4 start over; 2 and 3 do so only at first; 1 and 5 wait for GATE. */
static void count_written(struct pit_channel *ch, uint16_t count)
{
    ch->cr = count;
    ch->null_count = true;
    if (ch->mode == 0 || ch->mode == 4 || ((ch->mode == 2 || ch->mode == 3) && !ch->programmed))
        ch->load = true;
    ch->programmed = true;
    log_write(&ch->pit->log, LOG_DEBUG, "channel %u: count %04Xh", ch->number, count);
}

static void write_count(struct pit_channel *ch, uint8_t value)
{
    sync(ch);
    if (ch->mode == 0)
        set_out(ch, false);
    if (ch->rw == RW_BOTH && !ch->write_msb_next) {
        ch->write_lsb = value;
        ch->write_msb_next = true;
    } else if (ch->rw == RW_BOTH) {
        ch->write_msb_next = false;
        count_written(ch, (uint16_t)(value << 8 | ch->write_lsb));
    } else {
        count_written(ch, ch->rw == RW_LSB ? value : (uint16_t)(value << 8));
    }
    schedule(ch);
}

static uint8_t read_count(struct pit_channel *ch)
{
    sync(ch);
    if (ch->status_latched) {
        ch->status_latched = false;
        return ch->status;
    }
    uint16_t count = ch->count_latched ? ch->ol : readable_count(ch);
    bool msb = ch->rw == RW_MSB || (ch->rw == RW_BOTH && ch->read_msb_next);
    bool more = ch->rw == RW_BOTH && !ch->read_msb_next;
    ch->read_msb_next = more;
    if (!more)
        ch->count_latched = false;
    return (uint8_t)(msb ? count >> 8 : count);
}

static uint32_t pit_read(void *self, uint32_t offset, unsigned size)
{
    struct pit *pit = self;
    (void)size;
    return offset == CONTROL_PORT ? 0xFF : read_count(&pit->channels[offset]);
}

static void pit_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct pit *pit = self;
    (void)size;
    if (offset == CONTROL_PORT)
        write_control(pit, (uint8_t)value);
    else
        write_count(&pit->channels[offset], (uint8_t)value);
}

const struct port_ops pit_ports = {pit_read, pit_write, 1, 1};

/* --- reset, state, construction --- */

void pit_reset(struct pit *pit)
{
    for (unsigned i = 0; i < PIT_CHANNELS; i++) {
        struct pit_channel *ch = &pit->channels[i];
        event_cancel(&ch->edge);
        ch->tick = clock_ticks(clock_now(pit->cfg.clock), PIT_HZ);
        ch->cr = 0;
        ch->ce = 0;
        ch->gate = i != 2;
        write_mode(ch, RW_BOTH << CW_RW_SHIFT);
    }
}

#define CHANNEL_FIELD(member) STATE_SCALAR(struct pit_channel, member)

static const struct state_field channel_fields[] = {CHANNEL_FIELD(tick),
                                                    CHANNEL_FIELD(ce),
                                                    CHANNEL_FIELD(cr),
                                                    CHANNEL_FIELD(ol),
                                                    CHANNEL_FIELD(mode),
                                                    CHANNEL_FIELD(rw),
                                                    CHANNEL_FIELD(status),
                                                    CHANNEL_FIELD(write_lsb),
                                                    CHANNEL_FIELD(bcd),
                                                    CHANNEL_FIELD(gate),
                                                    CHANNEL_FIELD(out),
                                                    CHANNEL_FIELD(programmed),
                                                    CHANNEL_FIELD(null_count),
                                                    CHANNEL_FIELD(load),
                                                    CHANNEL_FIELD(trigger),
                                                    CHANNEL_FIELD(counting),
                                                    CHANNEL_FIELD(armed),
                                                    CHANNEL_FIELD(odd),
                                                    CHANNEL_FIELD(write_msb_next),
                                                    CHANNEL_FIELD(read_msb_next),
                                                    CHANNEL_FIELD(count_latched),
                                                    CHANNEL_FIELD(status_latched),
                                                    STATE_EVENT(struct pit_channel, edge),
                                                    STATE_END};

static const struct state_field pit_fields[] = {STATE_STRUCT_ARRAY(struct pit, channels, channel_fields),
                                                STATE_END};

/* A damaged state must not index or loop out of bounds. */
static bool after_load(void *self, struct error *err)
{
    struct pit *pit = self;
    (void)err;
    for (unsigned i = 0; i < PIT_CHANNELS; i++) {
        pit->channels[i].mode %= 6;
        pit->channels[i].rw &= 3;
        pit->channels[i].ce %= 0x10001;
    }
    return true;
}

const struct state_desc pit_state = {
    .name = "pit", .version = 1, .fields = pit_fields, .after_load = after_load};

struct pit *pit_new(const struct pit_config *cfg)
{
    struct pit *pit = alloc_zeroed(sizeof *pit);
    pit->cfg = *cfg;
    log_attach(cfg->log, &pit->log, "pit");
    for (unsigned i = 0; i < PIT_CHANNELS; i++) {
        struct pit_channel *ch = &pit->channels[i];
        ch->pit = pit;
        ch->number = i;
        event_init(&ch->edge, cfg->clock, "pit", edge_due, ch);
    }
    pit_reset(pit);
    return pit;
}

void pit_free(struct pit *pit)
{
    if (!pit)
        return;
    for (unsigned i = 0; i < PIT_CHANNELS; i++)
        event_cancel(&pit->channels[i].edge);
    log_detach(&pit->log);
    alloc_free(pit);
}
