/* SPDX-License-Identifier: MIT */
/* 8237A DMA controllers of a PC. Intel data sheet 231466, "Register Description", "Software Commands";
 * page registers and 16-bit channels as in the PIIX3.
 *
 * Deviations: a transfer takes no bus time; memory-to-memory transfers do not exist, as in the PIIX; priority
 * and timing bits of the command register have no effect; the difference between single, demand and block
 * mode is the device's pace.
 */
#include "devices/chipset/dma_8237.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"

/* Ports of one chip: 0-7 are address and count of channels 0-3. */
enum dma_register {
    REG_STATUS_COMMAND = 8,
    REG_REQUEST = 9,
    REG_SINGLE_MASK = 10,
    REG_MODE = 11,
    REG_CLEAR_BYTE_POINTER = 12,
    REG_TEMPORARY_MASTER_CLEAR = 13,
    REG_CLEAR_MASK = 14,
    REG_WRITE_MASK = 15,
};
enum { COMMAND_MEMORY_TO_MEMORY = 1 << 0, COMMAND_DISABLE = 1 << 2 };
/* Mode:  7-6 demand, single, block, cascade | 5 decrement | 4 auto-initialise | 3-2 type | 1-0 channel */
enum {
    MODE_CHANNEL = 3,
    MODE_TYPE = 3 << 2,
    MODE_AUTO = 1 << 4,
    MODE_DECREMENT = 1 << 5,
    MODE_CASCADE = 3 << 6
};
enum { TYPE_VERIFY = 0, TYPE_WRITE = 1 << 2, TYPE_READ = 2 << 2 };
enum { SELECT_SET = 1 << 2, ALL_MASKED = 0x0F };

/* Page register (offset from 80h) of each channel; 4 has the refresh page. */
static const uint8_t page_of[DMA_CHANNELS] = {7, 3, 1, 2, 15, 11, 9, 10};

static bool is_word_channel(unsigned channel)
{
    return channel >= DMA_CHIP_CHANNELS;
}

/* --- transfers --- */

/* Physical address of a channel's offset: bytes within 64 KiB, or words within 128 KiB. */
static gpa_t physical(const struct dma *dma, unsigned channel, uint16_t address)
{
    uint32_t page = dma->pages[page_of[channel]];
    if (is_word_channel(channel))
        return (page & 0xFE) << 16 | (uint32_t)address << 1;
    return page << 16 | address;
}

static void move_bytes(struct dma *dma, enum dma_direction direction, gpa_t at, uint8_t *bytes, uint32_t size)
{
    if (direction == DMA_TO_MEMORY)
        physmap_write_bytes(dma->cfg.physmap, at, bytes, size);
    else
        physmap_read_bytes(dma->cfg.physmap, at, bytes, size);
}

/* Moves `units` bytes or words, wrapping within the page, and steps the address. */
static void move_units(struct dma *dma, unsigned channel, enum dma_direction direction, uint8_t *bytes,
                       uint32_t units)
{
    struct dma_channel *ch = &dma->chips[channel / 4].channels[channel % 4];
    unsigned unit = is_word_channel(channel) ? 2 : 1;
    bool verify = (ch->mode & MODE_TYPE) == TYPE_VERIFY, down = ch->mode & MODE_DECREMENT;
    if (verify && direction == DMA_FROM_MEMORY)
        memset(bytes, 0xFF, (size_t)units * unit);
    while (units) {
        uint32_t run = down ? 1 : 0x10000u - ch->current_address;
        run = run < units ? run : units;
        if (!verify)
            move_bytes(dma, direction, physical(dma, channel, ch->current_address), bytes, run * unit);
        ch->current_address = (uint16_t)(ch->current_address + (down ? UINT32_MAX : run));
        bytes += run * unit;
        units -= run;
    }
}

static void terminal_count(struct dma_chip *chip, unsigned number)
{
    struct dma_channel *ch = &chip->channels[number];
    uint8_t bit = (uint8_t)(1u << number);
    chip->tc |= bit;
    chip->request = (uint8_t)(chip->request & ~bit);
    if (ch->mode & MODE_AUTO) {
        ch->current_address = ch->base_address;
        ch->current_count = ch->base_count;
    } else {
        chip->mask |= bit;
    }
}

/* Moves what fits before terminal count. */
static struct dma_result run_channel(struct dma *dma, unsigned channel, enum dma_direction direction,
                                     void *buffer, uint32_t size)
{
    struct dma_chip *chip = &dma->chips[channel / 4];
    struct dma_channel *ch = &chip->channels[channel % 4];
    unsigned unit = is_word_channel(channel) ? 2 : 1;
    uint32_t left = ch->current_count + 1u, units = size / unit < left ? size / unit : left;
    move_units(dma, channel, direction, buffer, units);
    ch->current_count = (uint16_t)(ch->current_count - units);
    if (units == left)
        terminal_count(chip, channel % 4);
    return (struct dma_result){units * unit, units == left};
}

static bool is_cascade(const struct dma_channel *ch)
{
    return (ch->mode & MODE_CASCADE) == MODE_CASCADE;
}

bool dma_ready(const struct dma *dma, unsigned channel)
{
    const struct dma_chip *chip = &dma->chips[channel / 4];
    if (channel >= DMA_CHANNELS || (chip->command & COMMAND_DISABLE) || (chip->mask & 1u << channel % 4))
        return false;
    if (is_word_channel(channel))
        return true;
    const struct dma_chip *upper = &dma->chips[1];
    return !(upper->command & COMMAND_DISABLE) && !(upper->mask & 1) && is_cascade(&upper->channels[0]);
}

struct dma_result dma_transfer(struct dma *dma, unsigned channel, enum dma_direction direction, void *buffer,
                               uint32_t size)
{
    ASSERT(channel < DMA_CHANNELS);
    const struct dma_channel *ch = &dma->chips[channel / 4].channels[channel % 4];
    unsigned type = ch->mode & MODE_TYPE;
    if (!dma_ready(dma, channel) || is_cascade(ch) || size == 0)
        return (struct dma_result){0, false};
    if (type != TYPE_VERIFY && type != (direction == DMA_TO_MEMORY ? TYPE_WRITE : TYPE_READ)) {
        log_write(&dma->log, LOG_GUEST, "channel %u: mode %02Xh is for the other direction", channel,
                  ch->mode);
        return (struct dma_result){0, false};
    }
    return run_channel(dma, channel, direction, buffer, size);
}

void dma_set_dreq(struct dma *dma, unsigned channel, bool level)
{
    struct dma_chip *chip = &dma->chips[channel / 4];
    uint8_t bit = (uint8_t)(1u << channel % 4);
    chip->dreq = (uint8_t)(level ? chip->dreq | bit : chip->dreq & ~bit);
}

/* A software request runs the whole block with no device behind it: the data bus floats high. */
static void software_request(struct dma *dma, unsigned channel)
{
    struct dma_chip *chip = &dma->chips[channel / 4];
    const struct dma_channel *ch = &chip->channels[channel % 4];
    if ((chip->command & COMMAND_DISABLE) || is_cascade(ch))
        return;
    enum dma_direction direction = (ch->mode & MODE_TYPE) == TYPE_WRITE ? DMA_TO_MEMORY : DMA_FROM_MEMORY;
    struct dma_result result;
    do {
        uint8_t floating[512];
        memset(floating, 0xFF, sizeof floating);
        result = run_channel(dma, channel, direction, floating, sizeof floating);
    } while (!result.tc);
}

/* --- registers --- */

static void set_byte(uint16_t *value, bool msb, uint8_t byte)
{
    *value = msb ? (uint16_t)((*value & 0x00FF) | byte << 8) : (uint16_t)((*value & 0xFF00) | byte);
}

static void write_channel(struct dma_chip *chip, unsigned reg, uint8_t value)
{
    struct dma_channel *ch = &chip->channels[reg / 2];
    bool msb = chip->msb_next;
    chip->msb_next = !msb;
    set_byte(reg & 1 ? &ch->base_count : &ch->base_address, msb, value);
    set_byte(reg & 1 ? &ch->current_count : &ch->current_address, msb, value);
}

static uint8_t read_channel(struct dma_chip *chip, unsigned reg)
{
    const struct dma_channel *ch = &chip->channels[reg / 2];
    uint16_t value = reg & 1 ? ch->current_count : ch->current_address;
    bool msb = chip->msb_next;
    chip->msb_next = !msb;
    return (uint8_t)(msb ? value >> 8 : value);
}

static void master_clear(struct dma_chip *chip)
{
    chip->command = 0;
    chip->tc = 0;
    chip->request = 0;
    chip->msb_next = false;
    chip->mask = ALL_MASKED;
}

static void set_bit(uint8_t *bits, uint8_t value)
{
    uint8_t bit = (uint8_t)(1u << (value & MODE_CHANNEL));
    *bits = (uint8_t)(value & SELECT_SET ? *bits | bit : *bits & ~bit);
}

static void write_request(struct dma *dma, unsigned number, uint8_t value)
{
    struct dma_chip *chip = &dma->chips[number];
    set_bit(&chip->request, value);
    if (value & SELECT_SET)
        software_request(dma, number * 4 + (value & MODE_CHANNEL));
}

static void write_command(struct dma *dma, struct dma_chip *chip, uint8_t value)
{
    chip->command = value;
    if (value & COMMAND_MEMORY_TO_MEMORY)
        log_write(&dma->log, LOG_GUEST, "memory-to-memory transfers asked for: not there");
}

static void write_control(struct dma *dma, unsigned number, enum dma_register reg, uint8_t value)
{
    struct dma_chip *chip = &dma->chips[number];
    switch (reg) {
    case REG_STATUS_COMMAND: write_command(dma, chip, value); break;
    case REG_REQUEST: write_request(dma, number, value); break;
    case REG_SINGLE_MASK: set_bit(&chip->mask, value); break;
    case REG_MODE: chip->channels[value & MODE_CHANNEL].mode = value; break;
    case REG_CLEAR_BYTE_POINTER: chip->msb_next = false; break;
    case REG_TEMPORARY_MASTER_CLEAR: master_clear(chip); break;
    case REG_CLEAR_MASK: chip->mask = 0; break;
    case REG_WRITE_MASK: chip->mask = value & ALL_MASKED; break;
    }
    log_write(&dma->log, LOG_TRACE, "chip %u register %u = %02Xh", number, (unsigned)reg, value);
}

static uint8_t read_status(struct dma_chip *chip)
{
    uint8_t value = (uint8_t)(chip->tc | (chip->dreq | chip->request) << 4);
    chip->tc = 0;
    return value;
}

static uint8_t chip_read(struct dma *dma, unsigned number, unsigned reg)
{
    struct dma_chip *chip = &dma->chips[number];
    if (reg < REG_STATUS_COMMAND)
        return read_channel(chip, reg);
    switch (reg) {
    case REG_STATUS_COMMAND: return read_status(chip);
    case REG_TEMPORARY_MASTER_CLEAR: return 0; /* holds data of memory-to-memory transfers only */
    default: return 0xFF;
    }
}

static void chip_write(struct dma *dma, unsigned number, unsigned reg, uint8_t value)
{
    if (reg < REG_STATUS_COMMAND)
        write_channel(&dma->chips[number], reg, value);
    else
        write_control(dma, number, (enum dma_register)reg, value);
}

static uint32_t low_read(void *self, uint32_t offset, unsigned size)
{
    (void)size;
    return chip_read(self, 0, offset);
}

static void low_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)size;
    chip_write(self, 0, offset, (uint8_t)value);
}

/* The upper chip's A0 is the bus's A1. */
static uint32_t high_read(void *self, uint32_t offset, unsigned size)
{
    (void)size;
    return chip_read(self, 1, offset / 2);
}

static void high_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)size;
    chip_write(self, 1, offset / 2, (uint8_t)value);
}

static uint32_t page_read(void *self, uint32_t offset, unsigned size)
{
    const struct dma *dma = self;
    (void)size;
    return dma->pages[offset];
}

static void page_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct dma *dma = self;
    (void)size;
    dma->pages[offset] = (uint8_t)value;
    if (offset == 0)
        char_sink_write(&dma->cfg.post, (uint8_t)value);
}

const struct port_ops dma_low_ports = {low_read, low_write, 1, 1};
const struct port_ops dma_high_ports = {high_read, high_write, 1, 1};
const struct port_ops dma_page_ports = {page_read, page_write, 1, 1};

/* --- reset, state, construction --- */

void dma_reset(struct dma *dma)
{
    for (unsigned number = 0; number < 2; number++) {
        uint8_t dreq = dma->chips[number].dreq;
        dma->chips[number] = (struct dma_chip){.dreq = dreq};
        master_clear(&dma->chips[number]);
    }
    memset(dma->pages, 0, sizeof dma->pages);
}

static const struct state_field channel_fields[] = {STATE_SCALAR(struct dma_channel, base_address),
                                                    STATE_SCALAR(struct dma_channel, base_count),
                                                    STATE_SCALAR(struct dma_channel, current_address),
                                                    STATE_SCALAR(struct dma_channel, current_count),
                                                    STATE_SCALAR(struct dma_channel, mode),
                                                    STATE_END};
static const struct state_field chip_fields[] = {
    STATE_STRUCT_ARRAY(struct dma_chip, channels, channel_fields),
    STATE_SCALAR(struct dma_chip, command),
    STATE_SCALAR(struct dma_chip, tc),
    STATE_SCALAR(struct dma_chip, dreq),
    STATE_SCALAR(struct dma_chip, request),
    STATE_SCALAR(struct dma_chip, mask),
    STATE_SCALAR(struct dma_chip, msb_next),
    STATE_END};
static const struct state_field dma_fields[] = {STATE_STRUCT_ARRAY(struct dma, chips, chip_fields),
                                                STATE_ARRAY(struct dma, pages), STATE_END};
const struct state_desc dma_state = {.name = "dma", .version = 1, .fields = dma_fields};

struct dma *dma_new(const struct dma_config *cfg)
{
    struct dma *dma = alloc_zeroed(sizeof *dma);
    dma->cfg = *cfg;
    log_attach(cfg->log, &dma->log, "dma");
    dma_reset(dma);
    return dma;
}

void dma_free(struct dma *dma)
{
    if (!dma)
        return;
    log_detach(&dma->log);
    alloc_free(dma);
}
