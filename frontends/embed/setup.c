/* SPDX-License-Identifier: MIT */
/* From options to a machine_config: recognises loose media, opens files, chooses drives and boot order. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/log.h"
#include "core/x86/cpu_choice.h"
#include "core/x86/model.h"
#include "devices/media/media.h"
#include "devices/media/media_probe.h"
#include "devices/pc/kernel_image.h"
#include "devices/pc/machine.h"
#include "frontends/embed/embed.h"
#include "frontends/embed/images.h"

enum { ROM_FILE_MAX = 16 << 20, VGABIOS_MAX = 64 << 10, BIOS_UNIT = 64 << 10, OPTION_ROM_UNIT = 512 };

static const char *const drive_names[DRIVE_COUNT] = {"fda", "fdb", "hda", "hdb", "hdc", "hdd"};

/* First free of a list of drives, ended by DRIVE_COUNT. */
static enum machine_drive first_free(const struct options *options, const enum machine_drive *order)
{
    while (*order != DRIVE_COUNT && options->drive[*order])
        order++;
    return *order;
}

static bool place_loose(struct options *options, const char *path, enum media_kind kind, struct error *err)
{
    static const enum machine_drive floppies[] = {DRIVE_FDA, DRIVE_FDB, DRIVE_COUNT};
    static const enum machine_drive disks[] = {DRIVE_HDA, DRIVE_HDB, DRIVE_HDC, DRIVE_HDD, DRIVE_COUNT};
    if (kind == MEDIA_KERNEL || kind == MEDIA_CDROM) {
        char **field = kind == MEDIA_KERNEL ? &options->kernel : &options->cdrom;
        if (*field)
            return error_set(err, "'%s' is a second %s; there is '%s' already", path, media_kind_name(kind),
                             *field);
        *field = alloc_string(path);
        return true;
    }
    if (kind == MEDIA_UNKNOWN)
        return error_set(
            err, "'%s' is no disk, floppy, CD-ROM or kernel that Lathe knows; name its drive, e.g. --hda",
            path);
    enum machine_drive drive = first_free(options, kind == MEDIA_FLOPPY ? floppies : disks);
    if (drive == DRIVE_COUNT)
        return error_set(err, "'%s': all %s drives are taken", path, media_kind_name(kind));
    options->drive[drive] = alloc_string(path);
    return true;
}

bool lathe_add_medium(struct lathe *lathe, const char *path)
{
    struct options *options = &lathe->options;
    if (options->loose_count == OPTION_LOOSE_MEDIA)
        return error_set(&lathe->error, "'%s': too many media", path);
    options->loose[options->loose_count++] = alloc_string(path);
    return true;
}

/* Gives loose media their drives, after the named ones, whatever order they came in. */
static bool place_all_loose(struct options *options, struct error *err)
{
    for (unsigned i = 0; i < options->loose_count; i++) {
        enum media_kind kind;
        if (!media_probe(options->loose[i], &kind, err) ||
            !place_loose(options, options->loose[i], kind, err))
            return false;
    }
    return true;
}

/* Reads a whole ROM file. */
static bool read_rom(const char *path, size_t max, struct machine_rom *rom, struct error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not keep us waiting */
    FILE *file = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (!file)
        return error_set(err, "'%s': %s", path, strerror(errno));
    if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        fclose(file);
        return error_set(err, "'%s' is not a regular file", path);
    }
    uint8_t *bytes = alloc_zeroed(max + 1);
    size_t size = fread(bytes, 1, max + 1, file);
    bool good = !ferror(file) || error_set(err, "'%s': cannot read: %s", path, strerror(errno));
    fclose(file);
    if (good && size > max)
        good = error_set(err, "'%s' is larger than %zu KiB", path, max >> 10);
    if (!good) {
        alloc_free(bytes);
        return false;
    }
    *rom = (struct machine_rom){alloc_resize(bytes, size ? size : 1), size};
    return true;
}

/* The option was checked when it was set. */
static const struct cpu_model *model_of(const struct options *options)
{
    struct cpu_choice choice;
    bool known = cpu_choice_parse(options->cpu, &choice, NULL);
    ASSERT(known);
    return choice.model;
}

/* Our firmware, and what kernels boot by, is 32-bit code. */
static bool runs_firmware(const struct options *options, const char *what, const char *remedy,
                          struct error *err)
{
    const struct cpu_model *model = model_of(options);
    return cpu_model_has(model, FEATURE_386) ||
           error_set(err, "--cpu %s: %s needs a 386 or later; choose one, or %s", model->name, what, remedy);
}

static bool builtin_rom(const char *name, const char *option, struct machine_rom *rom, struct error *err)
{
    const struct builtin_image *image = builtin_image_find(name);
    if (!image)
        return error_set(err, "this build has no %s of its own; give one with --%s FILE", name, option);
    *rom = (struct machine_rom){image->bytes, image->size};
    return true;
}

static bool open_bios(struct lathe *lathe)
{
    struct machine_rom *rom = &lathe->config.bios;
    struct error *err = &lathe->error;
    const char *path = lathe->options.bios;
    if (!path)
        return runs_firmware(&lathe->options, "Lathe's own BIOS",
                             "give one for that processor with --bios FILE", err) &&
               builtin_rom("bios.bin", "bios", rom, err);
    if (!read_rom(path, ROM_FILE_MAX, rom, err))
        return error_prefix(err, "--bios: ");
    if (!rom->size || rom->size % BIOS_UNIT)
        return error_set(err,
                         "--bios: '%s' has %zu bytes: a BIOS image is a multiple of 64 KiB, up to 16 MiB",
                         path, rom->size);
    return true;
}

static bool open_vgabios(struct lathe *lathe)
{
    struct machine_rom *rom = &lathe->config.vgabios;
    struct error *err = &lathe->error;
    const char *path = lathe->options.vgabios;
    if (!path)
        return runs_firmware(&lathe->options, "Lathe's own VGA BIOS",
                             "give one for that processor with --vgabios FILE", err) &&
               builtin_rom("vgabios.bin", "vgabios", rom, err);
    if (!read_rom(path, VGABIOS_MAX, rom, err))
        return error_prefix(err, "--vgabios: ");
    const uint8_t *bytes = rom->bytes;
    if (rom->size < OPTION_ROM_UNIT || rom->size % OPTION_ROM_UNIT || bytes[0] != 0x55 || bytes[1] != 0xAA)
        return error_set(
            err, "--vgabios: '%s' is no option ROM: it does not begin with 55 AA or has an odd size", path);
    return true;
}

static bool open_kernel(struct lathe *lathe)
{
    const struct options *options = &lathe->options;
    if (!options->kernel)
        return true;
    if (!runs_firmware(options, "--kernel", "boot from a disk", &lathe->error))
        return false;
    lathe->kernel = kernel_image_open(options->kernel, options->initrd, options->append, &lathe->error);
    lathe->config.kernel = lathe->kernel;
    return lathe->kernel && builtin_rom("kernel.rom", "bios", &lathe->config.kernel_rom, &lathe->error);
}

static bool open_drive(struct lathe *lathe, enum machine_drive drive, const char *path, enum media_kind kind)
{
    const struct media_config config = {
        .path = path, .kind = kind, .snapshot = lathe->options.snapshot, .log = lathe->log};
    lathe->config.media[drive] = media_open(&config, &lathe->error);
    return lathe->config.media[drive] ||
           error_prefix(&lathe->error, "--%s: ", kind == MEDIA_CDROM ? "cdrom" : drive_names[drive]);
}

static bool open_cdrom(struct lathe *lathe)
{
    static const enum machine_drive order[] = {DRIVE_HDC, DRIVE_HDD, DRIVE_HDB, DRIVE_HDA, DRIVE_COUNT};
    enum machine_drive drive = first_free(&lathe->options, order);
    if (drive == DRIVE_COUNT)
        return true; /* four disks: no CD-ROM drive */
    lathe->config.is_cdrom[drive] = true;
    return !lathe->options.cdrom || open_drive(lathe, drive, lathe->options.cdrom, MEDIA_CDROM);
}

static bool open_media(struct lathe *lathe)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        const char *path = lathe->options.drive[i];
        enum media_kind kind = i <= DRIVE_FDB ? MEDIA_FLOPPY : MEDIA_DISK;
        if (path && !open_drive(lathe, (enum machine_drive)i, path, kind))
            return false;
    }
    return open_cdrom(lathe);
}

/* With nothing to boot: the demo floppy that is built in. */
static bool open_demo(struct lathe *lathe)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        if (lathe->config.media[i])
            return true;
    }
    const struct builtin_image *demo = builtin_image_find("demo.img");
    if (lathe->kernel)
        return true;
    if (!demo)
        return error_set(&lathe->error, "nothing to boot: give a disk, floppy, ISO or kernel file");
    lathe->config.media[DRIVE_FDA] =
        media_from_bytes("built-in demo", MEDIA_FLOPPY, demo->bytes, demo->size, lathe->log);
    return true;
}

/* Whether something is there to boot from by this code. */
static bool is_bootable(const struct lathe *lathe, enum machine_boot code)
{
    const struct machine_config *config = &lathe->config;
    if (code == BOOT_FLOPPY)
        return config->media[DRIVE_FDA];
    if (code == BOOT_NETWORK)
        return lathe->kernel;
    for (unsigned i = DRIVE_HDA; i <= DRIVE_HDD; i++) {
        if (config->media[i] && config->is_cdrom[i] == (code == BOOT_CDROM))
            return true;
    }
    return false;
}

static void choose_boot(struct lathe *lathe)
{
    static const enum machine_boot usual[] = {BOOT_NETWORK, BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM};
    const struct options *options = &lathe->options;
    const enum machine_boot *order = options->boot_count ? options->boot : usual;
    unsigned count = options->boot_count ? options->boot_count : 4, filled = 0;
    for (unsigned i = 0; i < count && filled < MACHINE_BOOT_DEVICES; i++) {
        if (options->boot_count || is_bootable(lathe, order[i]))
            lathe->config.boot[filled++] = order[i];
    }
}

static const char *boot_name(enum machine_boot code)
{
    return code == BOOT_FLOPPY ? "floppy" : code == BOOT_CDROM ? "CD-ROM" : "disk";
}

/* What the first boot device is, in words. */
static void describe_boot(const struct lathe *lathe, char *text, size_t size)
{
    const struct machine_config *config = &lathe->config;
    enum machine_boot code = config->boot[0];
    if (code == BOOT_NETWORK) {
        snprintf(text, size, "kernel %s", lathe->options.kernel);
        return;
    }
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        bool floppy = i <= DRIVE_FDB;
        enum machine_boot here = floppy ? BOOT_FLOPPY : config->is_cdrom[i] ? BOOT_CDROM : BOOT_DISK;
        if (config->media[i] && here == code) {
            snprintf(text, size, "%s %s (%s)", boot_name(code), config->media[i]->name, drive_names[i]);
            return;
        }
    }
    snprintf(text, size, "an empty %s drive", boot_name(code));
}

static void describe(struct lathe *lathe)
{
    char from[EMBED_SUMMARY / 2];
    describe_boot(lathe, from, sizeof from);
    snprintf(lathe->summary, sizeof lathe->summary, "booting from %s; %llu MiB RAM, BIOS %s", from,
             (unsigned long long)(lathe->config.ram_bytes >> 20),
             lathe->options.bios ? lathe->options.bios : "built in");
}

static void send_serial(void *self, unsigned port, uint8_t byte)
{
    struct lathe *lathe = self;
    for (unsigned i = 0; i < lathe->serial_count; i++)
        lathe->serial[i].fn(lathe->serial[i].opaque, port, byte);
}

static void send_debugcon(void *self, uint8_t byte)
{
    struct lathe *lathe = self;
    lathe->debugcon(lathe->debugcon_opaque, byte);
}

enum { VIRTUAL_KHZ = 100000, REAL_KHZ = 1000000 };

/* Old models run at their own pace. Against the wall clock the rest get what most hosts can do, and the pacer
 * takes away what this one cannot. */
static uint64_t choose_khz(const struct lathe *lathe)
{
    const struct options *options = &lathe->options;
    if (options->khz)
        return options->khz;
    if (options->cpu && model_of(options)->default_khz)
        return model_of(options)->default_khz;
    return options->clock == CLOCK_REAL ? REAL_KHZ : VIRTUAL_KHZ;
}

static void fill_config(struct lathe *lathe)
{
    const struct options *options = &lathe->options;
    lathe->log = log_new(stderr);
    if (options->log)
        log_configure(lathe->log, options->log, NULL);
    log_expect(lathe->log, "media");
    log_expect(lathe->log, "kernel");
    lathe->config = (struct machine_config){
        .ram_bytes = options->ram_bytes,
        .khz = choose_khz(lathe),
        .rtc_epoch = options->rtc_epoch,
        .seed = options->seed,
        .cpu_model = options->cpu,
        .engine = options->engine,
        .debug_exit = options->debug_exit,
        .debugcon = lathe->debugcon != NULL,
        .no_reboot = options->no_reboot,
        .sinks = {send_serial, send_debugcon, lathe},
        .log = lathe->log,
    };
}

bool setup_open(struct lathe *lathe)
{
    if (!place_all_loose(&lathe->options, &lathe->error) || !options_check(&lathe->options, &lathe->error))
        return false;
    fill_config(lathe);
    if (!open_bios(lathe) || !open_vgabios(lathe) || !open_kernel(lathe) || !open_media(lathe) ||
        !open_demo(lathe)) {
        setup_close(lathe);
        return false;
    }
    choose_boot(lathe);
    describe(lathe);
    return true;
}

void setup_close_roms(struct lathe *lathe)
{
    if (lathe->options.bios)
        alloc_free((void *)lathe->config.bios.bytes);
    if (lathe->options.vgabios)
        alloc_free((void *)lathe->config.vgabios.bytes);
    lathe->config.bios = lathe->config.vgabios = (struct machine_rom){0};
}

void setup_close(struct lathe *lathe)
{
    setup_close_roms(lathe);
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        media_close(lathe->config.media[i]);
        lathe->config.media[i] = NULL;
    }
    kernel_image_free(lathe->kernel);
    log_free(lathe->log);
    lathe->kernel = NULL;
    lathe->log = NULL;
}
