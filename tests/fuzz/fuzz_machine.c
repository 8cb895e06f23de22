/* SPDX-License-Identifier: MIT */
/* Random guests on the whole machine. A case is a seed: processor model, memory, media, tables, code, and a
 * few legs, each with the processor seated anew and inputs posted. Nothing may crash, hang or trip an
 * assertion, and the case gives one state whatever way it is run:
 *
 *   whole     each leg in one call of machine_run, on the interpreter
 *   sliced    legs in random slices, hashed, drawn and interrupted in between, now and then saved and loaded
 *             into another machine that goes on; where there is a translator, everything is translated
 *
 * Every few legs cpu_check and jit_check compare what is derived with what it derives from.
 *
 * usage: fuzz_machine [FIRST [COUNT]], or LATHE_FUZZ_CASES=COUNT in the environment. A failure names its
 * seed. A case hangs after LATHE_FUZZ_WATCHDOG seconds of processor time, 60 without that variable.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/x86/check.h"
#include "core/x86/cpu.h"
#include "devices/pc/machine_private.h"
#include "devices/video/vga.h"
#include "devices/video/vga_render.h"
#include "devices/video/vga_text.h"
#include "devices/video/video_frame.h"
#include "jit/check.h"
#include "tests/fuzz/fuzz_board.h"
#include "tests/fuzz/fuzz_world.h"
#include "tests/fuzz/watchdog.h"

enum { LEGS = 24, LEG_INSNS = 1200, DEFAULT_CASES = 20, WATCHDOG_SECONDS = 60, DIGEST = 32 };

struct options {
    const struct world_files *files;
    uint64_t seed;
    bool verbose; /* hash after each leg, to find where two runs part */
};

static void say_failed(uint64_t seed, const char *way, unsigned leg, const char *what)
{
    fprintf(stderr, "fuzz_machine: seed %llu, %s, leg %u: %s\n", (unsigned long long)seed, way, leg, what);
}

/* Hangs and broken invariants are failures that name their seed, too. The number is written without stdio,
 * which a signal may not call. */
static volatile sig_atomic_t current_case;

static void on_signal(int number)
{
    char text[] = "fuzz_machine: case ........ aborts\n";
    unsigned rest = (unsigned)current_case;
    for (unsigned i = 0; i < 8; i++, rest /= 10)
        text[26 - i] = (char)('0' + rest % 10);
    if (number == SIGPROF)
        memcpy(text + 28, " hangs", 6);
    signal(SIGABRT, SIG_DFL);
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    abort();
}

/* Where a leg ends. */
static struct machine_until leg_end(const struct machine *machine, struct rng *rng)
{
    uint64_t insns = 1 + rng_below(rng, LEG_INSNS);
    uint64_t ns = insns * 1000000 / machine->config.khz * 4 + 1000000;
    return (struct machine_until){machine_insns(machine) + insns, machine_now_ns(machine) + ns};
}

static uint64_t before(uint64_t from, uint64_t to, struct rng *rng)
{
    uint64_t span = to > from ? to - from : 0, room = span < UINT32_MAX ? span : UINT32_MAX;
    return from + (rng_chance(rng, 30) ? rng_below(rng, 4) : rng_below(rng, (uint32_t)room / 2 + 1));
}

static void draw(struct machine *machine)
{
    struct video_frame frame = {0};
    struct screen_text text = {0};
    char mode[64];
    vga_render(machine_video(machine), machine_now_ns(machine), &frame);
    vga_text_read(machine_video(machine), &text);
    vga_describe(machine_video(machine), mode, sizeof mode);
    video_frame_free(&frame);
    screen_text_free(&text);
}

/* Saves *machine and goes on in a new one that was at something else before. */
static bool move_house(struct machine **machine, const struct world *world, struct rng *rng,
                       struct error *err)
{
    struct buffer state = {0};
    machine_save(*machine, &state);
    struct machine *other = world_machine(world);
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        if (!machine_medium(*machine, (enum machine_drive)i) && machine_medium(other, (enum machine_drive)i))
            machine_post(other, (struct input){.kind = INPUT_EJECT, .u.media.drive = (uint8_t)i});
    }
    if (rng_chance(rng, 50))
        world_seat(other, rng);
    machine_run(other, &(struct machine_until){rng_below(rng, 500) + 1, 1000000});
    struct reader in = {.data = state.data, .size = state.size};
    bool good = machine_load(other, &in, err);
    buffer_free(&state);
    machine_free(*machine);
    *machine = other;
    return good;
}

static void run_whole(struct machine *machine, const struct machine_until *end)
{
    machine_run(machine, end);
}

static bool run_sliced(struct machine **machine, const struct machine_until *end, const struct world *world,
                       struct rng *rng, struct error *err)
{
    for (unsigned slices = 0;; slices++) {
        struct machine_until until = *end;
        if (slices < 40)
            until.insns = before(machine_insns(*machine), end->insns, rng);
        if (slices < 40 && rng_chance(rng, 20))
            until.ns = before(machine_now_ns(*machine), end->ns, rng);
        if (until.insns > end->insns)
            until.insns = end->insns;
        if (until.ns > end->ns)
            until.ns = end->ns;
        if (rng_chance(rng, 10))
            machine_interrupt(*machine);
        uint8_t digest[DIGEST];
        if (rng_chance(rng, 10))
            machine_state_hash(*machine, digest);
        if (rng_chance(rng, 5))
            draw(*machine);
        if (rng_chance(rng, 4) && !(*machine)->inputs.count && !move_house(machine, world, rng, err))
            return false;
        enum machine_stop stop = machine_run(*machine, &until);
        if (stop == MACHINE_STOPPED)
            continue;
        if (stop != MACHINE_LIMIT || machine_insns(*machine) >= end->insns ||
            machine_now_ns(*machine) >= end->ns)
            return true;
    }
}

struct result {
    uint8_t digest[LEGS][DIGEST]; /* those of the last leg, or of all where verbose */
    char *dump[LEGS];             /* verbose only */
    unsigned legs;
};

static char *dump_text(struct machine *machine)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    machine_dump(machine, NULL, out);
    fclose(out);
    return text;
}

static struct machine_engine engine_of(const struct options *options, bool sliced)
{
    if (!sliced)
        return (struct machine_engine){.kind = ENGINE_INTERPRET};
    return (struct machine_engine){
        .kind = ENGINE_AUTO, .has_threshold = true, .unlinked = options->seed % 3 == 0};
}

/* The translator's tables are large: not after every leg. */
static bool check(struct machine *machine, unsigned leg, struct error *err)
{
    return cpu_check(machine->cpu, err) && (leg != LEGS - 1 || !machine->jit || jit_check(machine->jit, err));
}

static bool run_case(const struct options *options, bool sliced, struct result *result)
{
    struct rng rng = {options->seed}, slicer = {~options->seed};
    struct world world;
    struct error err = {{0}};
    bool good = true;
    world_draw(&world, &rng, options->files);
    world.engine = engine_of(options, sliced);
    struct machine *machine = world_machine(&world);
    for (unsigned leg = 0; leg < LEGS && good; leg++) {
        if (leg == 0 || rng_chance(&rng, 50))
            world_seat(machine, &rng);
        if (rng_chance(&rng, 30))
            world_disturb(machine, &world, &rng);
        if (rng_chance(&rng, 80))
            fuzz_board_step(machine, &rng);
        struct machine_until end = leg_end(machine, &rng);
        if (sliced)
            good = run_sliced(&machine, &end, &world, &slicer, &err);
        else
            run_whole(machine, &end);
        if (good && leg % 4 == 3)
            good = check(machine, leg, &err);
        if (!good)
            say_failed(options->seed, sliced ? "sliced" : "whole", leg, err.text);
        if (options->verbose || leg == LEGS - 1)
            machine_state_hash(machine, result->digest[leg]);
        if (options->verbose)
            result->dump[leg] = dump_text(machine);
    }
    machine_free(machine);
    return good;
}

/* Prints the lines in which two dumps differ, up to a few. */
static void print_difference(const char *a, const char *b)
{
    unsigned shown = 0;
    char part[80] = "";
    while (*a && *b && shown < 30) {
        size_t a_length = strcspn(a, "\n"), b_length = strcspn(b, "\n");
        if (a[0] == '[')
            snprintf(part, sizeof part, "%.*s", (int)a_length, a);
        if (a_length != b_length || memcmp(a, b, a_length) != 0) {
            fprintf(stderr, "  %s %.*s | %.*s\n", part, (int)(a_length < 200 ? a_length : 200), a,
                    (int)(b_length < 200 ? b_length : 200), b);
            shown++;
        }
        a += a_length + (a[a_length] != 0);
        b += b_length + (b[b_length] != 0);
    }
    if (!shown)
        fprintf(stderr, "  registers and chips are the same: memory differs\n");
}

/* Runs a case that came out in two ways once more, hashing after each leg. */
static void locate(struct options options)
{
    struct result whole = {0}, sliced = {0};
    options.verbose = true;
    run_case(&options, false, &whole);
    run_case(&options, true, &sliced);
    bool found = false;
    for (unsigned leg = 0; leg < LEGS; leg++) {
        if (!found && whole.dump[leg] && sliced.dump[leg] &&
            memcmp(whole.digest[leg], sliced.digest[leg], DIGEST) != 0) {
            found = true;
            say_failed(options.seed, "whole | sliced", leg, "states differ:");
            print_difference(whole.dump[leg], sliced.dump[leg]);
        }
        free(whole.dump[leg]);
        free(sliced.dump[leg]);
    }
    if (!found)
        say_failed(options.seed, "whole | sliced", LEGS, "states differ, but not when hashed after each leg");
}

static bool check_seed(const struct options *options)
{
    struct result whole = {0}, sliced = {0};
    if (!run_case(options, false, &whole) || !run_case(options, true, &sliced))
        return false;
    if (!memcmp(whole.digest[LEGS - 1], sliced.digest[LEGS - 1], DIGEST))
        return true;
    locate(*options);
    return false;
}

int main(int argc, char **argv)
{
    const char *cases = getenv("LATHE_FUZZ_CASES"), *watchdog = getenv("LATHE_FUZZ_WATCHDOG");
    unsigned seconds = watchdog ? (unsigned)strtoul(watchdog, NULL, 10) : WATCHDOG_SECONDS;
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2   ? strtoull(argv[2], NULL, 0)
                     : cases    ? strtoull(cases, NULL, 0)
                     : argc > 1 ? 1
                                : DEFAULT_CASES;
    struct world_files files;
    unsigned failed = 0;
    if (!world_files_new(&files))
        return EXIT_FAILURE;
    signal(SIGPROF, on_signal);
    signal(SIGABRT, on_signal);
    for (uint64_t i = 0; i < count && failed < 10; i++) {
        struct options options = {.files = &files, .seed = first + i};
        current_case = (sig_atomic_t)(first + i);
        watchdog_set(seconds);
        failed += !check_seed(&options);
    }
    watchdog_set(0);
    world_files_free(&files);
    printf("%llu cases from seed %llu: %s\n", (unsigned long long)count, (unsigned long long)first,
           failed ? "some failed" : "all fine");
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
