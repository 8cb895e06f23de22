/* SPDX-License-Identifier: MIT */
/* Lathe's C interface: a PC in a library. Every other frontend is built on it.
 *
 *   struct lathe *pc = lathe_new();
 *   if (!lathe_set(pc, "mem", "32M") || !lathe_add_medium(pc, "dos.img") || !lathe_power_on(pc))
 *       fprintf(stderr, "%s\n", lathe_error(pc));
 *   while (lathe_run(pc, LATHE_NO_LIMIT, lathe_time_ns(pc) + 10000000) == LATHE_LIMIT)
 *       ...;                       // every 10 virtual milliseconds: draw, feed serial lines
 *   lathe_free(pc);
 *
 * Functions that return bool leave a one-line message in lathe_error when they fail. Nothing here is
 * thread-safe except lathe_interrupt; machines do not share state, so one thread may run each. Times are
 * virtual: nanoseconds that the guest has seen pass since power-on. What is posted (keys, mouse, serial
 * bytes, media, buttons) applies at the present instruction, before the next lathe_run executes anything, so
 * that a program which posts at fixed points gets the same run every time.
 */
#ifndef LATHE_H
#define LATHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lathe;

#define LATHE_NO_LIMIT UINT64_MAX

enum lathe_stop {
    LATHE_LIMIT,         /* the limit given to lathe_run is reached */
    LATHE_INTERRUPTED,   /* lathe_interrupt */
    LATHE_POWERED_OFF,   /* the guest switched the machine off */
    LATHE_DEBUG_EXIT,    /* the guest wrote to the debug exit port; see lathe_exit_status */
    LATHE_TRIPLE_FAULT,  /* with option no-reboot */
    LATHE_DIVERGED,      /* with option engine=check: see lathe_divergence */
    LATHE_KERNEL_REFUSED /* it does not fit into the guest's memory; the log says why */
};

/* --- What there is ---------------------------------------------------------------------------------------
 */

/* Whether this build has a translator for the host. */
bool lathe_can_translate(void);

/* Processor models for option "cpu", oldest first, and rows of the instruction table. False behind the last.
 */
struct lathe_model {
    const char *name, *description;
    bool is_default;
};
bool lathe_model_at(unsigned index, struct lathe_model *model);

struct lathe_insn {
    const char *mnemonic, *encoding, *operands; /* as in the Intel SDM */
    const char *modes;                          /* where it exists; "" for everywhere */
};
bool lathe_insn_at(unsigned index, struct lathe_insn *insn);

/* --- Life ------------------------------------------------------------------------------------------- */

/* A machine that is not configured yet. Never NULL. */
struct lathe *lathe_new(void);

/* Flushes and closes media, frees everything. NULL is allowed. */
void lathe_free(struct lathe *lathe);

/* Message of the last call that failed; "" where none did. Valid until the next call. */
const char *lathe_error(const struct lathe *lathe);

const char *lathe_version(void);

/* --- Configuration: before lathe_power_on ------------------------------------------------------------- */

/* Sets an option by its command-line name without dashes; flags take "on" or "off". Files are opened by
 * lathe_power_on, values are checked here. */
bool lathe_set(struct lathe *lathe, const char *option, const char *value);

/* The options there are, in order: name and argument name (NULL for flags), help text. NULL after the last.
 */
struct lathe_option {
    const char *name, *argument, *help;
};
const struct lathe_option *lathe_option_at(size_t index);

/* Adds a disk, floppy, ISO or kernel file, recognised by its content. */
bool lathe_add_medium(struct lathe *lathe, const char *path);

/* Opens all files and builds the machine. */
bool lathe_power_on(struct lathe *lathe);

/* One line: what boots from where. After lathe_power_on. */
const char *lathe_boot_summary(const struct lathe *lathe);

/* Whether the configuration asks for wall-clock pacing, and a default where option "clock" was not given. */
bool lathe_clock_is_real(const struct lathe *lathe);
void lathe_default_clock(struct lathe *lathe, bool real);

/* --- Running ------------------------------------------------------------------------------------------ */

/* Runs until `insns` instructions have retired or `ns` virtual nanoseconds have passed since power-on, or
 * something else stops the machine. With the real clock it sleeps where virtual time is ahead. */
enum lathe_stop lathe_run(struct lathe *lathe, uint64_t insns, uint64_t ns);

/* Makes lathe_run return soon. Callable from signal handlers and other threads. */
void lathe_interrupt(struct lathe *lathe);

uint64_t lathe_insns(const struct lathe *lathe);
uint64_t lathe_time_ns(const struct lathe *lathe);

/* Instructions per virtual millisecond: the configured speed, less where the host cannot keep up. */
uint64_t lathe_khz(const struct lathe *lathe);

/* Before power-on: lathe_engine_stats is to tell all that it can. Costs some time, and changes nothing else.
 */
void lathe_measure(struct lathe *lathe);

/* What the engine has done since power-on. */
struct lathe_engine_stats {
    const char *engine; /* "interpreter", "translator" or "translator and interpreter" */
    /* Of the translator; 0 where the machine interprets. */
    uint64_t blocks, regions, guest_insns, host_bytes; /* translated; regions are blocks of several traces */
    uint64_t killed, flushes; /* blocks whose code was written to; times that all were dropped */
    uint64_t evicted;         /* blocks that made room for others, or whose trace did */
    uint64_t evictions;       /* times that the oldest blocks made room */
    uint64_t entries;         /* from the interpreter into translated code */
    uint64_t follows;         /* exits that found their target through the dispatcher */
    uint64_t calls;           /* of handlers, slow paths of memory accesses included */
    uint64_t tlb_lookups;     /* by slow paths and fetches */
    uint64_t tlb_walks;       /* of page tables */
    uint64_t trace_evictions; /* times that the oldest decoded traces made room */
    /* After lathe_measure alone, else 0. Instructions retired between entering translated code and leaving
     * it, and of these by handlers, where each iteration of a string instruction is one. */
    uint64_t inside, handled;
    /* Of blocks' straight code, as if each pass went through to the end: guest instructions, host
     * instructions and bytes. Bytes out of line are those that exist. */
    uint64_t straight_insns, straight_host_insns, straight_host_bytes, out_of_line;
    uint64_t probes, refused;    /* look-ups by translated code; those that it left to a handler */
    uint64_t shared;             /* operands that another's look-up served */
    uint64_t jumps, jump_misses; /* indirect ones; those whose target the jump cache did not know */
    /* Host time: of lathe_run without sleep; of the processor in that; translating, and in translated code
     * with its handlers, in that. */
    uint64_t run_ns, processor_ns, translating_ns, inside_ns;
};
void lathe_engine_stats(const struct lathe *lathe, struct lathe_engine_stats *stats);

/* The form of an instruction at `place` (0, 1, ...) among those that handlers executed in translated blocks,
 * because they are not translated or an access was slow, the most frequent first; false beyond the last. */
bool lathe_engine_handled(const struct lathe *lathe, unsigned place, const char **mnemonic,
                          const char **operands, uint64_t *times);

/* Process exit status by the command-line contract for a reason to stop: (value << 1) | 1 after a debug
 * exit. */
int lathe_exit_status(const struct lathe *lathe, enum lathe_stop stop);

/* After LATHE_DIVERGED: where and how the engines disagree, in several lines; else "". */
const char *lathe_divergence(const struct lathe *lathe);

/* True while the guest's processor is halted. *dead (may be NULL): nothing inside can wake it. */
bool lathe_is_idle(const struct lathe *lathe, bool *dead);

/* Writes everything the guest has written to durable storage. */
bool lathe_flush(struct lathe *lathe);

/* --- Keyboard, mouse, buttons -------------------------------------------------------------------------- */

/* One key, named by its USB HID usage (page 7), as SDL's scancodes are. */
void lathe_key(struct lathe *lathe, unsigned usage, bool down);

/* Presses and releases a combination such as "ctrl-alt-del", "shift-f1", "enter", "a". */
bool lathe_key_combo(struct lathe *lathe, const char *combo);

/* Types text on a US keyboard: queues it, at a rate that guests follow, waiting for the keyboard where it is
 * busy. lathe_typing tells whether some is left. */
bool lathe_type(struct lathe *lathe, const char *text);
bool lathe_typing(const struct lathe *lathe);

enum lathe_button { LATHE_BUTTON_LEFT = 1, LATHE_BUTTON_RIGHT = 2, LATHE_BUTTON_MIDDLE = 4 };

/* Relative motion (right, down, wheel towards the user) and the buttons that are held from now on. */
void lathe_mouse(struct lathe *lathe, int dx, int dy, int wheel, unsigned buttons);

void lathe_reset(struct lathe *lathe);
void lathe_power_button(struct lathe *lathe);

/* --- Serial ports and the debug console ---------------------------------------------------------------- */

/* Called for each byte that leaves COM `port` (0 = COM1). Up to eight listeners; a NULL function removes
 * those with that opaque pointer. */
typedef void lathe_serial_fn(void *opaque, unsigned port, uint8_t byte);
void lathe_on_serial(struct lathe *lathe, lathe_serial_fn *fn, void *opaque);

/* Bytes that the port takes now; and sending them (what exceeds the room is lost as on a real line). */
size_t lathe_serial_room(const struct lathe *lathe, unsigned port);
void lathe_serial_send(struct lathe *lathe, unsigned port, const void *bytes, size_t size);

/* Called for each byte written to port E9h (wants option debugcon). */
typedef void lathe_byte_fn(void *opaque, uint8_t byte);
void lathe_on_debugcon(struct lathe *lathe, lathe_byte_fn *fn, void *opaque);

/* --- Screen ------------------------------------------------------------------------------------------- */

/* A picture. Pixels are host-endian 0xRRGGBBFF words, rows without padding; a pixel is aspect_x : aspect_y
 * wide to high on the monitor. The pixels stay valid until the next call. */
struct lathe_frame {
    const uint32_t *pixels;
    unsigned width, height;
    unsigned aspect_x, aspect_y;
};
void lathe_frame(struct lathe *lathe, struct lathe_frame *frame);

/* The text screen as UTF-8 lines with trailing blanks removed; "" in graphics modes. Valid until the next
 * call. */
const char *lathe_screen_text(struct lathe *lathe);

/* Mode in words, e.g. "text 80x25". Valid until the next call. */
const char *lathe_screen_mode(struct lathe *lathe);

/* Writes a PNG. */
bool lathe_screenshot(struct lathe *lathe, const char *path);

/* --- Media -------------------------------------------------------------------------------------------- */

/* drive: "fda", "fdb", "hda".."hdd" (CD-ROM drives only), or "cdrom" for the first CD-ROM drive. */
bool lathe_insert(struct lathe *lathe, const char *drive, const char *path);
bool lathe_eject(struct lathe *lathe, const char *drive);

/* --- State -------------------------------------------------------------------------------------------- */

enum { LATHE_HASH_CHARS = 64 };

/* SHA-256 over everything that the guest could see, as hex. */
void lathe_state_hash(struct lathe *lathe, char hex[LATHE_HASH_CHARS + 1]);

/* Whole machine to and from a file. Loading wants a machine of the same configuration; where it fails, the
 * machine is as it was before. */
bool lathe_save(struct lathe *lathe, const char *path);
bool lathe_load(struct lathe *lathe, const char *path);

/* Readable "name = value" lines of one part of the machine ("cpu0", "pit", ...), or of all where NULL. The
 * caller frees the text with free(). */
char *lathe_dump(struct lathe *lathe, const char *part);

#ifdef __cplusplus
}
#endif

#endif
