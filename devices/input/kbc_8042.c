/* SPDX-License-Identifier: MIT */
/* 8042 keyboard controller, PS/2 type 1. IBM PS/2 Hardware Interface Technical Reference.
 *
 * Deviations: the controller takes a command at once, so that IBF never shows; its own replies are there at
 * once, while bytes from devices need the time of the link; passwords, the diagnostic dump and polling of the
 * input port are not there. A data byte for a keyboard whose clock is held (command ADh) frees the clock.
 */
#include "devices/input/kbc_8042.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
    STATUS_OBF = 0x01,
    STATUS_SYS = 0x04,
    STATUS_CMD = 0x08,
    STATUS_UNLOCKED = 0x10,
    STATUS_AUX_OBF = 0x20,
    STATUS_TIMEOUT = 0x40
};
enum {
    CB_KEYBOARD_INT = 0x01,
    CB_AUX_INT = 0x02,
    CB_SYS = 0x04,
    CB_KEYBOARD_DISABLE = 0x10,
    CB_AUX_DISABLE = 0x20,
    CB_TRANSLATE = 0x40,
    CB_MASK = 0x7F
};
enum { OUT_RESET = 0x01, OUT_A20 = 0x02, OUT_IRQ1 = 0x10, OUT_IRQ12 = 0x20, OUT_LINES = 0xC0 };
enum kbc_command {
    CMD_READ_RAM = 0x20,
    CMD_WRITE_RAM = 0x60,
    CMD_TEST_PASSWORD = 0xA4,
    CMD_DISABLE_AUX = 0xA7,
    CMD_ENABLE_AUX = 0xA8,
    CMD_TEST_AUX = 0xA9,
    CMD_SELF_TEST = 0xAA,
    CMD_TEST_KEYBOARD = 0xAB,
    CMD_DISABLE_KEYBOARD = 0xAD,
    CMD_ENABLE_KEYBOARD = 0xAE,
    CMD_READ_INPUT_PORT = 0xC0,
    CMD_READ_OUTPUT_PORT = 0xD0,
    CMD_WRITE_OUTPUT_PORT = 0xD1,
    CMD_WRITE_KEYBOARD_BUFFER = 0xD2,
    CMD_WRITE_AUX_BUFFER = 0xD3,
    CMD_WRITE_AUX = 0xD4,
    CMD_READ_TEST_INPUTS = 0xE0,
    CMD_PULSE = 0xF0,
};
enum { SELF_TEST_PASSED = 0x55, LINE_TEST_PASSED = 0x00, NO_PASSWORD = 0xF1, RESEND = 0xFE };
enum { INPUT_PORT = 0xB0 }; /* keyboard not locked, no manufacturing jumper */
enum { TEST_CLOCK = 0x01, TEST_DATA = 0x02 };

static uint8_t *command_byte(struct kbc *kbc)
{
    return &kbc->ram[0];
}

/* --- output buffer --- */

static void update_irqs(struct kbc *kbc)
{
    bool full = kbc->status & STATUS_OBF, aux = kbc->status & STATUS_AUX_OBF;
    irq_line_set(&kbc->cfg.keyboard_irq, full && !aux && (*command_byte(kbc) & CB_KEYBOARD_INT));
    irq_line_set(&kbc->cfg.aux_irq, full && aux && (*command_byte(kbc) & CB_AUX_INT));
}

static void fill_output(struct kbc *kbc, uint8_t byte, bool aux)
{
    kbc->output = byte;
    kbc->status = (uint8_t)((kbc->status & ~STATUS_AUX_OBF) | STATUS_OBF | (aux ? STATUS_AUX_OBF : 0));
    update_irqs(kbc);
}

/* A reply of the controller itself goes ahead of what devices send, but never over an unread byte. */
static void reply(struct kbc *kbc, uint8_t byte, bool aux)
{
    if (!(kbc->status & STATUS_OBF)) {
        fill_output(kbc, byte, aux);
        return;
    }
    if (kbc->reply_count == KBC_REPLIES)
        return;
    kbc->replies[kbc->reply_count] = byte;
    kbc->reply_aux[kbc->reply_count++] = aux;
}

static bool port_open(const struct kbc *kbc, enum kbc_port port)
{
    uint8_t disable = port == KBC_KEYBOARD ? CB_KEYBOARD_DISABLE : CB_AUX_DISABLE;
    return kbc->devices[port].send && !(kbc->ram[0] & disable);
}

/* The next byte from a device takes its time on the link, which stands still while the buffer is full. */
static void listen(struct kbc *kbc)
{
    bool wanted = !(kbc->status & STATUS_OBF) && (port_open(kbc, KBC_KEYBOARD) || port_open(kbc, KBC_AUX));
    if (!wanted)
        event_cancel(&kbc->link);
    else if (!kbc->link.pending)
        event_at(&kbc->link, clock_now(kbc->cfg.clock) + KBC_BYTE_NS);
}

/* Takes one byte from the device. False where it has none. */
static bool fetch(struct kbc *kbc, enum kbc_port port)
{
    uint8_t byte;
    const struct ps2_device *device = &kbc->devices[port];
    if (!port_open(kbc, port) || !device->send(device->self, &byte))
        return false;
    log_write(&kbc->log, LOG_TRACE, "%s sends %02Xh", port == KBC_AUX ? "aux" : "keyboard", byte);
    bool translates = port == KBC_KEYBOARD && (*command_byte(kbc) & CB_TRANSLATE);
    if (!translates || ps2_translate(&kbc->released, byte, &byte))
        fill_output(kbc, byte, port == KBC_AUX);
    else
        listen(kbc); /* the release prefix vanished; its key follows */
    return true;
}

static void link_due(void *opaque, uint64_t late_ns)
{
    struct kbc *kbc = opaque;
    (void)late_ns;
    if (kbc->status & STATUS_OBF)
        return; /* a reply of the controller came first; read_data listens again */
    if (!fetch(kbc, KBC_KEYBOARD))
        fetch(kbc, KBC_AUX);
}

static void device_ready(void *self, unsigned input, bool level)
{
    struct kbc *kbc = self;
    if (level && port_open(kbc, (enum kbc_port)input))
        listen(kbc);
}

struct irq_line kbc_ready_line(struct kbc *kbc, enum kbc_port port)
{
    return (struct irq_line){device_ready, kbc, port};
}

/* --- commands --- */

static void set_output_port(struct kbc *kbc, uint8_t value)
{
    bool reset = (kbc->output_port & OUT_RESET) && !(value & OUT_RESET);
    kbc->output_port = value;
    irq_line_set(&kbc->cfg.a20, value & OUT_A20);
    if (reset) {
        kbc->output_port |= OUT_RESET;
        reset_request(&kbc->cfg.reset, RESET_INIT);
    }
}

static uint8_t read_output_port(const struct kbc *kbc)
{
    bool full = kbc->status & STATUS_OBF, aux = kbc->status & STATUS_AUX_OBF;
    return (uint8_t)((kbc->output_port & (OUT_RESET | OUT_A20)) | OUT_LINES | (full && !aux ? OUT_IRQ1 : 0) |
                     (full && aux ? OUT_IRQ12 : 0));
}

static void write_command_byte(struct kbc *kbc, uint8_t value)
{
    *command_byte(kbc) = value & CB_MASK;
    kbc->status = (uint8_t)((kbc->status & ~STATUS_SYS) | (value & CB_SYS));
    if (!(value & CB_TRANSLATE))
        kbc->released = false;
    update_irqs(kbc);
    listen(kbc);
}

static void change_command_byte(struct kbc *kbc, uint8_t clear, uint8_t set)
{
    write_command_byte(kbc, (uint8_t)((*command_byte(kbc) & ~clear) | set));
}

static void self_test(struct kbc *kbc)
{
    write_command_byte(kbc, CB_KEYBOARD_DISABLE | CB_AUX_DISABLE | CB_SYS);
    reply(kbc, SELF_TEST_PASSED, false);
}

/* Bits 3-0 that are 0 pulse their output port bit low; only the reset line feels 6 us. */
static void pulse(struct kbc *kbc, uint8_t command)
{
    if (command & OUT_RESET)
        return;
    log_write(&kbc->log, LOG_INFO, "processor reset by command %02Xh", command);
    reset_request(&kbc->cfg.reset, RESET_INIT);
}

static uint8_t test_inputs(struct kbc *kbc)
{
    return (uint8_t)(TEST_DATA | (*command_byte(kbc) & CB_KEYBOARD_DISABLE ? 0 : TEST_CLOCK));
}

static void unknown_command(struct kbc *kbc, uint8_t command)
{
    log_write(&kbc->log, LOG_GUEST, "unknown controller command %02Xh", command);
}

static void simple_command(struct kbc *kbc, uint8_t command)
{
    switch (command) {
    case CMD_TEST_PASSWORD: reply(kbc, NO_PASSWORD, false); break;
    case CMD_DISABLE_AUX: change_command_byte(kbc, 0, CB_AUX_DISABLE); break;
    case CMD_ENABLE_AUX: change_command_byte(kbc, CB_AUX_DISABLE, 0); break;
    case CMD_TEST_AUX:
    case CMD_TEST_KEYBOARD: reply(kbc, LINE_TEST_PASSED, false); break;
    case CMD_SELF_TEST: self_test(kbc); break;
    case CMD_DISABLE_KEYBOARD: change_command_byte(kbc, 0, CB_KEYBOARD_DISABLE); break;
    case CMD_ENABLE_KEYBOARD: change_command_byte(kbc, CB_KEYBOARD_DISABLE, 0); break;
    case CMD_READ_INPUT_PORT: reply(kbc, INPUT_PORT, false); break;
    case CMD_READ_OUTPUT_PORT: reply(kbc, read_output_port(kbc), false); break;
    case CMD_READ_TEST_INPUTS: reply(kbc, test_inputs(kbc), false); break;
    default: unknown_command(kbc, command); break;
    }
}

static bool takes_data(uint8_t command)
{
    return (command & 0xE0) == CMD_WRITE_RAM ||
           (command >= CMD_WRITE_OUTPUT_PORT && command <= CMD_WRITE_AUX);
}

static void write_command(struct kbc *kbc, uint8_t command)
{
    log_write(&kbc->log, LOG_DEBUG, "command %02Xh", command);
    kbc->status |= STATUS_CMD;
    kbc->command = takes_data(command) ? command : 0;
    if (kbc->command)
        return;
    if ((command & 0xE0) == CMD_READ_RAM)
        reply(kbc, kbc->ram[command % KBC_RAM], false);
    else if (command >= CMD_PULSE)
        pulse(kbc, command);
    else
        simple_command(kbc, command);
}

/* --- data --- */

/* Nobody at the other end of the cable: the link times out. */
static void no_device(struct kbc *kbc, enum kbc_port port)
{
    kbc->status |= STATUS_TIMEOUT;
    reply(kbc, RESEND, port == KBC_AUX);
}

static void send_to_device(struct kbc *kbc, enum kbc_port port, uint8_t byte)
{
    const struct ps2_device *device = &kbc->devices[port];
    log_write(&kbc->log, LOG_DEBUG, "%02Xh to the %s", byte, port == KBC_AUX ? "aux" : "keyboard");
    kbc->status &= ~STATUS_TIMEOUT & 0xFF;
    if (!device->receive) {
        no_device(kbc, port);
        return;
    }
    if (port == KBC_KEYBOARD)
        change_command_byte(kbc, CB_KEYBOARD_DISABLE, 0);
    device->receive(device->self, byte);
}

static void write_ram(struct kbc *kbc, unsigned index, uint8_t value)
{
    if (index == 0)
        write_command_byte(kbc, value);
    else
        kbc->ram[index] = value;
}

static void write_data(struct kbc *kbc, uint8_t value)
{
    uint8_t command = kbc->command;
    kbc->command = 0;
    kbc->status &= ~STATUS_CMD & 0xFF;
    switch (command) {
    case 0: send_to_device(kbc, KBC_KEYBOARD, value); break;
    case CMD_WRITE_OUTPUT_PORT: set_output_port(kbc, value); break;
    case CMD_WRITE_KEYBOARD_BUFFER: reply(kbc, value, false); break;
    case CMD_WRITE_AUX_BUFFER: reply(kbc, value, true); break;
    case CMD_WRITE_AUX: send_to_device(kbc, KBC_AUX, value); break;
    default: write_ram(kbc, command % KBC_RAM, value); break;
    }
}

static uint8_t next_reply(struct kbc *kbc, bool *aux)
{
    uint8_t byte = kbc->replies[0];
    *aux = kbc->reply_aux[0];
    kbc->reply_count--;
    memmove(kbc->replies, kbc->replies + 1, kbc->reply_count);
    memmove(kbc->reply_aux, kbc->reply_aux + 1, kbc->reply_count);
    return byte;
}

/* An empty buffer gives the last byte again. */
static uint8_t read_data(struct kbc *kbc)
{
    uint8_t value = kbc->output;
    kbc->status &= ~(STATUS_OBF | STATUS_AUX_OBF) & 0xFF;
    update_irqs(kbc);
    if (kbc->reply_count) {
        bool aux;
        uint8_t byte = next_reply(kbc, &aux);
        fill_output(kbc, byte, aux);
    }
    listen(kbc);
    return value;
}

static uint32_t data_read(void *self, uint32_t offset, unsigned size)
{
    (void)offset, (void)size;
    return read_data(self);
}

static void data_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset, (void)size;
    write_data(self, (uint8_t)value);
}

static uint32_t status_read(void *self, uint32_t offset, unsigned size)
{
    const struct kbc *kbc = self;
    (void)offset, (void)size;
    return kbc->status;
}

static void command_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset, (void)size;
    write_command(self, (uint8_t)value);
}

const struct port_ops kbc_data_ports = {data_read, data_write, 1, 1};
const struct port_ops kbc_command_ports = {status_read, command_write, 1, 1};

/* --- reset, state, construction --- */

void kbc_attach(struct kbc *kbc, enum kbc_port port, const struct ps2_device *device)
{
    kbc->devices[port] = *device;
}

void kbc_reset(struct kbc *kbc)
{
    event_cancel(&kbc->link);
    memset(kbc->ram, 0, sizeof kbc->ram);
    *command_byte(kbc) = CB_KEYBOARD_DISABLE | CB_AUX_DISABLE;
    kbc->status = STATUS_UNLOCKED;
    kbc->output = 0;
    kbc->command = 0;
    kbc->reply_count = 0;
    kbc->released = false;
    update_irqs(kbc);
    set_output_port(kbc, OUT_RESET | OUT_A20);
}

static bool after_load(void *self, struct error *err)
{
    struct kbc *kbc = self;
    (void)err;
    if (kbc->reply_count > KBC_REPLIES)
        kbc->reply_count = KBC_REPLIES;
    return true;
}

static const struct state_field kbc_fields[] = {STATE_ARRAY(struct kbc, ram),
                                                STATE_SCALAR(struct kbc, status),
                                                STATE_SCALAR(struct kbc, output),
                                                STATE_SCALAR(struct kbc, output_port),
                                                STATE_SCALAR(struct kbc, command),
                                                STATE_ARRAY(struct kbc, replies),
                                                STATE_ARRAY(struct kbc, reply_aux),
                                                STATE_SCALAR(struct kbc, reply_count),
                                                STATE_SCALAR(struct kbc, released),
                                                STATE_EVENT(struct kbc, link),
                                                STATE_END};

const struct state_desc kbc_state = {
    .name = "kbc", .version = 1, .fields = kbc_fields, .after_load = after_load};

struct kbc *kbc_new(const struct kbc_config *cfg)
{
    struct kbc *kbc = alloc_zeroed(sizeof *kbc);
    kbc->cfg = *cfg;
    log_attach(cfg->log, &kbc->log, "kbc");
    event_init(&kbc->link, cfg->clock, "kbc", link_due, kbc);
    kbc_reset(kbc);
    return kbc;
}

void kbc_free(struct kbc *kbc)
{
    if (!kbc)
        return;
    event_cancel(&kbc->link);
    log_detach(&kbc->log);
    alloc_free(kbc);
}
