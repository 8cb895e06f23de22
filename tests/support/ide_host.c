/* SPDX-License-Identifier: MIT */
#include "tests/support/ide_host.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/bytes.h"

void ide_host_irq(void *receiver, unsigned input, bool level)
{
    struct ide_host *host = receiver;
    (void)input;
    host->irq_edges += level && !host->irq;
    host->irq = level;
}

static size_t dma_move(void *self, uint8_t *bytes, size_t size, bool to_memory)
{
    struct ide_host *host = self;
    size_t count = size < host->dma_left ? size : host->dma_left;
    if (!count)
        return 0;
    memcpy(to_memory ? host->dma : bytes, to_memory ? bytes : host->dma, count);
    host->dma += count;
    host->dma_left -= count;
    return count;
}

void ide_start_dma(struct ide_host *host, void *bytes, size_t size)
{
    host->dma = bytes;
    host->dma_left = size;
    ide_channel_dma_started(host->channel);
}

void ide_host_init(struct ide_host *host)
{
    *host = (struct ide_host){0};
    clock_init(&host->clock, 100000);
    host->channel = ide_channel_new(&(struct ide_channel_config){
        .irq = {.set = ide_host_irq, .receiver = host}, .master = {.move = dma_move, .self = host}});
}

void ide_host_free(struct ide_host *host)
{
    ide_channel_delete(host->channel);
}

uint8_t ide_in(struct ide_host *host, unsigned offset)
{
    return (uint8_t)ide_command_ports.read(host->channel, offset, 1);
}

void ide_out(struct ide_host *host, unsigned offset, uint8_t value)
{
    ide_command_ports.write(host->channel, offset, 1, value);
}

uint8_t ide_alt(struct ide_host *host)
{
    return (uint8_t)ide_control_ports.read(host->channel, 0, 1);
}

void ide_control(struct ide_host *host, uint8_t value)
{
    ide_control_ports.write(host->channel, 0, 1, value);
}

uint8_t ide_wait(struct ide_host *host)
{
    uint64_t deadline, end = clock_now(&host->clock) + UINT64_C(30000000000);
    while ((ide_alt(host) & STATUS_BSY) && clock_next_deadline(&host->clock, &deadline) && deadline <= end) {
        clock_skip_to(&host->clock, deadline);
        clock_run_due(&host->clock);
    }
    ASSERT(!(ide_alt(host) & STATUS_BSY));
    return ide_alt(host);
}

void ide_pass(struct ide_host *host, uint64_t ns)
{
    uint64_t deadline, end = clock_now(&host->clock) + ns;
    while (clock_next_deadline(&host->clock, &deadline) && deadline <= end) {
        clock_skip_to(&host->clock, deadline);
        clock_run_due(&host->clock);
    }
    clock_skip_to(&host->clock, end);
}

void ide_read_data(struct ide_host *host, void *bytes, size_t size)
{
    uint8_t *out = bytes;
    for (size_t i = 0; i < size; i += 2)
        store_le16(out + i, (uint16_t)ide_command_ports.read(host->channel, R_DATA, 2));
}

void ide_write_data(struct ide_host *host, const void *bytes, size_t size)
{
    const uint8_t *in = bytes;
    for (size_t i = 0; i < size; i += 2)
        ide_command_ports.write(host->channel, R_DATA, 2, load_le16(in + i));
}

uint8_t ide_lba_command(struct ide_host *host, unsigned device, uint8_t command, uint32_t lba, uint8_t count)
{
    ide_out(host, R_DEVICE, (uint8_t)(0xE0 | device << 4 | lba >> 24));
    ide_out(host, R_COUNT, count);
    ide_out(host, R_LOW, (uint8_t)lba);
    ide_out(host, R_MID, (uint8_t)(lba >> 8));
    ide_out(host, R_HIGH, (uint8_t)(lba >> 16));
    ide_out(host, R_STATUS, command);
    return ide_wait(host);
}
