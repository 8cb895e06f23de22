/* SPDX-License-Identifier: MIT */
/* Commands that address sectors: read, write, verify, seek; by PIO in blocks with an interrupt each, or by
 * DMA in chunks with one at the end. */
#include "devices/media/media.h"
#include "devices/storage/ata_internal.h"

enum transfer_kind { KIND_NONE, KIND_READ, KIND_WRITE, KIND_VERIFY, KIND_SEEK };

struct transfer {
    uint8_t kind;
    bool ext, multiple, dma;
};

/* clang-format off */
static const struct transfer transfers[256] = {
    [ATA_READ_SECTORS] = {KIND_READ, false, false, false},
    [ATA_READ_SECTORS_NO_RETRY] = {KIND_READ, false, false, false},
    [ATA_READ_SECTORS_EXT] = {KIND_READ, true, false, false},
    [ATA_READ_MULTIPLE] = {KIND_READ, false, true, false},
    [ATA_READ_MULTIPLE_EXT] = {KIND_READ, true, true, false},
    [ATA_READ_DMA] = {KIND_READ, false, false, true},
    [ATA_READ_DMA_NO_RETRY] = {KIND_READ, false, false, true},
    [ATA_READ_DMA_EXT] = {KIND_READ, true, false, true},
    [ATA_WRITE_SECTORS] = {KIND_WRITE, false, false, false},
    [ATA_WRITE_SECTORS_NO_RETRY] = {KIND_WRITE, false, false, false},
    [ATA_WRITE_SECTORS_EXT] = {KIND_WRITE, true, false, false},
    [ATA_WRITE_VERIFY] = {KIND_WRITE, false, false, false},
    [ATA_WRITE_MULTIPLE] = {KIND_WRITE, false, true, false},
    [ATA_WRITE_MULTIPLE_EXT] = {KIND_WRITE, true, true, false},
    [ATA_WRITE_DMA] = {KIND_WRITE, false, false, true},
    [ATA_WRITE_DMA_NO_RETRY] = {KIND_WRITE, false, false, true},
    [ATA_WRITE_DMA_EXT] = {KIND_WRITE, true, false, true},
    [ATA_READ_VERIFY] = {KIND_VERIFY, false, false, false},
    [ATA_READ_VERIFY_NO_RETRY] = {KIND_VERIFY, false, false, false},
    [ATA_READ_VERIFY_EXT] = {KIND_VERIFY, true, false, false},
};
/* clang-format on */

bool ata_is_transfer(uint8_t command)
{
    return transfers[command].kind != KIND_NONE || (command & 0xF0) == ATA_SEEK;
}

bool ata_get_address(const struct ata_disk *disk, bool ext, uint64_t *lba)
{
    const struct ide_registers *now = &disk->ide.now, *previous = &disk->ide.previous;
    uint32_t low = now->lba_low | (uint32_t)now->lba_mid << 8 | (uint32_t)now->lba_high << 16;
    uint32_t head = disk->ide.device & 0x0F;
    if (ext) {
        uint32_t high =
            previous->lba_low | (uint32_t)previous->lba_mid << 8 | (uint32_t)previous->lba_high << 16;
        *lba = low | (uint64_t)high << 24;
        return true;
    }
    if (disk->ide.device & DEVICE_LBA) {
        *lba = low | (uint64_t)head << 24;
        return true;
    }
    uint32_t sector = now->lba_low, cylinder = low >> 8;
    *lba = ((uint64_t)cylinder * disk->heads + head) * disk->sectors_per_track + sector - 1;
    return sector && sector <= disk->sectors_per_track && head < disk->heads && cylinder < disk->cylinders;
}

static void set_low(struct ide_registers *regs, uint32_t value)
{
    regs->lba_low = (uint8_t)value;
    regs->lba_mid = (uint8_t)(value >> 8);
    regs->lba_high = (uint8_t)(value >> 16);
}

void ata_set_address(struct ata_disk *disk, bool ext, uint64_t lba)
{
    struct ide_device *ide = &disk->ide;
    uint32_t head = ide->device & 0x0F;
    if (ext) {
        set_low(&ide->now, (uint32_t)lba & 0xFFFFFF);
        set_low(&ide->previous, (uint32_t)(lba >> 24) & 0xFFFFFF);
        return;
    }
    if (ide->device & DEVICE_LBA) {
        set_low(&ide->now, (uint32_t)lba & 0xFFFFFF);
        head = (uint32_t)(lba >> 24) & 0x0F;
    } else {
        uint64_t track = lba / disk->sectors_per_track;
        uint32_t sector = (uint32_t)(lba % disk->sectors_per_track) + 1;
        set_low(&ide->now, sector | (uint32_t)(track / disk->heads) << 8);
        head = (uint32_t)(track % disk->heads);
    }
    ide->device = (uint8_t)((ide->device & 0xF0) | head);
}

static void set_count(struct ata_disk *disk, uint32_t count)
{
    disk->ide.now.count = (uint8_t)count;
    if (disk->ext)
        disk->ide.previous.count = (uint8_t)(count >> 8);
}

static uint32_t get_count(const struct ata_disk *disk)
{
    uint32_t count = disk->ide.now.count;
    if (!disk->ext)
        return count ? count : 256;
    count |= (uint32_t)disk->ide.previous.count << 8;
    return count ? count : 65536;
}

/* Access time for `count` sectors where the heads now have to go. */
static uint64_t access_ns(struct ata_disk *disk, uint32_t count)
{
    uint64_t ns = disk->lba == disk->next_lba ? ATA_NEXT_NS : ATA_SEEK_NS;
    disk->next_lba = disk->lba + count;
    return ns + (uint64_t)count * ATA_SECTOR_NS;
}

/* Ends with the registers at the sector that failed. */
static void fail_at(struct ata_disk *disk, uint64_t lba, uint8_t status, uint8_t error)
{
    set_count(disk, disk->left);
    ata_set_address(disk, disk->ext, lba);
    ata_finish(disk, (uint8_t)(ATA_READY | status | STATUS_ERR), error, true);
}

/* Sets the next block's size; false (command ended) where it runs off the disk. */
static bool next_block(struct ata_disk *disk)
{
    disk->count = disk->left < disk->block ? disk->left : disk->block;
    if (disk->lba < disk->sectors && disk->count <= disk->sectors - disk->lba)
        return true;
    log_write(&disk->ide.log, LOG_GUEST, "%s: sector %llu of %llu addressed", disk->ide.name,
              (unsigned long long)disk->lba + disk->count - 1, (unsigned long long)disk->sectors);
    uint64_t bad = disk->lba < disk->sectors ? disk->sectors : disk->lba;
    disk->left -= (uint32_t)(bad - disk->lba);
    fail_at(disk, bad, 0, ERROR_IDNF);
    return false;
}

/* The block is through: registers name its last sector, as the first disks did it. */
static void advance(struct ata_disk *disk)
{
    disk->lba += disk->count;
    disk->left -= disk->count;
    ata_set_address(disk, disk->ext, disk->lba - 1);
    set_count(disk, disk->left);
}

static void wait_next(struct ata_disk *disk, enum ata_phase phase, uint64_t ns)
{
    disk->phase = (uint8_t)phase;
    ide_device_wait(&disk->ide, ns);
}

static uint32_t upcoming(const struct ata_disk *disk)
{
    return disk->left < disk->block ? disk->left : disk->block;
}

static void start_verify(struct ata_disk *disk, const struct transfer *transfer)
{
    bool seek = transfer->kind == KIND_SEEK;
    uint32_t count = seek ? 1 : disk->left;
    if (disk->lba >= disk->sectors || count > disk->sectors - disk->lba) {
        uint64_t bad = disk->lba < disk->sectors ? disk->sectors : disk->lba;
        if (!seek) {
            set_count(disk, count - (uint32_t)(bad - disk->lba));
            ata_set_address(disk, disk->ext, bad);
        }
        ata_finish_after(disk, ATA_COMMAND_NS, ERROR_IDNF);
        return;
    }
    if (!seek) {
        ata_set_address(disk, disk->ext, disk->lba + count - 1);
        set_count(disk, 0);
    }
    ata_finish_after(disk, access_ns(disk, seek ? 0 : count), 0);
}

void ata_transfer_command(struct ata_disk *disk, uint8_t command)
{
    struct transfer transfer = transfers[command];
    if ((command & 0xF0) == ATA_SEEK)
        transfer.kind = KIND_SEEK;
    disk->power = ATA_POWER_ACTIVE;
    disk->ext = transfer.ext;
    disk->by_dma = transfer.dma;
    disk->left = get_count(disk);
    disk->block = transfer.dma ? ATA_DMA_CHUNK : transfer.multiple ? disk->multiple : 1;
    bool forbidden = transfer.kind == KIND_WRITE && disk->cfg.media->read_only;
    if (!disk->block || forbidden) {
        if (forbidden)
            log_write(&disk->ide.log, LOG_GUEST, "%s: write to a read-only image", disk->ide.name);
        ata_finish_after(disk, ATA_COMMAND_NS, ERROR_ABRT);
        return;
    }
    if (!ata_get_address(disk, disk->ext, &disk->lba)) {
        log_write(&disk->ide.log, LOG_GUEST, "%s: no such cylinder, head or sector", disk->ide.name);
        ata_finish_after(disk, ATA_COMMAND_NS, ERROR_IDNF);
        return;
    }
    if (transfer.kind == KIND_READ)
        wait_next(disk, ATA_PHASE_READ, access_ns(disk, upcoming(disk)));
    else if (transfer.kind == KIND_WRITE)
        wait_next(disk, ATA_PHASE_ASK, disk->by_dma ? access_ns(disk, upcoming(disk)) : ATA_COMMAND_NS);
    else
        start_verify(disk, &transfer);
}

/* Sectors of the block before the one that the host cannot read. */
static uint32_t readable_sectors(struct ata_disk *disk)
{
    uint32_t good = 0;
    while (good + 1 < disk->count &&
           media_read(disk->cfg.media, (disk->lba + good) * ATA_SECTOR, disk->ide.buffer, ATA_SECTOR))
        good++;
    return good;
}

static void read_block(struct ata_disk *disk)
{
    if (!next_block(disk))
        return;
    if (!media_read(disk->cfg.media, disk->lba * ATA_SECTOR, disk->ide.buffer, disk->count * ATA_SECTOR)) {
        uint32_t good = readable_sectors(disk);
        disk->left -= good;
        fail_at(disk, disk->lba + good, 0, ERROR_UNC);
        return;
    }
    disk->ide.status = ATA_READY;
    if (disk->by_dma)
        ide_device_dma(&disk->ide, IDE_DMA_IN, disk->count * ATA_SECTOR);
    else
        ide_device_pio(&disk->ide, IDE_PIO_IN, disk->count * ATA_SECTOR, true);
}

static void ask_block(struct ata_disk *disk, bool interrupt)
{
    if (!next_block(disk))
        return;
    disk->phase = ATA_PHASE_ASK;
    disk->ide.status = ATA_READY;
    if (disk->by_dma)
        ide_device_dma(&disk->ide, IDE_DMA_OUT, disk->count * ATA_SECTOR);
    else
        ide_device_pio(&disk->ide, IDE_PIO_OUT, disk->count * ATA_SECTOR, interrupt);
}

/* Writes what came. With the write cache off, the end of the command means that it is on the disk. */
static void write_block(struct ata_disk *disk)
{
    struct media *media = disk->cfg.media;
    bool last = disk->left == disk->count;
    if (!media_write(media, disk->lba * ATA_SECTOR, disk->ide.buffer, (size_t)disk->count * ATA_SECTOR) ||
        (last && !disk->write_cache && !media_flush(media))) {
        fail_at(disk, disk->lba, STATUS_DF, ERROR_ABRT);
        return;
    }
    advance(disk);
    if (last)
        ata_finish(disk, ATA_READY, 0, true);
    else if (disk->by_dma)
        wait_next(disk, ATA_PHASE_ASK, access_ns(disk, upcoming(disk)));
    else
        ask_block(disk, true);
}

void ata_transfer_due(struct ata_disk *disk)
{
    switch (disk->phase) {
    case ATA_PHASE_READ: read_block(disk); break;
    case ATA_PHASE_ASK: ask_block(disk, false); break;
    case ATA_PHASE_WRITE: write_block(disk); break;
    default: break;
    }
}

void ata_transfer_moved(struct ata_disk *disk)
{
    if (disk->phase == ATA_PHASE_ASK) {
        if (disk->by_dma)
            write_block(disk);
        else
            wait_next(disk, ATA_PHASE_WRITE, access_ns(disk, disk->count));
        return;
    }
    advance(disk);
    if (disk->left)
        wait_next(disk, ATA_PHASE_READ, access_ns(disk, upcoming(disk)));
    else
        ata_finish(disk, ATA_READY, 0, disk->by_dma);
}
