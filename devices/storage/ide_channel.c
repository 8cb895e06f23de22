/* SPDX-License-Identifier: MIT */
#include "devices/storage/ide_channel.h"

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/bytes.h"

/* Command block, offsets from its base. */
enum command_register {
    REG_DATA,
    REG_ERROR, /* read */
    REG_FEATURES = REG_ERROR,
    REG_COUNT,
    REG_LBA_LOW,
    REG_LBA_MID,
    REG_LBA_HIGH,
    REG_DEVICE,
    REG_STATUS, /* read */
    REG_COMMAND = REG_STATUS,
};

enum control_bit { CONTROL_NIEN = 0x02, CONTROL_SRST = 0x04, CONTROL_HOB = 0x80 };

enum {
    CMD_DEVICE_RESET = 0x08,
    CMD_EXECUTE_DEVICE_DIAGNOSTIC = 0x90,
    FLOATING = 0x7F, /* nobody drives the bus; the host pulls DD7 down so that BSY reads 0 */
};

static struct ide_device *selected(const struct ide_channel *channel)
{
    return channel->devices[channel->selected];
}

/* Who answers reads: device 0 also speaks for a missing device 1. */
static struct ide_device *answering(const struct ide_channel *channel)
{
    return channel->devices[channel->selected] ? selected(channel)
           : channel->selected                 ? channel->devices[0]
                                               : NULL;
}

void ide_channel_update_irq(struct ide_channel *channel)
{
    const struct ide_device *device = selected(channel);
    bool level = device && device->intrq && !(channel->control & CONTROL_NIEN);
    if (level == channel->line)
        return;
    channel->line = level;
    if (channel->cfg.master.interrupt)
        channel->cfg.master.interrupt(channel->cfg.master.self, level);
    irq_line_set(&channel->cfg.irq, level);
}

/* Data register. */

static uint16_t read_word(struct ide_channel *channel)
{
    struct ide_device *device = selected(channel);
    if (!device || device->movement != IDE_PIO_IN || !(device->status & STATUS_DRQ))
        return 0xFFFF;
    uint16_t value = load_le16(device->buffer + device->position);
    device->position += 2;
    if (device->position == device->length)
        ide_device_moved(device);
    return value;
}

static void write_word(struct ide_channel *channel, uint16_t value)
{
    struct ide_device *device = selected(channel);
    if (!device || device->movement != IDE_PIO_OUT || !(device->status & STATUS_DRQ)) {
        log_write(&channel->log, LOG_GUEST, "data written while no device asks for it");
        return;
    }
    store_le16(device->buffer + device->position, value);
    device->position += 2;
    if (device->position == device->length)
        ide_device_moved(device);
}

/* Reads of the other registers. */

static uint8_t read_task_file(const struct ide_channel *channel, const struct ide_device *device,
                              uint32_t offset)
{
    const struct ide_registers *regs = channel->control & CONTROL_HOB ? &device->previous : &device->now;
    switch (offset) {
    case REG_ERROR: return device->error;
    case REG_COUNT: return regs->count;
    case REG_LBA_LOW: return regs->lba_low;
    case REG_LBA_MID: return regs->lba_mid;
    case REG_LBA_HIGH: return regs->lba_high;
    default:
        return (uint8_t)((device->device & ~DEVICE_DEV) | (channel->selected ? DEVICE_DEV : 0) |
                         DEVICE_OBSOLETE);
    }
}

static uint8_t read_status(const struct ide_channel *channel)
{
    if (selected(channel))
        return selected(channel)->status;
    return answering(channel) ? 0 : FLOATING;
}

static uint8_t read_register(struct ide_channel *channel, uint32_t offset)
{
    const struct ide_device *device = answering(channel);
    if (offset == REG_DATA)
        return (uint8_t)read_word(channel);
    if (offset != REG_STATUS)
        return device ? read_task_file(channel, device, offset) : FLOATING;
    uint8_t value = read_status(channel);
    if (selected(channel)) {
        selected(channel)->intrq = false;
        ide_channel_update_irq(channel);
    }
    return value;
}

static uint32_t command_read(void *self, uint32_t offset, unsigned size)
{
    struct ide_channel *channel = self;
    uint32_t value = 0;
    if (offset == REG_DATA && size > 1) {
        value = read_word(channel);
        return size == 4 ? value | (uint32_t)read_word(channel) << 16 : value;
    }
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)read_register(channel, offset + i) << (8 * i);
    return value;
}

/* Writes. Both devices see them; each ignores what comes while it is busy. */

static bool takes_writes(const struct ide_device *device)
{
    return device && !(device->status & (STATUS_BSY | STATUS_DRQ));
}

static void latch(uint8_t *now, uint8_t *previous, uint8_t value)
{
    *previous = *now;
    *now = value;
}

static void write_task_file(struct ide_device *device, uint32_t offset, uint8_t value)
{
    struct ide_registers *now = &device->now, *previous = &device->previous;
    switch (offset) {
    case REG_FEATURES: latch(&now->features, &previous->features, value); break;
    case REG_COUNT: latch(&now->count, &previous->count, value); break;
    case REG_LBA_LOW: latch(&now->lba_low, &previous->lba_low, value); break;
    case REG_LBA_MID: latch(&now->lba_mid, &previous->lba_mid, value); break;
    case REG_LBA_HIGH: latch(&now->lba_high, &previous->lba_high, value); break;
    default: device->device = value; break;
    }
}

static void execute_diagnostic(struct ide_channel *channel)
{
    channel->selected = 0;
    for (int i = 0; i < 2; i++) {
        if (channel->devices[i])
            ide_device_reset(channel->devices[i], IDE_RESET_DIAGNOSTIC);
    }
}

static void start_command(struct ide_channel *channel, struct ide_device *device, uint8_t command)
{
    if (!takes_writes(device) && !(command == CMD_DEVICE_RESET && device->ops->packet)) {
        log_write(&channel->log, LOG_GUEST, "%s: command %02Xh written while the status is %02Xh",
                  device->name, command, device->status);
        return;
    }
    log_write(&device->log, LOG_DEBUG,
              "%s: command %02Xh feature %02Xh count %02Xh address %02X%02X%02Xh/%02Xh", device->name,
              command, device->now.features, device->now.count, device->now.lba_high, device->now.lba_mid,
              device->now.lba_low, device->device);
    ide_device_stop(device);
    device->status = (uint8_t)((device->status & ~(STATUS_ERR | STATUS_DF)) | STATUS_BSY);
    device->error = 0;
    device->ops->command(device, command);
}

static void write_command(struct ide_channel *channel, uint8_t command)
{
    struct ide_device *device = selected(channel);
    if (command == CMD_EXECUTE_DEVICE_DIAGNOSTIC) {
        if (answering(channel) && takes_writes(answering(channel)))
            execute_diagnostic(channel);
    } else if (device) {
        start_command(channel, device, command);
    } else {
        log_write(&channel->log, LOG_DEBUG, "command %02Xh for device %u, which is not there", command,
                  channel->selected);
    }
}

static void write_register(struct ide_channel *channel, uint32_t offset, uint8_t value)
{
    if (offset == REG_DATA) {
        write_word(channel, value);
        return;
    }
    channel->control &= (uint8_t)~CONTROL_HOB;
    if (channel->control & CONTROL_SRST)
        return;
    if (offset == REG_COMMAND) {
        write_command(channel, value);
        return;
    }
    if (selected(channel) && !takes_writes(selected(channel))) {
        log_write(&channel->log, LOG_GUEST, "register %u written while %s is busy", (unsigned)offset,
                  selected(channel)->name);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (takes_writes(channel->devices[i]))
            write_task_file(channel->devices[i], offset, value);
    }
    if (offset == REG_DEVICE) {
        channel->selected = value & DEVICE_DEV ? 1 : 0;
        ide_channel_update_irq(channel);
    }
}

static void command_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct ide_channel *channel = self;
    if (offset == REG_DATA && size > 1) {
        write_word(channel, (uint16_t)value);
        if (size == 4)
            write_word(channel, (uint16_t)(value >> 16));
        return;
    }
    for (unsigned i = 0; i < size; i++)
        write_register(channel, offset + i, (uint8_t)(value >> (8 * i)));
}

/* Control block: alternate status, device control. */

static uint32_t control_read(void *self, uint32_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return read_status(self);
}

static void control_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct ide_channel *channel = self;
    uint8_t changed = channel->control ^ (uint8_t)value;
    (void)offset;
    (void)size;
    channel->control = (uint8_t)value;
    if (changed & CONTROL_SRST) {
        channel->selected = 0;
        for (int i = 0; i < 2; i++) {
            if (!channel->devices[i])
                continue;
            if (value & CONTROL_SRST)
                ide_device_hold(channel->devices[i]);
            else
                ide_device_reset(channel->devices[i], IDE_RESET_SOFT);
        }
    }
    ide_channel_update_irq(channel);
}

const struct port_ops ide_command_ports = {command_read, command_write, 1, 4};
const struct port_ops ide_control_ports = {control_read, control_write, 1, 1};

void ide_channel_dma_started(struct ide_channel *channel)
{
    for (int i = 0; i < 2; i++) {
        if (channel->devices[i])
            ide_device_dma_started(channel->devices[i]);
    }
}

void ide_channel_reset(struct ide_channel *channel)
{
    channel->selected = 0;
    channel->control = 0;
    for (int i = 0; i < 2; i++) {
        if (channel->devices[i])
            ide_device_reset(channel->devices[i], IDE_RESET_HARD);
    }
    ide_channel_update_irq(channel);
}

/* clang-format off */
const struct state_field ide_channel_fields[] = {
    STATE_SCALAR(struct ide_channel, selected), STATE_SCALAR(struct ide_channel, control),
    STATE_SCALAR(struct ide_channel, line), STATE_END,
};
/* clang-format on */

static bool channel_loaded(void *self, struct error *err)
{
    struct ide_channel *channel = self;
    (void)err;
    channel->selected &= 1;
    return true;
}

const struct state_desc ide_channel_state = {"ide_channel", 1, ide_channel_fields,
                                             .after_load = channel_loaded};

void ide_channel_init(struct ide_channel *channel, const struct ide_channel_config *cfg)
{
    *channel = (struct ide_channel){.cfg = *cfg};
    log_attach(cfg->log, &channel->log, "ide");
}

void ide_channel_free(struct ide_channel *channel)
{
    for (int i = 0; i < 2; i++) {
        if (channel->devices[i])
            channel->devices[i]->channel = NULL;
    }
    log_detach(&channel->log);
}

struct ide_channel *ide_channel_new(const struct ide_channel_config *cfg)
{
    struct ide_channel *channel = alloc_zeroed(sizeof *channel);
    ide_channel_init(channel, cfg);
    return channel;
}

void ide_channel_delete(struct ide_channel *channel)
{
    if (!channel)
        return;
    ide_channel_free(channel);
    alloc_free(channel);
}

void ide_channel_attach(struct ide_channel *channel, unsigned number, struct ide_device *device)
{
    ASSERT(number < 2 && !channel->devices[number] && !device->channel);
    channel->devices[number] = device;
    device->channel = channel;
}
