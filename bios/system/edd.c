/* SPDX-License-Identifier: MIT */
/* Enhanced disk drive services, INT 13h AH=41h-4Eh (T13 1572D, EDD-3; Phoenix EDD 1.1). */
#include "system/ata.h"
#include "system/atapi.h"
#include "system/cpu.h"
#include "system/disk.h"
#include "system/int13.h"
#include "system/memory_map.h"
#include "system/regs.h"

enum { EDD_VERSION = 0x30, EDD_ACCESS = 1, EDD_REMOVABLE = 2, EDD_DPTE = 4 };
enum packet_field {
    DAP_SIZE = 0,
    DAP_COUNT = 2,
    DAP_OFFSET = 4,
    DAP_SEGMENT = 6,
    DAP_LBA = 8,
    DAP_BYTES = 16
};
enum { RESULT_V1 = 26, RESULT_V2 = 30, RESULT_V3 = 74 };
enum result_flags {
    RESULT_CHS_VALID = 0x02,
    RESULT_REMOVABLE = 0x04,
    RESULT_LOCKABLE = 0x20,
    RESULT_NO_MEDIA = 0x40
};

static void check(struct regs *r, device_t d)
{
    if (r->bx != 0x55aa) {
        int13_finish_disk(r, STATUS_BAD_COMMAND);
        return;
    }
    r->bx = 0xaa55;
    r->cx = EDD_ACCESS | EDD_DPTE;
    if (d->kind == DEVICE_ATAPI)
        r->cx = EDD_ACCESS | EDD_REMOVABLE;
    int13_finish_disk(r, STATUS_OK);
    r->ah = EDD_VERSION;
}

/* True when [q, q + count) lies on the disk. */
static bool in_range(device_t d, const struct block_request *q)
{
    uint32_t end = q->lba + q->count;
    uint32_t end_high = q->lba_high + (end < q->lba);
    return end_high < d->blocks_high || (end_high == d->blocks_high && end <= d->blocks_low);
}

static bool read_packet(struct regs *r, struct block_request *q)
{
    if (far_read8(r->ds, r->si) < DAP_BYTES)
        return false;
    q->count = far_read16(r->ds, (uint16_t)(r->si + DAP_COUNT));
    q->offset = far_read16(r->ds, (uint16_t)(r->si + DAP_OFFSET));
    q->segment = far_read16(r->ds, (uint16_t)(r->si + DAP_SEGMENT));
    q->lba = far_read32(r->ds, (uint16_t)(r->si + DAP_LBA));
    q->lba_high = far_read32(r->ds, (uint16_t)(r->si + DAP_LBA + 4));
    /* FFFF:FFFF announces a 64-bit address, which real mode cannot reach. */
    return q->offset != 0xffff || q->segment != 0xffff;
}

static void transfer(struct regs *r, device_t d, enum ata_operation operation)
{
    struct block_request q;
    uint8_t status = STATUS_BAD_COMMAND;
    if (!read_packet(r, &q)) {
        int13_finish_disk(r, status);
        return;
    }
    uint32_t wanted = q.count;
    if (d->kind == DEVICE_ATA) {
        if (in_range(d, &q))
            status = ata_transfer(d, &q, operation);
    } else if (operation == DISK_READ && q.lba_high == 0) {
        status = atapi_ready(d);
        if (!status)
            status = atapi_read(d, &q);
    } else if (operation == DISK_WRITE) {
        status = STATUS_WRITE_PROTECTED;
    }
    if (operation != DISK_VERIFY)
        far_write16(r->ds, (uint16_t)(r->si + DAP_COUNT), (uint16_t)(wanted - q.count));
    int13_finish_disk(r, status);
}

static void seek(struct regs *r, device_t d)
{
    struct block_request q;
    bool fine = read_packet(r, &q);
    q.count = 1;
    fine = fine && (d->kind != DEVICE_ATA || in_range(d, &q));
    int13_finish_disk(r, fine ? STATUS_OK : STATUS_BAD_COMMAND);
}

/* Device parameter table extension, for drivers that talk to the registers (EDD-3, 8.22.3). */
static void path_table(device_t d)
{
    volatile uint8_t __seg_gs *t = PRIVATE->path_table;
    uint8_t sum = 0;
    for (unsigned i = 0; i < 16; i++)
        t[i] = 0;
    t[0] = (uint8_t)d->command_port;
    t[1] = (uint8_t)(d->command_port >> 8);
    t[2] = (uint8_t)d->control_port;
    t[3] = (uint8_t)(d->control_port >> 8);
    t[4] = (uint8_t)(0xa0 | (d->unit ? 0x10 : 0) | (d->flags & DEVICE_LBA ? 0x40 : 0));
    t[6] = (uint8_t)(14 + d->channel);
    t[7] = 1; /* sectors a block */
    t[10] = (uint8_t)((d->translation != TRANSLATE_NONE ? 0x08 : 0) | (d->flags & DEVICE_LBA ? 0x10 : 0) |
                      (d->kind == DEVICE_ATAPI ? 0x60 : 0));
    t[11] = d->translation == TRANSLATE_LBA ? 0x02 : 0; /* bits 10-9: kind of translation */
    t[14] = 0x11;
    for (unsigned i = 0; i < 15; i++)
        sum = (uint8_t)(sum + t[i]);
    t[15] = (uint8_t)-sum;
}

static void put_text(uint16_t segment, uint16_t at, const char *text, unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        far_write8(segment, (uint16_t)(at + i), ROM8(text[i]));
}

/* The path from the host bus to the device (EDD-3, 8.22.4). */
static void device_path(struct regs *r, device_t d)
{
    uint16_t at = (uint16_t)(r->si + RESULT_V2);
    uint8_t sum = 0;
    for (uint16_t i = 0; i < RESULT_V3 - RESULT_V2; i++)
        far_write8(r->ds, (uint16_t)(at + i), 0);
    far_write16(r->ds, at, 0xbedd);
    far_write8(r->ds, (uint16_t)(at + 2), RESULT_V3 - RESULT_V2);
    put_text(r->ds, (uint16_t)(at + 6), PRIVATE->has_pci ? "PCI " : "ISA ", 4);
    put_text(r->ds, (uint16_t)(at + 10), d->kind == DEVICE_ATAPI ? "ATAPI   " : "ATA     ", 8);
    if (PRIVATE->has_pci) { /* bus, device, function, channel */
        far_write8(r->ds, (uint16_t)(at + 19), 1);
        far_write8(r->ds, (uint16_t)(at + 20), 1);
        far_write8(r->ds, (uint16_t)(at + 21), d->channel);
    } else {
        far_write16(r->ds, (uint16_t)(at + 18), d->command_port);
    }
    far_write8(r->ds, (uint16_t)(at + 26), d->unit);
    for (uint16_t i = 0; i < RESULT_V3 - RESULT_V2 - 1; i++)
        sum = (uint8_t)(sum + far_read8(r->ds, (uint16_t)(at + i)));
    far_write8(r->ds, (uint16_t)(at + RESULT_V3 - RESULT_V2 - 1), (uint8_t)-sum);
}

static void put32(struct regs *r, uint16_t at, uint32_t value)
{
    far_write32(r->ds, (uint16_t)(r->si + at), value);
}

/* Fields common to all versions; false when the medium's size cannot be told. */
static void basic_result(struct regs *r, device_t d)
{
    uint16_t flags = RESULT_CHS_VALID;
    uint32_t low = d->blocks_low, high = d->blocks_high;
    uint16_t bytes = 512;
    uint32_t cylinders = d->physical_cylinders, heads = d->physical_heads, sectors = d->physical_sectors;
    if (d->kind == DEVICE_ATAPI) {
        flags = RESULT_REMOVABLE | RESULT_LOCKABLE;
        bytes = CD_BLOCK;
        cylinders = heads = sectors = 0xffffffff;
        high = 0;
        if (atapi_ready(d) || atapi_capacity(d, &low)) {
            flags |= RESULT_NO_MEDIA;
            low = high = 0xffffffff;
        }
    } else if (high || low > 16383 * 16 * 63) {
        flags = 0; /* too large for a physical geometry to mean anything */
        cylinders = 16383, heads = 16, sectors = 63;
    }
    far_write16(r->ds, (uint16_t)(r->si + 2), flags);
    put32(r, 4, cylinders);
    put32(r, 8, heads);
    put32(r, 12, sectors);
    put32(r, 16, low);
    put32(r, 20, high);
    far_write16(r->ds, (uint16_t)(r->si + 24), bytes);
}

static void parameters(struct regs *r, device_t d)
{
    uint16_t size = far_read16(r->ds, r->si);
    if (size < RESULT_V1) {
        int13_finish_disk(r, STATUS_BAD_COMMAND);
        return;
    }
    size = size >= RESULT_V3 ? RESULT_V3 : size >= RESULT_V2 ? RESULT_V2 : RESULT_V1;
    far_write16(r->ds, r->si, size);
    basic_result(r, d);
    if (size >= RESULT_V2) {
        uint16_t segment;
        __asm__("movw %%gs, %0" : "=r"(segment));
        path_table(d);
        far_write16(r->ds, (uint16_t)(r->si + 26), offsetof(struct private_data, path_table));
        far_write16(r->ds, (uint16_t)(r->si + 28), segment);
    }
    if (size >= RESULT_V3)
        device_path(r, d);
    int13_finish_disk(r, STATUS_OK);
}

/* AH=45h: AL = 0 lock, 1 unlock, 2 is it locked. */
static void lock(struct regs *r, device_t d)
{
    uint8_t status = STATUS_OK;
    if (r->al > 2) {
        status = STATUS_BAD_COMMAND;
    } else if (r->al < 2) {
        if (r->al == 1 && !(d->flags & DEVICE_LOCKED))
            status = STATUS_NOT_LOCKED;
        else
            status = atapi_lock(d, r->al == 0);
        if (!status)
            d->flags = (uint8_t)(r->al == 0 ? d->flags | DEVICE_LOCKED : d->flags & ~DEVICE_LOCKED);
    }
    r->al = d->flags & DEVICE_LOCKED ? 1 : 0;
    int13_finish_disk(r, status);
}

static void removable(struct regs *r, device_t d)
{
    if (d->kind != DEVICE_ATAPI) {
        int13_finish_disk(r, STATUS_NOT_REMOVABLE);
    } else if (r->ah == 0x45) {
        lock(r, d);
    } else if (r->ah == 0x46) {
        int13_finish_disk(r, d->flags & DEVICE_LOCKED ? STATUS_LOCKED : atapi_eject(d));
    } else {
        uint8_t status = atapi_ready(d);
        bool changed = d->sense[0] == 6;
        int13_finish_disk(r, status ? status : changed ? STATUS_CHANGED : STATUS_OK);
    }
}

/* AH=4Eh: DMA and PIO modes are not ours to change; asking for what is in force is fine. */
static void hardware(struct regs *r)
{
    bool fine = r->al == 0x01 || r->al == 0x03 || r->al == 0x04 || r->al == 0x06;
    r->al = 0;
    int13_finish_disk(r, fine ? STATUS_OK : STATUS_BAD_COMMAND);
}

void int13_extended(struct regs *r, device_t d)
{
    switch (r->ah) {
    case 0x41: check(r, d); break;
    case 0x42: transfer(r, d, DISK_READ); break;
    case 0x43: transfer(r, d, DISK_WRITE); break;
    case 0x44: transfer(r, d, DISK_VERIFY); break;
    case 0x45:
    case 0x46:
    case 0x49: removable(r, d); break;
    case 0x47: seek(r, d); break;
    case 0x48: parameters(r, d); break;
    case 0x4e: hardware(r); break;
    default: int13_finish_disk(r, STATUS_BAD_COMMAND); break;
    }
}
