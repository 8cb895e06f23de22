/* SPDX-License-Identifier: MIT */
/* One machine: a board with its processor, memory and chips, the clock that drives them, and the door through
 * which everything from outside comes in.
 */
#ifndef LATHE_DEVICES_PC_MACHINE_H
#define LATHE_DEVICES_PC_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/x86/tlb.h"
#include "devices/pc/input_queue.h"
#include "jit/jit.h"

struct buffer;
struct error;
struct kernel_image;
struct log;
struct machine;
struct media;
struct reader;
struct vga;

enum machine_drive {
    DRIVE_FDA,
    DRIVE_FDB,
    DRIVE_HDA, /* primary master, primary slave, secondary master, secondary slave */
    DRIVE_HDB,
    DRIVE_HDC,
    DRIVE_HDD,
    DRIVE_COUNT
};

enum { MACHINE_IDE_DRIVES = 4, MACHINE_SERIAL_PORTS = 2, MACHINE_BOOT_DEVICES = 3, MACHINE_OPTION_ROMS = 4 };

/* Codes of CMOS bytes 38h and 3Dh. */
enum machine_boot { BOOT_NONE, BOOT_FLOPPY, BOOT_DISK, BOOT_CDROM, BOOT_NETWORK };

/* Bytes of a ROM; copied into guest memory, so that they need to last only until machine_new returns. */
struct machine_rom {
    const void *bytes;
    size_t size;
};

typedef void machine_serial_fn(void *opaque, unsigned port, uint8_t byte);
typedef void machine_debug_fn(void *opaque, uint8_t byte);

/* Where what leaves the machine goes. All optional. */
struct machine_sinks {
    machine_serial_fn *serial;
    machine_debug_fn *debugcon; /* port E9h */
    void *opaque;
};

/* Bytes of the translator's host code. */
enum { MACHINE_LEAST_CACHE = 1 << 20, MACHINE_MOST_CACHE = 256 << 20 };

/* How instructions are executed. No choice here changes what the guest sees. */
struct machine_engine {
    /* ENGINE_CHECK: translating, beside a second machine that interprets and with which it must agree. */
    enum { ENGINE_AUTO, ENGINE_INTERPRET, ENGINE_TRANSLATE, ENGINE_CHECK } kind;
    bool has_threshold;
    uint32_t threshold;   /* executions before a trace is translated */
    uint64_t cache_bytes; /* from MACHINE_LEAST_CACHE to MACHINE_MOST_CACHE; 0: the default */
    bool unlinked;        /* translated blocks do not jump to one another: for tests */
    bool dumps;           /* blocks that begin at dump_pc, an RIP or linear address, are printed */
    uint64_t dump_pc;
    bool perf_map; /* perf is told where blocks are */
    bool measure;  /* machine_engine_stats tells all that it can, which costs some time */
};

struct machine_config {
    uint64_t ram_bytes;    /* a multiple of 4 KiB, at least 1 MiB */
    uint64_t khz;          /* instructions per virtual millisecond; also the TSC's frequency */
    int64_t rtc_epoch;     /* seconds since 1970-01-01 that the RTC starts at */
    uint64_t seed;         /* of the guest's entropy */
    const char *cpu_model; /* as cpu_choice_parse takes it; NULL: the default */
    struct machine_engine engine;
    struct machine_rom bios, vgabios;
    struct machine_rom kernel_rom;     /* option ROM that boots `kernel` */
    const struct kernel_image *kernel; /* NULL: none. Outlives the machine */
    enum machine_boot boot[MACHINE_BOOT_DEVICES];
    struct media *media[DRIVE_COUNT]; /* the machine's from the call of machine_new on */
    bool is_cdrom[DRIVE_COUNT];       /* IDE drives that are CD-ROM drives, with or without a disc */
    bool debug_exit, debugcon, no_reboot;
    struct machine_sinks sinks;
    struct log *log; /* outlives the machine; may be NULL */
};

/* Why machine_run returned. */
enum machine_stop {
    MACHINE_LIMIT,          /* instruction count or time reached */
    MACHINE_STOPPED,        /* INPUT_STOP or machine_interrupt */
    MACHINE_POWERED_OFF,    /* the guest switched it off */
    MACHINE_DEBUG_EXIT,     /* the guest wrote to port F4h */
    MACHINE_TRIPLE_FAULT,   /* with no_reboot */
    MACHINE_DIVERGED,       /* ENGINE_CHECK: the engines disagree; see machine_divergence */
    MACHINE_KERNEL_REFUSED, /* does not fit into the memory that the BIOS reports; the log says why */
};

/* Limits of machine_run; UINT64_MAX: none. */
struct machine_until {
    uint64_t insns, ns;
};

/* Whether this build has a translator for the host. */
bool machine_can_translate(void);

/* Builds a machine in its power-on state. NULL with *err where the configuration is impossible or the host
 * refuses; its media are closed then. */
struct machine *machine_new(const struct machine_config *config, struct error *err);
void machine_free(struct machine *machine);

/* Runs until a limit is reached or something stops the machine. Running in pieces gives the same machine as
 * running at once. A machine that is off or has exited stays so: the same reason is returned again. */
enum machine_stop machine_run(struct machine *machine, const struct machine_until *until);

/* Makes machine_run return soon. The only call that a signal handler or another thread may make; where it
 * takes effect is not deterministic, but the machine's state does not depend on it. */
void machine_interrupt(struct machine *machine);

/* Posts an input that applies now; insns and ns are filled in. An INPUT_INSERT passes its medium on. */
void machine_post(struct machine *machine, struct input input);

uint64_t machine_insns(const struct machine *machine);
uint64_t machine_now_ns(const struct machine *machine);
uint64_t machine_khz(const struct machine *machine); /* present slope */

/* What the engine has done; false where the machine interprets, and `jit` and `measured` are all 0. */
struct machine_engine_stats {
    struct jit_stats jit;
    struct tlb_counts tlb;
    uint64_t trace_evictions; /* times that the oldest decoded traces made room */
    /* With machine_engine.measure alone. Host time: of machine_run, and of the processor in it, the
     * translator and devices' ports and memory included. */
    struct jit_measured measured;
    uint64_t run_ns, processor_ns;
};
bool machine_engine_stats(const struct machine *machine, struct machine_engine_stats *stats);

/* The form of an instruction at `place` (0, 1, ...) among those that handlers execute in translated blocks,
 * the most frequent first; false beyond the last. */
bool machine_handled(const struct machine *machine, unsigned place, const char **mnemonic,
                     const char **operands, uint64_t *times);

/* After MACHINE_DIVERGED: where and how, in several lines; else "". */
const char *machine_divergence(const struct machine *machine);

/* Value that the guest wrote to port F4h: meaningful after MACHINE_DEBUG_EXIT. */
uint32_t machine_exit_value(const struct machine *machine);

/* True while the processor is halted; *dead: it can never wake by itself. */
bool machine_is_idle(const struct machine *machine, bool *dead);

/* Bytes that COM `port` takes now without losing any, posted ones included. */
size_t machine_serial_room(const struct machine *machine, unsigned port);

/* True where the keyboard has passed on everything that was typed, posted keys included. */
bool machine_keyboard_is_drained(const struct machine *machine);

/* Medium in a drive, or NULL. */
struct media *machine_medium(const struct machine *machine, enum machine_drive drive);

/* The video controller, for text and frames. */
struct vga *machine_video(struct machine *machine);

/* Makes every finished guest write durable on the host. False where the host fails (which is logged). */
bool machine_flush_media(struct machine *machine);

/* SHA-256 over all parts' state in order, then memory. What was posted before counts. */
void machine_state_hash(struct machine *machine, uint8_t digest[32]);

/* Whole state, with what was posted before. Loading wants a machine of the same configuration, checked by its
 * parts; on failure the machine is as it was before. */
void machine_save(struct machine *machine, struct buffer *out);
bool machine_load(struct machine *machine, struct reader *in, struct error *err);

/* "name = value" lines of the parts whose instance is `part`, or of all where NULL. */
void machine_dump(struct machine *machine, const char *part, FILE *out);

#endif
