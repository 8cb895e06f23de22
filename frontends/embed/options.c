/* SPDX-License-Identifier: MIT */
#include "frontends/embed/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/x86/cpu_choice.h"
#include "frontends/embed/lathe.h"
#include "frontends/embed/parse.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct option;
typedef bool option_set_fn(struct options *options, const struct option *option, const char *value,
                           struct error *err);

struct option {
    struct lathe_option text;
    option_set_fn *set;
    size_t offset; /* of the field that set_string and set_flag store */
};

static void replace_string(char **field, const char *value)
{
    alloc_free(*field);
    *field = alloc_string(value);
}

static bool set_string(struct options *options, const struct option *option, const char *value,
                       struct error *err)
{
    if (!*value && strcmp(option->text.name, "append"))
        return error_set(err, "wants a value");
    replace_string((char **)(void *)((char *)options + option->offset), value);
    return true;
}

static bool set_flag(struct options *options, const struct option *option, const char *value,
                     struct error *err)
{
    return parse_flag(value, (bool *)((char *)options + option->offset), err);
}

static bool set_cpu(struct options *options, const struct option *option, const char *value,
                    struct error *err)
{
    struct cpu_choice choice;
    return cpu_choice_parse(value, &choice, err) && set_string(options, option, value, err);
}

static bool set_mem(struct options *options, const struct option *option, const char *value,
                    struct error *err)
{
    (void)option;
    uint64_t bytes;
    if (!parse_size(value, &bytes, err))
        return false;
    if (bytes < MIB || bytes > 32 * GIB || bytes % 4096)
        return error_set(err, "'%s' is not possible: from 1M to 32G in steps of 4K", value);
    options->ram_bytes = bytes;
    return true;
}

static bool set_speed(struct options *options, const struct option *option, const char *value,
                      struct error *err)
{
    (void)option;
    return parse_mhz(value, &options->khz, err);
}

static bool set_rtc(struct options *options, const struct option *option, const char *value,
                    struct error *err)
{
    (void)option;
    return parse_time(value, &options->rtc_epoch, err);
}

static bool set_seed(struct options *options, const struct option *option, const char *value,
                     struct error *err)
{
    (void)option;
    return parse_number(value, 0, UINT64_MAX, &options->seed, err);
}

static bool set_clock(struct options *options, const struct option *option, const char *value,
                      struct error *err)
{
    (void)option;
    if (!strcmp(value, "virtual"))
        options->clock = CLOCK_VIRTUAL;
    else if (!strcmp(value, "real"))
        options->clock = CLOCK_REAL;
    else
        return error_set(err, "'%s' is neither virtual nor real", value);
    return true;
}

/* A value that is one of `now` (taken) or of `later` (planned); both end with NULL. */
static bool choose(const char *value, const char *const now[], const char *const later[], struct error *err)
{
    for (unsigned i = 0; now[i]; i++) {
        if (!strcmp(value, now[i]))
            return true;
    }
    for (unsigned i = 0; later[i]; i++) {
        if (!strcmp(value, later[i]))
            return error_set(err, "'%s' is not in this build yet; use %s", value, now[0]);
    }
    return error_set(err, "'%s' is unknown; use %s", value, now[0]);
}

static bool set_board(struct options *options, const struct option *option, const char *value,
                      struct error *err)
{
    (void)options, (void)option;
    return choose(value, (const char *const[]){"pc", NULL}, (const char *const[]){"isa", NULL}, err);
}

static bool set_threshold(struct machine_engine *engine, const char *number, struct error *err)
{
    uint64_t count;
    if (!parse_number(number, 0, UINT32_MAX, &count, err))
        return false;
    engine->has_threshold = true;
    engine->threshold = (uint32_t)count;
    return true;
}

static bool set_cache(struct machine_engine *engine, const char *size, struct error *err)
{
    if (!parse_size(size, &engine->cache_bytes, err))
        return false;
    return (engine->cache_bytes >= MACHINE_LEAST_CACHE && engine->cache_bytes <= MACHINE_MOST_CACHE) ||
           error_set(err, "cache=%s: from 1M to 256M", size);
}

/* ",threshold=N", ",cache=SIZE" and ",unlinked". */
static bool set_engine_details(struct machine_engine *engine, const char *details, struct error *err)
{
    char word[32];
    while (*details == ',') {
        size_t length = strcspn(++details, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, details);
        details += length;
        bool known = length < sizeof word;
        if (known && !strcmp(word, "unlinked"))
            engine->unlinked = true;
        else if (known && !strncmp(word, "threshold=", 10)) {
            if (!set_threshold(engine, word + 10, err))
                return false;
        } else if (known && !strncmp(word, "cache=", 6)) {
            if (!set_cache(engine, word + 6, err))
                return false;
        } else {
            return error_set(err, "'%s' is unknown; use threshold=N, cache=SIZE or unlinked", word);
        }
    }
    return true;
}

static bool set_engine(struct options *options, const struct option *option, const char *value,
                       struct error *err)
{
    static const char *const names[] = {[ENGINE_AUTO] = "auto",
                                        [ENGINE_INTERPRET] = "interp",
                                        [ENGINE_TRANSLATE] = "jit",
                                        [ENGINE_CHECK] = "check"};
    (void)option;
    size_t length = strcspn(value, ",");
    options->engine = (struct machine_engine){.dumps = options->engine.dumps,
                                              .dump_pc = options->engine.dump_pc,
                                              .perf_map = options->engine.perf_map,
                                              .measure = options->engine.measure};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == length && !strncmp(value, names[i], length)) {
            options->engine.kind = i;
            return set_engine_details(&options->engine, value + length, err);
        }
    }
    return error_set(err, "'%s' is unknown; use auto, interp, jit or check", value);
}

static bool set_dump(struct options *options, const struct option *option, const char *value,
                     struct error *err)
{
    (void)option;
    char *end;
    errno = 0;
    options->engine.dump_pc = strtoull(value, &end, 16);
    options->engine.dumps = !errno && end != value && !*end && value[0] != '-';
    return options->engine.dumps || error_set(err, "'%s' is not an address in hexadecimal", value);
}

static bool set_smp(struct options *options, const struct option *option, const char *value,
                    struct error *err)
{
    (void)options, (void)option;
    uint64_t count;
    if (!parse_number(value, 1, 255, &count, err))
        return false;
    return count == 1 || error_set(err, "more than one processor is not in this build yet; use 1");
}

static bool boot_code(const char *word, size_t length, enum machine_boot *code)
{
    static const char *const names[] = {
        [BOOT_FLOPPY] = "floppy", [BOOT_DISK] = "disk", [BOOT_CDROM] = "cdrom", [BOOT_NETWORK] = "net"};
    for (unsigned i = BOOT_FLOPPY; i <= BOOT_NETWORK; i++) {
        if (strlen(names[i]) == length && !memcmp(names[i], word, length)) {
            *code = (enum machine_boot)i;
            return true;
        }
    }
    return false;
}

static bool boot_has(const struct options *options, enum machine_boot code)
{
    for (unsigned i = 0; i < options->boot_count; i++) {
        if (options->boot[i] == code)
            return true;
    }
    return false;
}

static bool set_boot(struct options *options, const struct option *option, const char *value,
                     struct error *err)
{
    (void)option;
    options->boot_count = 0;
    for (const char *word = value;; word++) {
        size_t length = strcspn(word, ",");
        enum machine_boot code;
        if (!boot_code(word, length, &code))
            return error_set(err, "'%s' is not a list of floppy, disk, cdrom", value);
        if (code == BOOT_NETWORK)
            return error_set(err, "'net' is not in this build yet; use floppy, disk or cdrom");
        if (boot_has(options, code))
            return error_set(err, "'%s' names a device twice", value);
        options->boot[options->boot_count++] = code;
        word += length;
        if (!*word)
            return true;
    }
}

static bool set_log(struct options *options, const struct option *option, const char *value,
                    struct error *err)
{
    (void)option;
    struct log *log = log_new(stderr);
    bool good = log_configure(log, value, err);
    log_free(log);
    if (good)
        replace_string(&options->log, value);
    return good;
}

#define STRING(member) set_string, offsetof(struct options, member)
#define FLAG(member)   set_flag, offsetof(struct options, member)

static const struct option table[] = {
    {{"cpu", "MODEL", "processor model; 'lathe info' lists them. MODEL,cpuid_limit=N: highest CPUID leaf"},
     set_cpu,
     offsetof(struct options, cpu)},
    {{"mem", "SIZE", "guest RAM, from 1M to 32G [64M]"}, set_mem, 0},
    {{"board", "pc", "mainboard: i440FX with PIIX3"}, set_board, 0},
    {{"smp", "N", "processors [1]"}, set_smp, 0},
    {{"fda", "FILE", "floppy image for drive A:"}, STRING(drive[DRIVE_FDA])},
    {{"fdb", "FILE", "floppy image for drive B:"}, STRING(drive[DRIVE_FDB])},
    {{"hda", "FILE", "raw disk image: primary master"}, STRING(drive[DRIVE_HDA])},
    {{"hdb", "FILE", "raw disk image: primary slave"}, STRING(drive[DRIVE_HDB])},
    {{"hdc", "FILE", "raw disk image: secondary master"}, STRING(drive[DRIVE_HDC])},
    {{"hdd", "FILE", "raw disk image: secondary slave"}, STRING(drive[DRIVE_HDD])},
    {{"cdrom", "FILE", "ISO image: first free of hdc, hdd, hdb, hda"}, STRING(cdrom)},
    {{"boot", "LIST", "order of floppy, disk, cdrom [what is there, in this order]"}, set_boot, 0},
    {{"kernel", "FILE", "kernel: bzImage, ELF (PVH) or multiboot 1"}, STRING(kernel)},
    {{"initrd", "FILE", "initial RAM disk, or first multiboot module, for --kernel"}, STRING(initrd)},
    {{"append", "STRING", "command line for --kernel"}, STRING(append)},
    {{"bios", "FILE", "system BIOS instead of Lathe's own"}, STRING(bios)},
    {{"vgabios", "FILE", "VGA BIOS instead of Lathe's own"}, STRING(vgabios)},
    {{"engine", "NAME", "auto, interp or jit: how instructions are executed; check: both, compared [auto]"},
     set_engine,
     0},
    {{"dump-jit", "PC", "print translated blocks that begin at this RIP or linear address, in hexadecimal"},
     set_dump,
     0},
    {{"perf-map", NULL, "write /tmp/perf-PID.map, which names translated blocks for perf"},
     FLAG(engine.perf_map)},
    {{"clock", "KIND", "virtual: time runs free; real: it follows the wall clock"}, set_clock, 0},
    {{"speed", "MHZ",
      "instructions per virtual microsecond, and TSC frequency [the processor model's; else 100, or 1000 "
      "with "
      "--clock real]"},
     set_speed,
     0},
    {{"rtc", "TIME", "date at power-on, or now [2000-01-01T00:00:00]"}, set_rtc, 0},
    {{"seed", "N", "seed of what the guest gets as random [1]"}, set_seed, 0},
    {{"debug-exit", NULL, "writing V to I/O port F4h ends Lathe with status (V << 1) | 1"}, FLAG(debug_exit)},
    {{"no-reboot", NULL, "end with status 4 on a triple fault instead of a reset"}, FLAG(no_reboot)},
    {{"snapshot", NULL, "discard what the guest writes to its media"}, FLAG(snapshot)},
    {{"log", "SPEC", "what is logged on stderr: warn, pic=debug,ide=trace ..."}, set_log, 0},
};

enum { OPTIONS = sizeof table / sizeof table[0] };

const struct lathe_option *options_at(size_t index)
{
    return index < OPTIONS ? &table[index].text : NULL;
}

void options_init(struct options *options)
{
    *options = (struct options){
        .ram_bytes = 64 * MIB,
        .rtc_epoch = 946684800, /* 2000-01-01T00:00:00 */
        .seed = 1,
    };
}

void options_free(struct options *options)
{
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (table[i].set == set_string)
            alloc_free(*(char **)(void *)((char *)options + table[i].offset));
    }
    alloc_free(options->cpu);
    alloc_free(options->log);
    for (unsigned i = 0; i < options->loose_count; i++)
        alloc_free(options->loose[i]);
    *options = (struct options){0};
}

bool options_set(struct options *options, const char *name, const char *value, struct error *err)
{
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (!strcmp(table[i].text.name, name))
            return table[i].set(options, &table[i], value, err) || error_prefix(err, "--%s: ", name);
    }
    return error_set(err, "unknown option --%s; 'lathe --help' lists all", name);
}

bool options_check(const struct options *options, struct error *err)
{
    if (options->initrd && !options->kernel)
        return error_set(err, "--initrd wants a kernel: give one with --kernel");
    if (options->append && !options->kernel)
        return error_set(err, "--append wants a kernel: give one with --kernel");
    bool full = options->cdrom;
    for (unsigned i = DRIVE_HDA; i <= DRIVE_HDD; i++)
        full = full && options->drive[i];
    if (full)
        return error_set(err, "--cdrom: all four IDE positions are taken; leave out one of --hda to --hdd");
    return true;
}
