/* SPDX-License-Identifier: MIT */
/* Disk commands that move no sectors: settings, power, identification, SMART, cache. */
#include <string.h>

#include "devices/media/media.h"
#include "devices/storage/ata_internal.h"

enum { NS_PER_S = 1000000000, SPIN_UP_NS = 50000000, FLUSH_NS = 300000 };

typedef void command_fn(struct ata_disk *disk, uint8_t command);

static void succeed(struct ata_disk *disk)
{
    ata_finish_after(disk, ATA_COMMAND_NS, 0);
}

static void abort_command(struct ata_disk *disk)
{
    ata_finish_after(disk, ATA_COMMAND_NS, ERROR_ABRT);
}

/* Power management, ATA-6 6.13. */

static uint64_t standby_seconds(uint8_t timer)
{
    if (timer <= 240)
        return timer * 5u;
    if (timer <= 251)
        return (timer - 240) * 30u * 60;
    return timer == 252 ? 21 * 60 : timer == 255 ? 21 * 60 + 15 : 8 * 3600;
}

void ata_restart_standby(struct ata_disk *disk)
{
    if (disk->standby_timer && disk->power < ATA_POWER_STANDBY)
        event_at(&disk->standby,
                 clock_now(disk->standby.clock) + standby_seconds(disk->standby_timer) * (uint64_t)NS_PER_S);
    else
        event_cancel(&disk->standby);
}

static void enter_power(struct ata_disk *disk, enum ata_power power)
{
    bool spin_up = power == ATA_POWER_IDLE && disk->power == ATA_POWER_STANDBY;
    if (power >= ATA_POWER_STANDBY && !disk->cfg.media->read_only)
        media_flush(disk->cfg.media);
    disk->power = (uint8_t)power;
    ata_finish_after(disk, spin_up ? SPIN_UP_NS : ATA_COMMAND_NS, 0);
}

static void power_command(struct ata_disk *disk, uint8_t command)
{
    switch (command) {
    case ATA_STANDBY:
    case ATA_STANDBY_OLD:
        disk->standby_timer = disk->ide.now.count;
        enter_power(disk, ATA_POWER_STANDBY);
        break;
    case ATA_IDLE:
    case ATA_IDLE_OLD:
        disk->standby_timer = disk->ide.now.count;
        enter_power(disk, ATA_POWER_IDLE);
        break;
    case ATA_STANDBY_IMMEDIATE:
    case ATA_STANDBY_IMMEDIATE_OLD: enter_power(disk, ATA_POWER_STANDBY); break;
    case ATA_SLEEP:
    case ATA_SLEEP_OLD: enter_power(disk, ATA_POWER_SLEEP); break;
    default: enter_power(disk, ATA_POWER_IDLE); break;
    }
}

static void check_power_mode(struct ata_disk *disk, uint8_t command)
{
    (void)command;
    disk->ide.now.count = disk->power == ATA_POWER_STANDBY ? 0x00
                          : disk->power == ATA_POWER_IDLE  ? 0x80
                                                           : 0xFF;
    succeed(disk);
}

static void flush_cache(struct ata_disk *disk, uint8_t command)
{
    (void)command;
    if (!media_flush(disk->cfg.media)) {
        abort_command(disk);
        return;
    }
    ata_finish_after(disk, FLUSH_NS, 0);
}

static void identify(struct ata_disk *disk, uint8_t command)
{
    (void)command;
    ata_identify(disk, disk->ide.buffer);
    ata_offer(disk);
}

static void recalibrate(struct ata_disk *disk, uint8_t command)
{
    (void)command;
    disk->next_lba = 0;
    ata_finish_after(disk, ATA_SEEK_NS, 0);
}

static void initialize_device_parameters(struct ata_disk *disk, uint8_t command)
{
    unsigned heads = (disk->ide.device & 0x0Fu) + 1, sectors = disk->ide.now.count;
    (void)command;
    if (!sectors || disk->sectors < heads * sectors) {
        abort_command(disk);
        return;
    }
    ata_set_translation(disk, heads, sectors);
    succeed(disk);
}

static void set_multiple(struct ata_disk *disk, uint8_t command)
{
    uint8_t count = disk->ide.now.count;
    (void)command;
    if (count > ATA_MAX_MULTIPLE || (count & (count - 1))) {
        disk->multiple = 0;
        abort_command(disk);
        return;
    }
    disk->multiple = count;
    succeed(disk);
}

/* SET FEATURES, ATA-6 8.46. */

/* Mode in bits 2:0, its family in bits 7:3; false where the drive lacks it. */
static bool set_transfer_mode(struct ata_disk *disk, uint8_t mode)
{
    unsigned number = mode & 7;
    switch (mode >> 3) {
    case 0: return number <= 1;
    case 1: return number <= 4;
    case 4:
        disk->mdma = (uint8_t)(number <= 2 ? 1 << number : disk->mdma);
        disk->udma = number <= 2 ? 0 : disk->udma;
        return number <= 2;
    case 8:
        disk->udma = (uint8_t)(number <= 5 ? 1 << number : disk->udma);
        disk->mdma = number <= 5 ? 0 : disk->mdma;
        return number <= 5;
    default: return false;
    }
}

static void set_write_cache(struct ata_disk *disk, bool on)
{
    if (!on)
        media_flush(disk->cfg.media);
    disk->write_cache = on;
}

static void set_features(struct ata_disk *disk, uint8_t command)
{
    bool ok = true;
    (void)command;
    switch (disk->ide.now.features) {
    case 0x02: set_write_cache(disk, true); break;
    case 0x82: set_write_cache(disk, false); break;
    case 0x03: ok = set_transfer_mode(disk, disk->ide.now.count); break;
    case 0x55: disk->look_ahead = false; break;
    case 0xAA: disk->look_ahead = true; break;
    case 0x66: disk->keep_settings = true; break;
    case 0xCC: disk->keep_settings = false; break;
    default: ok = false; break;
    }
    if (ok)
        succeed(disk);
    else
        abort_command(disk);
}

/* SMART, ATA-6 8.54: the key in the cylinder registers guards every subcommand. */

enum { SMART_KEY_MID = 0x4F, SMART_KEY_HIGH = 0xC2 };

static void smart(struct ata_disk *disk, uint8_t command)
{
    uint8_t sub = disk->ide.now.features;
    (void)command;
    if (disk->ide.now.lba_mid != SMART_KEY_MID || disk->ide.now.lba_high != SMART_KEY_HIGH ||
        (!disk->smart && sub != 0xD8)) {
        abort_command(disk);
        return;
    }
    switch (sub) {
    case 0xD0: /* READ DATA */
        ata_smart_data(disk, disk->ide.buffer);
        ata_offer(disk);
        return;
    case 0xD1: /* READ ATTRIBUTE THRESHOLDS */
        ata_smart_thresholds(disk->ide.buffer);
        ata_offer(disk);
        return;
    case 0xD8: disk->smart = true; break;  /* ENABLE OPERATIONS */
    case 0xD9: disk->smart = false; break; /* DISABLE OPERATIONS */
    case 0xD2: break;                      /* attribute autosave: there is nothing to save */
    case 0xDA: break;                      /* RETURN STATUS: the key left alone means healthy */
    default: abort_command(disk); return;
    }
    succeed(disk);
}

static void read_native_max(struct ata_disk *disk, uint8_t command)
{
    uint64_t last = disk->sectors - 1;
    bool ext = command == ATA_READ_NATIVE_MAX_EXT;
    if (!(disk->ide.device & DEVICE_LBA)) {
        abort_command(disk);
        return;
    }
    ata_set_address(disk, ext, !ext && last > 0xFFFFFFF ? 0xFFFFFFF : last);
    succeed(disk);
}

static void read_buffer(struct ata_disk *disk, uint8_t command)
{
    (void)command;
    memcpy(disk->ide.buffer, disk->sector_buffer, ATA_SECTOR);
    ata_offer(disk);
}

static void write_buffer(struct ata_disk *disk, uint8_t command)
{
    (void)command;
    disk->phase = ATA_PHASE_TAKE;
    ide_device_wait(&disk->ide, ATA_COMMAND_NS);
}

static void freeze_lock(struct ata_disk *disk, uint8_t command)
{
    (void)command; /* frozen since power-on: the other security commands do not exist */
    succeed(disk);
}

/* clang-format off */
static command_fn *const commands[256] = {
    [ATA_READ_NATIVE_MAX_EXT] = read_native_max,
    [ATA_INITIALIZE_DEVICE_PARAMETERS] = initialize_device_parameters,
    [ATA_STANDBY_IMMEDIATE_OLD] = power_command, [ATA_IDLE_IMMEDIATE_OLD] = power_command,
    [ATA_STANDBY_OLD] = power_command, [ATA_IDLE_OLD] = power_command,
    [ATA_CHECK_POWER_MODE_OLD] = check_power_mode, [ATA_SLEEP_OLD] = power_command,
    [ATA_SMART] = smart,
    [ATA_SET_MULTIPLE] = set_multiple,
    [ATA_STANDBY_IMMEDIATE] = power_command, [ATA_IDLE_IMMEDIATE] = power_command,
    [ATA_STANDBY] = power_command, [ATA_IDLE] = power_command,
    [ATA_READ_BUFFER] = read_buffer,
    [ATA_CHECK_POWER_MODE] = check_power_mode, [ATA_SLEEP] = power_command,
    [ATA_FLUSH_CACHE] = flush_cache, [ATA_FLUSH_CACHE_EXT] = flush_cache,
    [ATA_WRITE_BUFFER] = write_buffer,
    [ATA_IDENTIFY_DEVICE] = identify,
    [ATA_SET_FEATURES] = set_features,
    [ATA_SECURITY_FREEZE_LOCK] = freeze_lock,
    [ATA_READ_NATIVE_MAX] = read_native_max,
};
/* clang-format on */

void ata_command(struct ata_disk *disk, uint8_t command)
{
    command_fn *fn = (command & 0xF0) == ATA_RECALIBRATE ? recalibrate : commands[command];
    if (fn) {
        fn(disk, command);
        return;
    }
    /* NOP ends with an error by definition; so does what the drive does not know. */
    if (command != ATA_NOP)
        log_write(&disk->ide.log, LOG_GUEST, "%s: unknown command %02Xh", disk->ide.name, command);
    abort_command(disk);
}
