/* SPDX-License-Identifier: MIT */
#include "devices/storage/ide_device.h"

#include "core/base/assert.h"
#include "core/base/error.h"
#include "devices/storage/ide_channel.h"

enum { RESET_NS = 1000000, DIAGNOSTIC_NS = 200000, DEVICE_RESET_NS = 10000, DMA_START_NS = 1000 };

static void set_intrq(struct ide_device *device, bool level)
{
    device->intrq = level;
    if (device->channel)
        ide_channel_update_irq(device->channel);
}

static void end_reset(struct ide_device *device)
{
    device->in_reset = false;
    device->error = 0x01; /* diagnostic code: passed */
    device->ops->reset(device, (enum ide_reset)device->reset_kind);
    /* Device 0 alone reports the diagnostic of both. */
    if (device->reset_kind == IDE_RESET_DIAGNOSTIC && !ide_device_is_second(device))
        set_intrq(device, true);
}

static bool moves_by_dma(const struct ide_device *device)
{
    return device->movement == IDE_DMA_IN || device->movement == IDE_DMA_OUT;
}

/* Moves what the bus master takes; what it does not take waits for its next start. */
static void pump(struct ide_device *device)
{
    const struct ide_bus_master *master = device->channel ? &device->channel->cfg.master : NULL;
    if (!master || !master->move)
        return;
    device->position +=
        (uint32_t)master->move(master->self, device->buffer + device->position,
                               device->length - device->position, device->movement == IDE_DMA_IN);
    if (device->position == device->length)
        ide_device_moved(device);
}

static void device_due(void *opaque, uint64_t late_ns)
{
    struct ide_device *device = opaque;
    (void)late_ns;
    if (device->in_reset)
        end_reset(device);
    else if (moves_by_dma(device))
        pump(device);
    else
        device->ops->due(device);
}

void ide_device_moved(struct ide_device *device)
{
    device->movement = IDE_MOVE_NONE;
    device->status |= STATUS_BSY;
    device->status &= (uint8_t)~STATUS_DRQ;
    device->ops->moved(device);
}

void ide_device_dma_started(struct ide_device *device)
{
    if (moves_by_dma(device) && !device->event.pending)
        event_at(&device->event, clock_now(device->event.clock) + DMA_START_NS);
}

void ide_device_init(struct ide_device *device, const struct ide_device_ops *ops, const char *name,
                     struct clock *clock, struct log *log)
{
    *device = (struct ide_device){.ops = ops, .name = name};
    log_attach(log, &device->log, "ide");
    event_init(&device->event, clock, name, device_due, device);
}

void ide_device_free(struct ide_device *device)
{
    event_cancel(&device->event);
    log_detach(&device->log);
    if (device->channel)
        device->channel->devices[ide_device_is_second(device)] = NULL;
}

void ide_device_wait(struct ide_device *device, uint64_t ns)
{
    device->status |= STATUS_BSY;
    device->status &= (uint8_t)~STATUS_DRQ;
    event_at(&device->event, clock_now(device->event.clock) + ns);
}

static void begin_move(struct ide_device *device, enum ide_movement movement, uint32_t length)
{
    ASSERT(length && length % 2 == 0 && length <= IDE_BUFFER);
    device->movement = (uint8_t)movement;
    device->position = 0;
    device->length = length;
    device->status |= STATUS_DRQ;
    device->status &= (uint8_t)~STATUS_BSY;
}

void ide_device_pio(struct ide_device *device, enum ide_movement movement, uint32_t length, bool interrupt)
{
    begin_move(device, movement, length);
    if (interrupt)
        set_intrq(device, true);
}

void ide_device_dma(struct ide_device *device, enum ide_movement movement, uint32_t length)
{
    begin_move(device, movement, length);
    pump(device);
}

void ide_device_finish(struct ide_device *device, uint8_t status, uint8_t error, bool interrupt)
{
    device->movement = IDE_MOVE_NONE;
    device->status = status;
    device->error = error;
    if (interrupt)
        set_intrq(device, true);
}

void ide_device_stop(struct ide_device *device)
{
    event_cancel(&device->event);
    device->movement = IDE_MOVE_NONE;
    device->status &= (uint8_t)~STATUS_DRQ;
    device->position = device->length = 0;
    set_intrq(device, false);
}

void ide_device_hold(struct ide_device *device)
{
    ide_device_stop(device);
    device->in_reset = false;
    device->status = STATUS_BSY;
}

void ide_device_reset(struct ide_device *device, enum ide_reset kind)
{
    static const uint32_t delays[] = {RESET_NS, RESET_NS, DIAGNOSTIC_NS, DEVICE_RESET_NS};
    ide_device_hold(device);
    device->in_reset = true;
    device->reset_kind = (uint8_t)kind;
    ide_device_wait(device, delays[kind]);
}

void ide_device_signature(struct ide_device *device, uint8_t mid, uint8_t high)
{
    device->now = (struct ide_registers){
        .features = device->now.features, .count = 1, .lba_low = 1, .lba_mid = mid, .lba_high = high};
    device->previous = (struct ide_registers){0};
    device->device = 0;
}

bool ide_device_is_second(const struct ide_device *device)
{
    return device->channel && device->channel->devices[1] == device;
}

/* clang-format off */
static const struct state_field register_fields[] = {
    STATE_SCALAR(struct ide_registers, features), STATE_SCALAR(struct ide_registers, count),
    STATE_SCALAR(struct ide_registers, lba_low), STATE_SCALAR(struct ide_registers, lba_mid),
    STATE_SCALAR(struct ide_registers, lba_high), STATE_END,
};

const struct state_field ide_device_fields[] = {
    STATE_STRUCT(struct ide_device, now, register_fields),
    STATE_STRUCT(struct ide_device, previous, register_fields),
    STATE_SCALAR(struct ide_device, device), STATE_SCALAR(struct ide_device, status),
    STATE_SCALAR(struct ide_device, error), STATE_SCALAR(struct ide_device, intrq),
    STATE_SCALAR(struct ide_device, in_reset), STATE_SCALAR(struct ide_device, reset_kind),
    STATE_SCALAR(struct ide_device, movement), STATE_SCALAR(struct ide_device, position),
    STATE_SCALAR(struct ide_device, length), STATE_EVENT(struct ide_device, event),
    STATE_ARRAY(struct ide_device, buffer), STATE_END,
};
/* clang-format on */

bool ide_device_loaded(const struct ide_device *device, struct error *err)
{
    if (device->length > IDE_BUFFER || device->position > device->length || device->length % 2 ||
        device->position % 2 || device->movement > IDE_DMA_OUT || device->reset_kind > IDE_RESET_DEVICE)
        return error_set(err, "state: '%s' is damaged", device->name);
    return true;
}
