/* SPDX-License-Identifier: MIT */
#include "devices/storage/piix_ide.h"

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/mem/physmap.h"
#include "devices/chipset/pci.h"
#include "devices/storage/ide_channel.h"

enum {
    VENDOR_INTEL = 0x8086,
    DEVICE_PIIX3_IDE = 0x7010,
    CLASS_IDE_BUS_MASTER = 0x010180,
    BMIBA_BAR = 4,
    BMIBA_SIZE = 16,
    STATUS_DEVSEL_MEDIUM_FAST_B2B = 0x0280,
    STATUS_ABORTS = 0x3800, /* RMA, RTA, STA: write one to clear */
};

/* Configuration space. */
enum { IDETIM_PRIMARY = 0x40, IDETIM_SECONDARY = 0x42, SIDETIM = 0x44, IDETIM_DECODE = 0x8000 };

/* Bus master registers, 8 bytes a channel. */
enum bus_master_register { BMIC = 0, BMIS = 2, BMIDTP = 4, BM_CHANNEL = 8 };

enum { BMIC_SSBM = 0x01, BMIC_RWCON = 0x08 };

enum { BMIS_BMIDEA = 0x01, BMIS_ERROR = 0x02, BMIS_IDEINTS = 0x04, BMIS_DMA_CAPABLE = 0x60 };

/* Physical region descriptor: address, count, end-of-table flag. */
enum { PRD_SIZE = 8, PRD_EOT = 0x8000, REGION_MAX = 0x10000 };

struct piix_channel {
    struct ide_channel ide;
    struct piix_ide *owner;
    uint8_t bmic, bmis;
    uint32_t bmidtp;
    uint32_t next_prd; /* where the next descriptor is fetched from */
    uint32_t address, left;
    bool last; /* the current region is the table's last */
};

struct piix_ide {
    struct pci_function pci;
    struct piix_ide_config cfg;
    struct log_source log;
    struct piix_channel channels[2];
};

/* Data movement. Address counters have 16 bits: neither a region nor the table leaves its 64 KiB. */

static uint32_t wrap_add(uint32_t address, uint32_t step)
{
    return (address & 0xFFFF0000) | ((address + step) & 0xFFFF);
}

static void fetch_prd(struct piix_channel *channel)
{
    uint8_t prd[PRD_SIZE];
    physmap_read_bytes(channel->owner->cfg.physmap, channel->next_prd, prd, sizeof prd);
    channel->next_prd = wrap_add(channel->next_prd, PRD_SIZE);
    channel->address = load_le32(prd) & ~1u;
    channel->left = load_le16(prd + 4) & ~1u;
    if (!channel->left)
        channel->left = REGION_MAX;
    channel->last = load_le16(prd + 6) & PRD_EOT;
}

static bool can_move(const struct piix_channel *channel, bool to_memory)
{
    if (!(channel->bmis & BMIS_BMIDEA))
        return false;
    if (!pci_can_master(&channel->owner->pci) || to_memory != ((channel->bmic & BMIC_RWCON) != 0)) {
        log_write(&channel->owner->log, LOG_GUEST, "bus master started %s",
                  pci_can_master(&channel->owner->pci) ? "in the wrong direction" : "but not enabled");
        return false;
    }
    return true;
}

/* Bytes that the current region takes without wrapping. */
static uint32_t region_part(const struct piix_channel *channel, size_t size)
{
    uint32_t part = REGION_MAX - (channel->address & 0xFFFF);
    if (part > channel->left)
        part = channel->left;
    return size < part ? (uint32_t)size : part;
}

static size_t bus_master_move(void *self, uint8_t *bytes, size_t size, bool to_memory)
{
    struct piix_channel *channel = self;
    struct physmap *map = channel->owner->cfg.physmap;
    size_t done = 0;
    if (!can_move(channel, to_memory))
        return 0;
    while (done < size && (channel->left || !channel->last)) {
        if (!channel->left)
            fetch_prd(channel);
        uint32_t part = region_part(channel, size - done);
        if (to_memory)
            physmap_write_bytes(map, channel->address, bytes + done, part);
        else
            physmap_read_bytes(map, channel->address, bytes + done, part);
        channel->address = wrap_add(channel->address, part);
        channel->left -= part;
        done += part;
    }
    /* Table used up: not active any more, whether the device is content or wants to move more. */
    if (!channel->left && channel->last)
        channel->bmis &= (uint8_t)~BMIS_BMIDEA;
    if (done < size)
        log_write(&channel->owner->log, LOG_GUEST, "descriptor table ends %zu bytes early", size - done);
    return done;
}

static void bus_master_interrupt(void *self, bool level)
{
    struct piix_channel *channel = self;
    if (level)
        channel->bmis |= BMIS_IDEINTS;
}

/* Bus master registers. */

static void write_bmic(struct piix_channel *channel, uint8_t value)
{
    bool was = channel->bmic & BMIC_SSBM, now = value & BMIC_SSBM;
    channel->bmic = value & (BMIC_SSBM | BMIC_RWCON);
    if (was == now)
        return;
    if (!now) {
        channel->bmis &= (uint8_t)~BMIS_BMIDEA;
        return;
    }
    channel->bmis |= BMIS_BMIDEA;
    channel->next_prd = channel->bmidtp;
    channel->left = 0;
    channel->last = false;
    ide_channel_dma_started(&channel->ide);
}

static uint8_t read_bus_master(const struct piix_channel *channel, uint32_t reg)
{
    switch (reg) {
    case BMIC: return channel->bmic;
    case BMIS: return channel->bmis;
    case 1:
    case 3: return 0;
    default: return (uint8_t)(channel->bmidtp >> (8 * (reg - BMIDTP)));
    }
}

static void write_bus_master(struct piix_channel *channel, uint32_t reg, uint8_t value)
{
    unsigned shift = 8 * (reg & 3);
    switch (reg) {
    case BMIC: write_bmic(channel, value); break;
    case BMIS:
        channel->bmis &= (uint8_t) ~(value & (BMIS_ERROR | BMIS_IDEINTS));
        channel->bmis = (uint8_t)((channel->bmis & ~BMIS_DMA_CAPABLE) | (value & BMIS_DMA_CAPABLE));
        break;
    case 1:
    case 3: break;
    default:
        channel->bmidtp = ((channel->bmidtp & ~(0xFFu << shift)) | (uint32_t)value << shift) & ~3u;
        break;
    }
}

static uint32_t bus_master_read(void *self, uint32_t offset, unsigned size)
{
    struct piix_ide *ide = self;
    uint32_t value = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = (offset + i) % BMIBA_SIZE;
        value |= (uint32_t)read_bus_master(&ide->channels[at / BM_CHANNEL], at % BM_CHANNEL) << (8 * i);
    }
    return value;
}

static void bus_master_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix_ide *ide = self;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = (offset + i) % BMIBA_SIZE;
        write_bus_master(&ide->channels[at / BM_CHANNEL], at % BM_CHANNEL, (uint8_t)(value >> (8 * i)));
    }
}

static const struct port_ops bus_master_ports = {bus_master_read, bus_master_write, 1, 4};

/* Legacy ports. */

static bool decodes(const struct piix_channel *channel)
{
    const uint8_t *config = channel->owner->pci.config;
    unsigned number = channel == &channel->owner->channels[1];
    return (load_le16(config + PCI_COMMAND) & PCI_COMMAND_IO) &&
           (load_le16(config + IDETIM_PRIMARY + 2 * number) & IDETIM_DECODE);
}

static uint32_t command_read(void *self, uint32_t offset, unsigned size)
{
    struct piix_channel *channel = self;
    return decodes(channel) ? ide_command_ports.read(&channel->ide, offset, size) : UINT32_MAX;
}

static void command_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix_channel *channel = self;
    if (decodes(channel))
        ide_command_ports.write(&channel->ide, offset, size, value);
}

static uint32_t control_read(void *self, uint32_t offset, unsigned size)
{
    struct piix_channel *channel = self;
    return decodes(channel) ? ide_control_ports.read(&channel->ide, offset, size) : UINT32_MAX;
}

static void control_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix_channel *channel = self;
    if (decodes(channel))
        ide_control_ports.write(&channel->ide, offset, size, value);
}

const struct port_ops piix_ide_command_ports = {command_read, command_write, 1, 4};
const struct port_ops piix_ide_control_ports = {control_read, control_write, 1, 1};

void *piix_ide_port(struct piix_ide *ide, unsigned channel)
{
    return &ide->channels[channel];
}

void piix_ide_reset(struct piix_ide *ide)
{
    for (int i = 0; i < 2; i++) {
        struct piix_channel *channel = &ide->channels[i];
        ide_channel_reset(&channel->ide);
        channel->bmic = channel->bmis = 0;
        channel->bmidtp = channel->next_prd = channel->address = channel->left = 0;
        channel->last = false;
    }
}

/* clang-format off */
static const struct state_field channel_fields[] = {
    STATE_STRUCT(struct piix_channel, ide, ide_channel_fields), STATE_SCALAR(struct piix_channel, bmic),
    STATE_SCALAR(struct piix_channel, bmis), STATE_SCALAR(struct piix_channel, bmidtp),
    STATE_SCALAR(struct piix_channel, next_prd), STATE_SCALAR(struct piix_channel, address),
    STATE_SCALAR(struct piix_channel, left), STATE_SCALAR(struct piix_channel, last), STATE_END,
};

static const struct state_field piix_fields[] = {
    STATE_STRUCT(struct piix_ide, pci, pci_function_fields),
    STATE_STRUCT_ARRAY(struct piix_ide, channels, channel_fields), STATE_END,
};
/* clang-format on */

static bool piix_loaded(void *self, struct error *err)
{
    struct piix_ide *ide = self;
    pci_function_loaded(&ide->pci);
    return ide_channel_state.after_load(&ide->channels[0].ide, err) &&
           ide_channel_state.after_load(&ide->channels[1].ide, err);
}

const struct state_desc piix_ide_state = {"piix_ide", 1, piix_fields, .after_load = piix_loaded};

struct piix_ide *piix_ide_new(const struct piix_ide_config *cfg)
{
    struct piix_ide *ide = alloc_zeroed(sizeof *ide);
    struct pci_function_config pci = {.name = "piix-ide",
                                      .vendor = VENDOR_INTEL,
                                      .device = DEVICE_PIIX3_IDE,
                                      .class_code = CLASS_IDE_BUS_MASTER,
                                      .command_mask = PCI_COMMAND_IO | PCI_COMMAND_MASTER,
                                      .status = STATUS_DEVSEL_MEDIUM_FAST_B2B,
                                      .status_clear = STATUS_ABORTS};
    pci.bars[BMIBA_BAR] = (struct pci_bar){.kind = PCI_BAR_IO,
                                           .size = BMIBA_SIZE,
                                           .name = "ide bus master",
                                           .ports = &bus_master_ports,
                                           .self = ide};
    pci_function_init(&ide->pci, &pci);
    pci_writable8(&ide->pci, PCI_MLT, 0xF0);
    pci_writable16(&ide->pci, IDETIM_PRIMARY, 0xFFFF);
    pci_writable16(&ide->pci, IDETIM_SECONDARY, 0xFFFF);
    pci_writable8(&ide->pci, SIDETIM, 0xFF);
    ide->cfg = *cfg;
    log_attach(cfg->log, &ide->log, "ide");
    for (int i = 0; i < 2; i++) {
        struct piix_channel *channel = &ide->channels[i];
        struct ide_channel_config config = {
            .log = cfg->log, .irq = cfg->irq[i], .master = {bus_master_move, bus_master_interrupt, channel}};
        channel->owner = ide;
        ide_channel_init(&channel->ide, &config);
    }
    return ide;
}

void piix_ide_free(struct piix_ide *ide)
{
    if (!ide)
        return;
    pci_detach(&ide->pci);
    ide_channel_free(&ide->channels[0].ide);
    ide_channel_free(&ide->channels[1].ide);
    log_detach(&ide->log);
    alloc_free(ide);
}

struct pci_function *piix_ide_function(struct piix_ide *ide)
{
    return &ide->pci;
}

void piix_ide_attach(struct piix_ide *ide, unsigned channel, unsigned number, struct ide_device *device)
{
    ide_channel_attach(&ide->channels[channel].ide, number, device);
}
