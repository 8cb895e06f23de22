/* SPDX-License-Identifier: MIT */
/* The machine's life and its run loop; what goes in and out is in io.c, screen.c and snapshot.c. */
#include "frontends/embed/lathe.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "devices/pc/machine.h"
#include "frontends/embed/embed.h"

struct lathe *lathe_new(void)
{
    struct lathe *lathe = alloc_zeroed(sizeof *lathe);
    options_init(&lathe->options);
    return lathe;
}

void lathe_free(struct lathe *lathe)
{
    if (!lathe)
        return;
    if (lathe->machine) {
        machine_flush_media(lathe->machine);
        machine_free(lathe->machine);
        setup_close(lathe);
    }
    typist_free(&lathe->typist);
    video_frame_free(&lathe->frame);
    options_free(&lathe->options);
    alloc_free(lathe->text);
    alloc_free(lathe);
}

const char *lathe_error(const struct lathe *lathe)
{
    return lathe->error.text;
}

const char *lathe_version(void)
{
    return LATHE_VERSION;
}

bool lathe_set(struct lathe *lathe, const char *option, const char *value)
{
    return options_set(&lathe->options, option, value, &lathe->error);
}

bool lathe_power_on(struct lathe *lathe)
{
    if (lathe->machine)
        return error_set(&lathe->error, "the machine is on already");
    if (!setup_open(lathe))
        return false;
    lathe->machine = machine_new(&lathe->config, &lathe->error);
    memset(lathe->config.media, 0, sizeof lathe->config.media);
    if (lathe->machine &&
        (log_check_modules(lathe->log, &lathe->error) || error_prefix(&lathe->error, "--log: "))) {
        setup_close_roms(lathe);
        return true;
    }
    machine_free(lathe->machine);
    lathe->machine = NULL;
    setup_close(lathe);
    return false;
}

const char *lathe_boot_summary(const struct lathe *lathe)
{
    return lathe->summary;
}

bool lathe_clock_is_real(const struct lathe *lathe)
{
    return lathe->options.clock == CLOCK_REAL;
}

void lathe_default_clock(struct lathe *lathe, bool real)
{
    if (lathe->options.clock == CLOCK_DEFAULT)
        lathe->options.clock = real ? CLOCK_REAL : CLOCK_VIRTUAL;
}

uint64_t lathe_insns(const struct lathe *lathe)
{
    return machine_insns(lathe->machine);
}

uint64_t lathe_time_ns(const struct lathe *lathe)
{
    return machine_now_ns(lathe->machine);
}

uint64_t lathe_khz(const struct lathe *lathe)
{
    return machine_khz(lathe->machine);
}

static const char *translator_name(const struct lathe *lathe)
{
    return lathe->config.engine.kind == ENGINE_CHECK ? "translator and interpreter" : "translator";
}

void lathe_measure(struct lathe *lathe)
{
    lathe->options.engine.measure = true;
}

static void copy_measured(const struct machine_engine_stats *from, struct lathe_engine_stats *stats)
{
    const struct jit_measured *measured = &from->measured;
    stats->inside = measured->inside;
    stats->handled = measured->handled;
    stats->straight_insns = measured->insns;
    stats->straight_host_insns = measured->host_insns;
    stats->straight_host_bytes = measured->host_bytes;
    stats->out_of_line = measured->out_of_line;
    stats->probes = measured->probes;
    stats->refused = measured->refused;
    stats->shared = measured->shared;
    stats->jumps = measured->jumps;
    stats->jump_misses = measured->jump_misses;
    stats->run_ns = from->run_ns;
    stats->processor_ns = from->processor_ns;
    stats->translating_ns = measured->translating_ns;
    stats->inside_ns = measured->inside_ns;
}

void lathe_engine_stats(const struct lathe *lathe, struct lathe_engine_stats *stats)
{
    struct machine_engine_stats from;
    bool translates = machine_engine_stats(lathe->machine, &from);
    *stats = (struct lathe_engine_stats){.engine = translates ? translator_name(lathe) : "interpreter",
                                         .blocks = from.jit.blocks,
                                         .regions = from.jit.regions,
                                         .guest_insns = from.jit.guest_insns,
                                         .host_bytes = from.jit.host_bytes,
                                         .killed = from.jit.killed,
                                         .flushes = from.jit.flushes,
                                         .evicted = from.jit.evicted,
                                         .evictions = from.jit.evictions,
                                         .trace_evictions = from.trace_evictions,
                                         .entries = from.jit.entries,
                                         .follows = from.jit.follows,
                                         .calls = from.jit.calls,
                                         .tlb_lookups = from.tlb.lookups,
                                         .tlb_walks = from.tlb.walks};
    copy_measured(&from, stats);
}

bool lathe_engine_handled(const struct lathe *lathe, unsigned place, const char **mnemonic,
                          const char **operands, uint64_t *times)
{
    return machine_handled(lathe->machine, place, mnemonic, operands, times);
}

bool lathe_is_idle(const struct lathe *lathe, bool *dead)
{
    bool ignored;
    return machine_is_idle(lathe->machine, dead ? dead : &ignored);
}

bool lathe_flush(struct lathe *lathe)
{
    return machine_flush_media(lathe->machine) ||
           error_set(&lathe->error, "writing a disk image failed; see the log");
}

void lathe_interrupt(struct lathe *lathe)
{
    machine_interrupt(lathe->machine);
}

static uint64_t host_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One step of pacing; *next_ns: virtual time of the next one. A signal cuts the sleep short. */
static void pace(struct lathe *lathe, uint64_t *next_ns)
{
    const struct pacer_sample sample = {.insns = lathe_insns(lathe),
                                        .ns = lathe_time_ns(lathe),
                                        .khz = lathe_khz(lathe),
                                        .wall = host_ns(CLOCK_MONOTONIC),
                                        .cpu = host_ns(CLOCK_THREAD_CPUTIME_ID)};
    if (!lathe->pacer.started || sample.ns >= lathe->pacer.next_ns) {
        uint64_t sleep_ns, khz;
        pacer_step(&lathe->pacer, &sample, &sleep_ns, &khz);
        if (khz != sample.khz)
            machine_post(lathe->machine, (struct input){.kind = INPUT_SPEED, .u.khz = khz});
        struct timespec rest = {(time_t)(sleep_ns / 1000000000), (long)(sleep_ns % 1000000000)};
        if (sleep_ns)
            nanosleep(&rest, NULL);
    }
    *next_ns = lathe->pacer.next_ns;
}

static enum lathe_stop stop_of(enum machine_stop stop)
{
    switch (stop) {
    case MACHINE_LIMIT: return LATHE_LIMIT;
    case MACHINE_STOPPED: return LATHE_INTERRUPTED;
    case MACHINE_POWERED_OFF: return LATHE_POWERED_OFF;
    case MACHINE_DEBUG_EXIT: return LATHE_DEBUG_EXIT;
    case MACHINE_DIVERGED: return LATHE_DIVERGED;
    case MACHINE_KERNEL_REFUSED: return LATHE_KERNEL_REFUSED;
    default: return LATHE_TRIPLE_FAULT;
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

enum lathe_stop lathe_run(struct lathe *lathe, uint64_t insns, uint64_t ns)
{
    for (;;) {
        uint64_t type_ns, pace_ns = UINT64_MAX;
        typist_run(&lathe->typist, lathe->machine, &type_ns);
        if (lathe_clock_is_real(lathe))
            pace(lathe, &pace_ns);
        struct machine_until until = {insns, least(ns, least(type_ns, pace_ns))};
        enum machine_stop stop = machine_run(lathe->machine, &until);
        if (stop != MACHINE_LIMIT || lathe_insns(lathe) >= insns || lathe_time_ns(lathe) >= ns)
            return stop_of(stop);
    }
}

int lathe_exit_status(const struct lathe *lathe, enum lathe_stop stop)
{
    switch (stop) {
    case LATHE_POWERED_OFF: return 0;
    case LATHE_DEBUG_EXIT: return (int)((machine_exit_value(lathe->machine) << 1 | 1) & 0xFF);
    case LATHE_KERNEL_REFUSED: return 2;
    case LATHE_TRIPLE_FAULT: return 4;
    case LATHE_LIMIT: return 6;
    default: return 5;
    }
}

const char *lathe_divergence(const struct lathe *lathe)
{
    return machine_divergence(lathe->machine);
}

void lathe_state_hash(struct lathe *lathe, char hex[LATHE_HASH_CHARS + 1])
{
    uint8_t digest[SHA256_BYTES];
    machine_state_hash(lathe->machine, digest);
    sha256_hex(digest, hex);
}

const struct lathe_option *lathe_option_at(size_t index)
{
    return options_at(index);
}
