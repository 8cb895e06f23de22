/* SPDX-License-Identifier: MIT */
/*
 * Bootable CD-ROMs (El Torito Bootable CD-ROM Format Specification 1.0): without emulation, as a floppy, or
 * as a hard disk. The default entry of the boot catalogue is taken, and it must be for x86.
 */
#include "system/eltorito.h"

#include "system/atapi.h"
#include "system/bda.h"
#include "system/boot.h"
#include "system/console.h"
#include "system/cpu.h"
#include "system/disk.h"
#include "system/int13.h"
#include "system/private.h"
#include "system/regs.h"

enum {
    VOLUME_LBA = 17,
    CATALOG_POINTER = 0x47,
    BUFFER = 0x7c00,
    ENTRY = BUFFER + 0x20,
    DEFAULT_SEGMENT = 0x7c0
};
enum { BOOTABLE = 0x88, HEADER_ID = 1, PLATFORM_X86 = 0, MEDIA_DISK = 4 };
enum { EQUIPMENT_FLOPPY = 0x0001, EQUIPMENT_FLOPPY_COUNT_SHIFT = 6 };

typedef volatile struct emulation __seg_gs *emulation_t;

static uint8_t read_to(device_t d, uint32_t lba, uint32_t sectors512, uint16_t segment)
{
    struct block_request q = {lba * 4, 0, sectors512, segment, 0};
    return atapi_read_512(d, &q);
}

static bool has_boot_record(void)
{
    static const char id[] = "\0CD001\1EL TORITO SPECIFICATION";
    for (uint16_t i = 0; i < sizeof id - 1; i++)
        if (far_read8(0, (uint16_t)(BUFFER + i)) != (uint8_t)ROM8(id[i]))
            return false;
    return true;
}

static bool catalog_valid(void)
{
    uint16_t sum = 0;
    for (uint16_t i = 0; i < 32; i += 2)
        sum = (uint16_t)(sum + far_read16(0, (uint16_t)(BUFFER + i)));
    return sum == 0 && far_read8(0, BUFFER) == HEADER_ID && far_read8(0, BUFFER + 1) == PLATFORM_X86 &&
           far_read8(0, ENTRY) == BOOTABLE;
}

/* Reads the catalogue's default entry; a message, or 0. */
static const char *read_entry(device_t d, emulation_t e)
{
    uint8_t status = atapi_ready(d);
    if (status)
        return status == STATUS_NO_MEDIA ? "no disc" : "not ready";
    if (read_to(d, VOLUME_LBA, 4, BUFFER >> 4))
        return "cannot be read";
    if (!has_boot_record())
        return "disc is not bootable";
    e->catalog_lba = far_read32(0, BUFFER + CATALOG_POINTER);
    if (read_to(d, e->catalog_lba, 4, BUFFER >> 4))
        return "boot catalogue cannot be read";
    if (!catalog_valid())
        return "boot catalogue has no x86 entry";
    e->media = far_read8(0, ENTRY + 1) & 0x0f;
    e->load_segment = far_read16(0, ENTRY + 2);
    e->load_sectors = far_read16(0, ENTRY + 6);
    e->image_lba = far_read32(0, ENTRY + 8);
    return e->media > MEDIA_DISK ? "unknown emulation" : 0;
}

/* A hard disk's geometry is where its first partition ends. */
static void disk_geometry(emulation_t e)
{
    uint16_t partition = BUFFER + 0x1be;
    e->heads = (uint16_t)(far_read8(0, partition + 5) + 1);
    e->sectors = far_read8(0, partition + 6) & 0x3f;
    if (e->sectors == 0)
        e->sectors = 63;
    e->image_sectors = far_read32(0, partition + 8) + far_read32(0, partition + 12);
    uint32_t cylinders = e->image_sectors / ((uint32_t)e->heads * e->sectors);
    e->cylinders = (uint16_t)(cylinders == 0 ? 1 : cylinders > 1024 ? 1024 : cylinders);
}

static void floppy_geometry(emulation_t e)
{
    static const uint8_t sectors[4] = {0, 15, 18, 36};
    e->cylinders = 80;
    e->heads = 2;
    e->sectors = ROM8(sectors[e->media]);
    e->image_sectors = 160u * e->sectors;
}

/* The emulated drive is there in addition to the real ones. */
static void count_drive(emulation_t e, bool there)
{
    if (e->media == MEDIA_DISK) {
        BDA->disk_count = (uint8_t)(BDA->disk_count + (there ? 1 : -1));
        return;
    }
    uint8_t floppies = (uint8_t)(PRIVATE->floppy_count + there);
    uint16_t equipment = BDA->equipment & (uint16_t) ~(EQUIPMENT_FLOPPY | 3u << EQUIPMENT_FLOPPY_COUNT_SHIFT);
    if (floppies)
        equipment |= (uint16_t)(EQUIPMENT_FLOPPY | (floppies - 1u) << EQUIPMENT_FLOPPY_COUNT_SHIFT);
    BDA->equipment = equipment;
}

static uint8_t start_emulation(device_t d, emulation_t e)
{
    e->drive = d->drive_number;
    if (e->media == MEDIA_DISK) {
        uint8_t status = read_to(d, e->image_lba, 1, BUFFER >> 4);
        if (status)
            return status;
        disk_geometry(e);
        e->drive = 0x80;
    } else if (e->media) {
        floppy_geometry(e);
        e->drive = 0x00;
    }
    e->active = 1;
    if (e->media)
        count_drive(e, true);
    return STATUS_OK;
}

static void end_emulation(emulation_t e)
{
    if (e->active && e->media)
        count_drive(e, false);
    e->active = 0;
}

void eltorito_boot(uint8_t device)
{
    device_t d = &PRIVATE->device[device];
    emulation_t e = &PRIVATE->emulation;
    end_emulation(e);
    e->device = device;
    const char *problem = read_entry(d, e);
    uint16_t segment = e->load_segment ? e->load_segment : DEFAULT_SEGMENT;
    uint32_t sectors = e->load_sectors ? e->load_sectors : 1;
    if (!problem && start_emulation(d, e))
        problem = "image cannot be read";
    if (!problem && read_to(d, e->image_lba, sectors, segment)) {
        end_emulation(e);
        problem = "image cannot be read";
    }
    if (problem) {
        print(": %s\n", problem);
        return;
    }
    print("\n");
    if (segment < 0x1000) /* loaders expect segment 0 */
        boot_jump((uint32_t)segment << 4, e->drive);
    boot_jump((uint32_t)segment << 16, e->drive);
}

/* The specification packet of AH=4Bh; AH=4Ah and 4Ch hand one in. */
enum spec_packet {
    SPEC_SIZE = 0x13,
    SPEC_MEDIA = 1,
    SPEC_DRIVE = 2,
    SPEC_CONTROLLER = 3,
    SPEC_LBA = 4,
    SPEC_DEVICE = 8
};
enum {
    SPEC_BUFFER = 0x0a,
    SPEC_SEGMENT = 0x0c,
    SPEC_COUNT = 0x0e,
    SPEC_CYLINDER = 0x10,
    SPEC_SECTOR = 0x11,
    SPEC_HEADS = 0x12
};

static void store_spec(struct regs *r, emulation_t e)
{
    device_t d = &PRIVATE->device[e->device];
    uint16_t s = r->ds, at = r->si;
    far_write8(s, at, SPEC_SIZE);
    far_write8(s, (uint16_t)(at + SPEC_MEDIA), e->media);
    far_write8(s, (uint16_t)(at + SPEC_DRIVE), e->drive);
    far_write8(s, (uint16_t)(at + SPEC_CONTROLLER), d->channel);
    far_write32(s, (uint16_t)(at + SPEC_LBA), e->image_lba);
    far_write16(s, (uint16_t)(at + SPEC_DEVICE), d->unit);
    far_write16(s, (uint16_t)(at + SPEC_BUFFER), 0);
    far_write16(s, (uint16_t)(at + SPEC_SEGMENT), e->load_segment);
    far_write16(s, (uint16_t)(at + SPEC_COUNT), e->load_sectors);
    far_write8(s, (uint16_t)(at + SPEC_CYLINDER), (uint8_t)e->cylinders);
    far_write8(s, (uint16_t)(at + SPEC_SECTOR), (uint8_t)((e->cylinders >> 2 & 0xc0) | e->sectors));
    far_write8(s, (uint16_t)(at + SPEC_HEADS), (uint8_t)e->heads);
}

/* AH=4Ah: emulate what the packet describes. */
static uint8_t begin(struct regs *r, emulation_t e)
{
    uint16_t s = r->ds, at = r->si;
    uint8_t media = far_read8(s, (uint16_t)(at + SPEC_MEDIA)) & 0x0f;
    if (media > MEDIA_DISK)
        return STATUS_BAD_COMMAND;
    end_emulation(e);
    e->media = media;
    e->image_lba = far_read32(s, (uint16_t)(at + SPEC_LBA));
    e->load_segment = far_read16(s, (uint16_t)(at + SPEC_SEGMENT));
    e->load_sectors = far_read16(s, (uint16_t)(at + SPEC_COUNT));
    return start_emulation(&PRIVATE->device[e->device], e);
}

/* AH=4Ch: the same, and boot from it; returns only when that fails. */
static uint8_t begin_and_boot(struct regs *r, emulation_t e)
{
    uint8_t status = begin(r, e);
    uint16_t segment = e->load_segment ? e->load_segment : DEFAULT_SEGMENT;
    if (!status)
        status = read_to(&PRIVATE->device[e->device], e->image_lba, e->load_sectors ? e->load_sectors : 1,
                         segment);
    if (!status) {
        PRIVATE->free_stacks = (1u << STACK_COUNT) - 1;
        boot_jump((uint32_t)segment << 16, e->drive);
    }
    end_emulation(e);
    return status;
}

/* AH=4Dh: blocks of the boot catalogue to memory. */
static uint8_t copy_catalog(struct regs *r, emulation_t e)
{
    uint16_t s = r->ds, at = r->si;
    struct block_request q;
    q.count = far_read8(s, (uint16_t)(at + 1));
    q.offset = far_read16(s, (uint16_t)(at + 2));
    q.segment = far_read16(s, (uint16_t)(at + 4));
    q.lba = e->catalog_lba + far_read16(s, (uint16_t)(at + 6));
    q.lba_high = 0;
    return atapi_read(&PRIVATE->device[e->device], &q);
}

void eltorito_status(struct regs *r)
{
    emulation_t e = &PRIVATE->emulation;
    uint8_t status = STATUS_OK;
    switch (r->ah) {
    case 0x4a: status = begin(r, e); break;
    case 0x4b:
        store_spec(r, e);
        if (r->al == 0)
            end_emulation(e);
        break;
    case 0x4c: status = begin_and_boot(r, e); break;
    default: status = copy_catalog(r, e); break;
    }
    int13_finish_disk(r, status);
}

static uint8_t emulated_read(struct regs *r, emulation_t e, bool verify)
{
    uint32_t cylinder = (uint32_t)(r->cl & 0xc0) << 2 | r->ch;
    uint32_t sector = r->cl & 0x3f;
    if (r->al == 0 || sector == 0 || sector > e->sectors || r->dh >= e->heads || cylinder >= e->cylinders)
        return STATUS_BAD_COMMAND;
    uint32_t first = (cylinder * e->heads + r->dh) * e->sectors + sector - 1;
    if (first + r->al > e->image_sectors)
        return STATUS_NOT_FOUND;
    if (verify)
        return STATUS_OK;
    struct block_request q = {e->image_lba * 4 + first, 0, r->al, r->es, r->bx};
    return atapi_read_512(&PRIVATE->device[e->device], &q);
}

static void emulated_parameters(struct regs *r, emulation_t e)
{
    static const uint8_t types[4] = {0, 2, 4, 6}; /* CMOS codes of 1.2, 1.44 and 2.88 MB drives */
    uint16_t last = (uint16_t)(e->cylinders - 1);
    r->ax = 0;
    r->ch = (uint8_t)last;
    r->cl = (uint8_t)((last >> 2 & 0xc0) | e->sectors);
    r->dh = (uint8_t)(e->heads - 1);
    if (e->media == MEDIA_DISK) {
        r->dl = BDA->disk_count;
        return;
    }
    r->dl = (uint8_t)(PRIVATE->floppy_count + 1);
    r->bx = ROM8(types[e->media]);
    r->es = IVT[0x1e].segment;
    r->di = IVT[0x1e].offset;
}

void int13_emulated(struct regs *r)
{
    emulation_t e = &PRIVATE->emulation;
    uint8_t status = STATUS_OK;
    switch (r->ah) {
    case 0x00:
    case 0x09:
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x11:
    case 0x14:
    case 0x16: break;
    case 0x01: status = BDA->disk_status; break;
    case 0x02: status = emulated_read(r, e, false); break;
    case 0x04: status = emulated_read(r, e, true); break;
    case 0x03:
    case 0x05: status = STATUS_WRITE_PROTECTED; break;
    case 0x08: emulated_parameters(r, e); break;
    case 0x15:
        int13_finish_disk(r, STATUS_OK);
        r->ah = e->media == MEDIA_DISK ? 3 : 1;
        if (e->media == MEDIA_DISK) {
            r->cx = (uint16_t)(e->image_sectors >> 16);
            r->dx = (uint16_t)e->image_sectors;
        }
        return;
    default: status = STATUS_BAD_COMMAND; break;
    }
    if (status && r->ah == 0x02)
        r->al = 0;
    int13_finish_disk(r, status);
}
