/* SPDX-License-Identifier: MIT */
/*
 * Finds ATA and ATAPI devices in POST, and decides what geometry INT 13h shows of a disk. Programs see at
 * most 1024 cylinders, 255 heads and 63 sectors; a larger disk is shown with more heads than it has:
 *
 *   none    the drive's own geometry fits
 *   LBA     63 sectors; 16, 32, 64, 128 or 255 heads, the fewest that leave 1024 cylinders; the usual choice
 *   large   heads doubled and cylinders halved until they fit; for drives without LBA, or where CMOS 39h asks
 * for it
 */
#include "system/ata.h"
#include "system/atapi.h"
#include "system/bda.h"
#include "system/boot.h"
#include "system/chipset.h"
#include "system/cmos.h"
#include "system/console.h"
#include "system/cpu.h"
#include "system/int13.h"
#include "system/regs.h"
#include "system/vectors.h"

enum { IDENTIFY_WORDS = 256, IDENTIFY_MS = 5000 };
enum identify_word {
    ID_CYLINDERS = 1,
    ID_HEADS = 3,
    ID_SECTORS = 6,
    ID_MODEL = 27,
    ID_CAPABILITIES = 49,
    ID_LBA_LOW = 60,
    ID_COMMAND_SETS = 83,
    ID_LBA48_LOW = 100,
};
enum { CAPABILITY_LBA = 1 << 9, COMMAND_SET_LBA48 = 1 << 10 };
enum { CMOS_TRANSLATE_LBA = 1, CMOS_TRANSLATE_LARGE = 2 };
enum { EBDA_DISK_TABLE = 0x3d, DISK_TABLE_BYTES = 16 };

static const uint16_t command_ports[2] = {0x1f0, 0x170};
static const uint16_t control_ports[2] = {0x3f6, 0x376};

/* A device answers when its registers hold what is written to them. */
static bool answers(device_t d)
{
    ata_select(d, 0);
    ata_out(d, ATA_COUNT, 0x55);
    ata_out(d, ATA_LBA_LOW, 0xaa);
    return ata_in(d, ATA_COUNT) == 0x55 && ata_in(d, ATA_LBA_LOW) == 0xaa;
}

/* IDENTIFY data in the disk's own words; false when the command fails. */
static bool identify(device_t d, uint8_t command, uint16_t *words)
{
    ata_select(d, 0);
    ata_out(d, ATA_COMMAND, command);
    if (ata_in(d, ATA_STATUS) == 0) /* device 0 answers for a device 1 that is not there (ATA-6, 9.16.1) */
        return false;
    if (ata_wait(d, ATA_DRQ, IDENTIFY_MS))
        return false;
    far_insw(d->command_port, NEAR(words), IDENTIFY_WORDS); /* POST's stack segment is 0 */
    return ata_wait(d, 0, IDENTIFY_MS) == STATUS_OK;
}

/* Characters come in pairs, high byte first; the padding is cut. */
static void copy_model(device_t d, const uint16_t *words)
{
    uint8_t length = 0;
    for (uint8_t i = 0; i < MODEL_BYTES - 1; i++) {
        uint16_t word = words[ID_MODEL + i / 2];
        char c = (char)(i & 1 ? word : word >> 8);
        d->model[i] = c;
        if (c != ' ' && c != 0)
            length = (uint8_t)(i + 1);
    }
    d->model[length] = 0;
}

static void translate_lba(device_t d)
{
    uint32_t tracks = (d->blocks_high ? 0xffffffffu : d->blocks_low) / 63;
    uint16_t heads = 16;
    while (heads < 128 && tracks / heads > 1024)
        heads = (uint16_t)(heads * 2);
    if (tracks / heads > 1024)
        heads = 255;
    uint32_t cylinders = tracks / heads;
    d->translation = TRANSLATE_LBA;
    d->sectors = 63;
    d->heads = heads;
    d->cylinders = (uint16_t)(cylinders > 1024 ? 1024 : cylinders);
}

static void translate_large(device_t d)
{
    uint16_t cylinders = d->physical_cylinders, heads = d->physical_heads;
    if (heads == 16 && cylinders > 8192) { /* 256 heads would not fit in a byte: 15 become 240 */
        heads = 15;
        cylinders = (uint16_t)((uint32_t)cylinders * 16 / 15);
    }
    while (cylinders > 1024 && heads < 128) {
        cylinders /= 2;
        heads = (uint16_t)(heads * 2);
    }
    d->translation = TRANSLATE_LARGE;
    d->cylinders = cylinders > 1024 ? 1024 : cylinders;
    d->heads = heads;
    d->sectors = d->physical_sectors;
}

static void choose_geometry(device_t d, uint8_t index)
{
    uint8_t wanted = cmos_read(CMOS_TRANSLATION) >> 2 * index & 3;
    bool lba = d->flags & DEVICE_LBA;
    bool small = !lba || (d->blocks_high == 0 && d->blocks_low <= 1024 * 16 * 63);
    if (d->physical_cylinders <= 1024 && d->physical_heads <= 16 && small && wanted != CMOS_TRANSLATE_LBA) {
        d->translation = TRANSLATE_NONE;
        d->cylinders = d->physical_cylinders;
        d->heads = d->physical_heads;
        d->sectors = d->physical_sectors;
        return;
    }
    if (lba && wanted != CMOS_TRANSLATE_LARGE)
        translate_lba(d);
    else
        translate_large(d);
}

static void use_disk(device_t d, uint8_t index, const uint16_t *words)
{
    d->kind = DEVICE_ATA;
    d->physical_cylinders = words[ID_CYLINDERS];
    d->physical_heads = words[ID_HEADS] ? words[ID_HEADS] : 16;
    d->physical_sectors = words[ID_SECTORS] ? words[ID_SECTORS] : 63;
    d->blocks_low = (uint32_t)d->physical_cylinders * d->physical_heads * d->physical_sectors;
    if (words[ID_CAPABILITIES] & CAPABILITY_LBA) {
        d->flags |= DEVICE_LBA;
        d->blocks_low = words[ID_LBA_LOW] | (uint32_t)words[ID_LBA_LOW + 1] << 16;
    }
    if ((words[ID_COMMAND_SETS] & (0xc000 | COMMAND_SET_LBA48)) == (0x4000 | COMMAND_SET_LBA48)) {
        d->flags |= DEVICE_LBA48;
        d->blocks_low = words[ID_LBA48_LOW] | (uint32_t)words[ID_LBA48_LOW + 1] << 16;
        d->blocks_high = words[ID_LBA48_LOW + 2] | (uint32_t)words[ID_LBA48_LOW + 3] << 16;
    }
    choose_geometry(d, index);
    if (!(d->flags & DEVICE_LBA))
        ata_set_geometry(d);
    uint8_t n = PRIVATE->disk_count;
    d->drive_number = (uint8_t)(0x80 + n);
    PRIVATE->disk_device[n] = index;
    PRIVATE->disk_count = (uint8_t)(n + 1);
}

static void use_cdrom(device_t d, uint8_t index)
{
    uint8_t n = PRIVATE->cdrom_count;
    d->kind = DEVICE_ATAPI;
    d->flags |= DEVICE_REMOVABLE;
    d->drive_number = (uint8_t)(0xe0 + n);
    PRIVATE->cdrom_device[n] = index;
    PRIVATE->cdrom_count = (uint8_t)(n + 1);
}

/* INITIALIZE DEVICE PARAMETERS: the drive forgets its translation at a reset. */
void ata_set_geometry(device_t d)
{
    ata_select(d, (uint8_t)(d->physical_heads - 1));
    ata_out(d, ATA_COUNT, (uint8_t)d->physical_sectors);
    ata_out(d, ATA_COMMAND, ATA_SET_GEOMETRY);
    ata_wait(d, 0, IDENTIFY_MS);
}

static void print_device(device_t d)
{
    char model[MODEL_BYTES];
    for (unsigned i = 0; i < MODEL_BYTES; i++)
        model[i] = d->model[i];
    print("%s %s: ", d->channel ? "Secondary" : "Primary", d->unit ? "slave" : "master");
    if (d->kind == DEVICE_ATAPI) {
        print("CD-ROM %S\n", model);
        return;
    }
    uint32_t mib = d->blocks_low >> 11 | d->blocks_high << 21;
    print("disk %S, %u MiB (%u/%u/%u)\n", model, mib, d->cylinders, d->heads, d->sectors);
}

static void probe(uint8_t index)
{
    uint16_t words[IDENTIFY_WORDS];
    device_t d = &PRIVATE->device[index];
    if (!answers(d))
        return;
    if (identify(d, ATA_IDENTIFY, words))
        use_disk(d, index, words);
    else if (ata_in(d, ATA_LBA_MID) == 0x14 && ata_in(d, ATA_LBA_HIGH) == 0xeb &&
             identify(d, ATA_IDENTIFY_PACKET, words) && (words[0] >> 8 & 0x1f) == 5)
        use_cdrom(d, index); /* device type 5: CD-ROM */
    else
        return;
    copy_model(d, words);
    print_device(d);
}

static void probe_channel(uint8_t channel)
{
    for (uint8_t unit = 0; unit < 2; unit++) {
        device_t d = &PRIVATE->device[channel * 2 + unit];
        d->command_port = ROM16(command_ports[channel]);
        d->control_port = ROM16(control_ports[channel]);
        d->channel = channel;
        d->unit = unit;
    }
    device_t first = &PRIVATE->device[channel * 2];
    if ((in8(first->control_port) & 0x7f) == 0x7f) /* nothing drives the bus */
        return;
    if (ata_reset_channel(first))
        return;
    probe((uint8_t)(channel * 2));
    probe((uint8_t)(channel * 2 + 1));
    ata_polling(first, false);
}

/* Fixed disk parameter table of drive 80h + n in the EBDA; the A0h form also tells the drive's own geometry.
 */
static void parameter_table(uint8_t n)
{
    device_t d = &PRIVATE->device[PRIVATE->disk_device[n]];
    uint16_t segment = BDA->ebda_segment;
    uint16_t at = (uint16_t)(EBDA_DISK_TABLE + n * DISK_TABLE_BYTES);
    far_write16(segment, at, d->cylinders);
    far_write8(segment, (uint16_t)(at + 2), (uint8_t)d->heads);
    far_write16(segment, (uint16_t)(at + 5), 0xffff); /* no write precompensation */
    far_write8(segment, (uint16_t)(at + 8), (uint8_t)(0xc0 | (d->heads > 8 ? 0x08 : 0)));
    far_write16(segment, (uint16_t)(at + 12), d->cylinders);
    far_write8(segment, (uint16_t)(at + 14), (uint8_t)d->sectors);
    if (d->translation != TRANSLATE_NONE) {
        uint8_t sum = 0;
        far_write8(segment, (uint16_t)(at + 3), 0xa0);
        far_write8(segment, (uint16_t)(at + 4), (uint8_t)d->physical_sectors);
        far_write16(segment, (uint16_t)(at + 9), d->physical_cylinders);
        far_write8(segment, (uint16_t)(at + 11), (uint8_t)d->physical_heads);
        for (uint16_t i = 0; i < 15; i++)
            sum = (uint8_t)(sum + far_read8(segment, (uint16_t)(at + i)));
        far_write8(segment, (uint16_t)(at + 15), (uint8_t)-sum);
    }
    vector_set(n ? 0x46 : 0x41, segment, at);
}

void ata_parameter_tables(void)
{
    for (uint8_t n = 0; n < PRIVATE->disk_count && n < 2; n++)
        parameter_table(n);
}

void ata_init(void)
{
    probe_channel(0);
    probe_channel(1);
    BDA->disk_count = PRIVATE->disk_count;
    ata_parameter_tables();
    if (PRIVATE->disk_count)
        pic_unmask(14);
}
