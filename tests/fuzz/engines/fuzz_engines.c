/* SPDX-License-Identifier: MIT */
/* The same random guest on every engine: the interpreter is right, the others must agree with it in all that
 * the guest can see, at every instruction count at which they are stopped.
 *
 * usage: fuzz_engines [FIRST [COUNT]], or LATHE_FUZZ_CASES=COUNT in the environment. A failure names its seed
 * and the first instruction after which two engines differ.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/access.h"
#include "core/x86/check.h"
#include "core/x86/trace.h"
#include "jit/check.h"
#include "jit/jit.h"
#include "tests/fuzz/engines/guest.h"
#include "tests/fuzz/watchdog.h"

enum { LEGS = 40, DEFAULT_CASES = 60, WATCHDOG_SECONDS = 120 };

enum { INTERPRETER, CONTENDERS = 5 };

static const struct contender {
    const char *name;
    bool interprets;
    struct jit_options options;
    size_t trace_bytes; /* 0: as many as there may be */
    bool sliced;        /* legs are run in random slices */
} contenders[CONTENDERS] = {
    [INTERPRETER] = {.name = "interpreter", .interprets = true},
    {.name = "interpreter with few traces", .interprets = true, .trace_bytes = 1},
    {.name = "translator with little room", .options = {.cache_bytes = 1}},
    {.name = "unlinked translator with few traces in slices",
     .options = {.unlinked = true, .measure = true},
     .trace_bytes = 48 << 10,
     .sliced = true},
    {.name = "translator with a threshold and room that grows",
     .options = {.threshold = 2, .measure = true, .cache_bytes = 1, .cache_most = 512 << 10},
     .trace_bytes = 48 << 10},
};

/* One processor of a case. */
struct run {
    const struct contender *contender;
    struct cpu_fixture fixture;
    struct jit *jit;
    struct state_set states;
};

static void start(struct run *run, unsigned number, const struct guest *guest)
{
    struct error err = {{0}};
    run->contender = &contenders[number];
    cpu_fixture_init_sized(&run->fixture, guest->model, GUEST_RAM);
    if (!run->contender->interprets) {
        run->jit = jit_new(run->fixture.cpu, &run->contender->options, &err);
        if (!run->jit) {
            fprintf(stderr, "fuzz_engines: %s\n", err.text);
            exit(EXIT_FAILURE);
        }
    }
    if (run->contender->trace_bytes)
        trace_cache_limit(run->fixture.cpu, run->contender->trace_bytes, 2 * run->contender->trace_bytes);
    cpu_register_state(run->fixture.cpu, &run->states);
    guest_fill(guest, &run->fixture);
}

static void finish(struct run *run)
{
    jit_free(run->jit);
    state_set_free(&run->states);
    cpu_fixture_free(&run->fixture);
}

/* --- One leg ----------------------------------------------------------------------------------------------
 */

/* What a leg is made of follows from its number; `limit` cuts it short. */
static void run_leg(struct run *run, const struct guest *guest, unsigned leg, uint64_t limit)
{
    struct rng rng = {guest->seed + leg}, slicer = {guest->seed ^ leg};
    struct cpu_fixture *f = &run->fixture;
    bool seat = leg == 0 || rng_chance(&rng, 20) || cpu_is_idle(f->cpu);
    bool disturb = rng_chance(&rng, 25), interrupt = rng_chance(&rng, 35);
    uint64_t insns = 1 + rng_below(&rng, rng_chance(&rng, 30) ? 100 : 6000);
    uint64_t end = f->clock.insns + (insns < limit ? insns : limit);
    if (seat)
        guest_seat(guest, f, &rng);
    if (disturb)
        guest_disturb(guest, f, &rng);
    if (interrupt) {
        f->intr_vector = GUEST_TIMER_VECTOR;
        cpu_set_intr(f->cpu, true);
    }
    while (f->clock.insns < end && !cpu_is_idle(f->cpu)) {
        uint64_t slice = run->contender->sliced ? 1 + rng_below(&slicer, 300) : UINT64_MAX;
        cpu_run(f->cpu, end - f->clock.insns < slice ? end : f->clock.insns + slice);
    }
}

static bool same_floats(const struct cpu *a, const struct cpu *b)
{
    const struct x87 *x = &a->x87, *y = &b->x87;
    return !memcmp(x->mantissa, y->mantissa, sizeof x->mantissa) &&
           !memcmp(x->sign_exponent, y->sign_exponent, sizeof x->sign_exponent) && x->control == y->control &&
           x->status == y->status && x->top == y->top && x->tag == y->tag && x->fop == y->fop &&
           x->fip == y->fip && x->fcs == y->fcs && x->fdp == y->fdp && x->fds == y->fds &&
           a->mxcsr == b->mxcsr && !memcmp(a->xmm, b->xmm, sizeof a->xmm);
}

static bool same_registers(const struct run *a, const struct run *b)
{
    const struct cpu *x = a->fixture.cpu, *y = b->fixture.cpu;
    return !memcmp(x->gpr, y->gpr, sizeof x->gpr) && x->rip == y->rip &&
           cpu_get_eflags(x) == cpu_get_eflags(y) && same_floats(x, y) &&
           a->fixture.clock.insns == b->fixture.clock.insns &&
           !memcmp(a->fixture.memory.host, b->fixture.memory.host, GUEST_RAM);
}

static bool same_state(const struct run *a, const struct run *b)
{
    struct buffer x = {0}, y = {0};
    state_set_save(&a->states, &x);
    state_set_save(&b->states, &y);
    bool same = x.size == y.size && !memcmp(x.data, y.data, x.size);
    buffer_free(&x);
    buffer_free(&y);
    return same && same_registers(a, b);
}

/* --- Reports ----------------------------------------------------------------------------------------------
 */

static char *dump_text(struct run *run)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    state_dump(run->states.parts[0].desc, run->states.parts[0].self, out);
    fprintf(out, "eflags = %08x\n", cpu_get_eflags(run->fixture.cpu));
    fprintf(out, "insns = %llu\n", (unsigned long long)run->fixture.clock.insns);
    fclose(out);
    return text;
}

static void print_difference(struct run *a, struct run *b)
{
    char *x = dump_text(a), *y = dump_text(b), *at = x, *bt = y;
    for (unsigned shown = 0; *at && *bt && shown < 20;) {
        size_t length = strcspn(at, "\n"), other = strcspn(bt, "\n");
        if (length != other || memcmp(at, bt, length) != 0) {
            fprintf(stderr, "  %.*s\n  %.*s\n", (int)length, at, (int)other, bt);
            shown++;
        }
        at += length + (at[length] != 0);
        bt += other + (bt[other] != 0);
    }
    free(x);
    free(y);
    const uint8_t *p = a->fixture.memory.host, *q = b->fixture.memory.host;
    for (unsigned i = 0, shown = 0; i < GUEST_RAM && shown < 8; i++)
        if (p[i] != q[i]) {
            fprintf(stderr, "  memory %05X: %02X, %02X\n", i, p[i], q[i]);
            shown++;
        }
}

static void print_place(const struct run *run)
{
    const struct cpu *cpu = run->fixture.cpu;
    gpa_t at = 0;
    fprintf(stderr, "  before it: %04X:%08llX flags %08X, bytes", cpu->seg[SEG_CS].selector,
            (unsigned long long)cpu->rip, cpu_get_eflags(cpu));
    for (unsigned i = 0; i < 15; i++)
        if (mmu_peek(run->fixture.cpu, (cpu->seg[SEG_CS].base + cpu->rip + i) & cpu->linear_mask, &at) &&
            at < GUEST_RAM)
            fprintf(stderr, " %02X", run->fixture.memory.host[at]);
    fputc('\n', stderr);
}

/* Runs two contenders up to `limit` instructions into a leg. True where they agree. */
static bool agree(const struct guest *guest, unsigned number, unsigned last_leg, uint64_t limit, bool tell)
{
    struct run *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    if (!a || !b)
        abort();
    start(a, INTERPRETER, guest);
    start(b, number, guest);
    for (unsigned leg = 0; leg <= last_leg; leg++) {
        run_leg(a, guest, leg, leg == last_leg ? limit : UINT64_MAX);
        run_leg(b, guest, leg, leg == last_leg ? limit : UINT64_MAX);
    }
    bool same = same_state(a, b);
    if (tell && same)
        print_place(a);
    else if (tell)
        print_difference(a, b);
    finish(a);
    finish(b);
    free(a);
    free(b);
    return same;
}

static void locate(const struct guest *guest, unsigned number, unsigned leg)
{
    uint64_t low = 0, high = 8192; /* agrees after low, differs after high */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (agree(guest, number, leg, middle, false))
            low = middle;
        else
            high = middle;
    }
    fprintf(stderr, "  first seen after instruction %llu of the leg (values: interpreter, then the other)\n",
            (unsigned long long)high);
    agree(guest, number, leg, low, true);
    agree(guest, number, leg, high, true);
}

/* --- Cases ------------------------------------------------------------------------------------------------
 */

static volatile sig_atomic_t current_case;

static void on_watchdog(int signal)
{
    (void)signal;
    char text[] = "fuzz_engines: case ........ hangs\n";
    unsigned number = (unsigned)current_case;
    for (unsigned i = 0; i < 8; i++, number /= 10)
        text[26 - i] = (char)('0' + number % 10);
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    abort();
}

/* The direct table is large: not after every leg. */
static bool check_translator(const struct run *run, unsigned leg, struct error *err)
{
    return !run->jit || leg % 20 != 19 || jit_check(run->jit, err);
}

static bool check_leg(struct run *runs, const struct guest *guest, uint64_t seed, unsigned leg)
{
    struct error err = {{0}};
    bool thorough = leg % 4 == 3;
    for (unsigned i = 0; i < CONTENDERS; i++) {
        if (thorough && (!cpu_check(runs[i].fixture.cpu, &err) || !check_translator(&runs[i], leg, &err))) {
            fprintf(stderr, "fuzz_engines: seed %llu, leg %u, %s: %s\n", (unsigned long long)seed, leg,
                    contenders[i].name, err.text);
            return false;
        }
        if (thorough ? same_state(&runs[INTERPRETER], &runs[i])
                     : same_registers(&runs[INTERPRETER], &runs[i]))
            continue;
        fprintf(stderr, "fuzz_engines: seed %llu, mode %u, leg %u: the %s differs from the interpreter\n",
                (unsigned long long)seed, (unsigned)guest->mode, leg, contenders[i].name);
        locate(guest, i, leg);
        return false;
    }
    return true;
}

/* Instructions told apart by who executed them are those that there were. */
static bool shares_add_up(const struct run *run)
{
    struct jit_measured measured;
    return !run->jit || !jit_measure(run->jit, &measured) ||
           (measured.handled <= measured.inside && measured.inside <= run->fixture.clock.insns);
}

/* What the cases of a process did, to see that they did something. */
struct totals {
    uint64_t insns, blocks, entries, killed, evicted, flushes, parts, spans;
};

static void add_to_totals(struct totals *totals, const struct run *run)
{
    totals->parts += trace_cache_stats(run->fixture.cpu->traces).evictions;
    if (!run->jit)
        return;
    const struct jit_stats *stats = jit_get_stats(run->jit);
    totals->blocks += stats->blocks;
    totals->entries += stats->entries;
    totals->killed += stats->killed;
    totals->evicted += stats->evicted;
    totals->flushes += stats->flushes;
    totals->spans += stats->evictions;
}

static bool check_seed(uint64_t seed, struct totals *totals)
{
    struct rng rng = {seed};
    struct guest guest;
    guest_draw(&guest, &rng);
    struct run *runs = calloc(CONTENDERS, sizeof *runs);
    if (!runs)
        abort();
    bool good = true;
    for (unsigned i = 0; i < CONTENDERS; i++)
        start(&runs[i], i, &guest);
    for (unsigned leg = 0; leg < LEGS && good; leg++) {
        for (unsigned i = 0; i < CONTENDERS; i++)
            run_leg(&runs[i], &guest, leg, UINT64_MAX);
        good = check_leg(runs, &guest, seed, leg);
    }
    for (unsigned i = 0; i < CONTENDERS && good; i++) {
        good = shares_add_up(&runs[i]);
        if (!good)
            fprintf(stderr, "fuzz_engines: seed %llu, %s: more instructions than were executed\n",
                    (unsigned long long)seed, contenders[i].name);
    }
    totals->insns += runs[INTERPRETER].fixture.clock.insns;
    for (unsigned i = 0; i < CONTENDERS; i++)
        add_to_totals(totals, &runs[i]);
    for (unsigned i = 0; i < CONTENDERS; i++)
        finish(&runs[i]);
    free(runs);
    return good;
}

int main(int argc, char **argv)
{
    const char *cases = getenv("LATHE_FUZZ_CASES");
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    uint64_t count = argc > 2   ? strtoull(argv[2], NULL, 0)
                     : cases    ? strtoull(cases, NULL, 0)
                     : argc > 1 ? 1
                                : DEFAULT_CASES;
    struct totals totals = {0};
    bool failed = false;
    signal(SIGPROF, on_watchdog);
    for (uint64_t i = 0; i < count && !failed; i++) {
        current_case = (sig_atomic_t)(first + i);
        watchdog_set(WATCHDOG_SECONDS);
        failed = !check_seed(first + i, &totals);
    }
    watchdog_set(0);
    printf(
        "%llu cases from seed %llu, %llu instructions each engine, %llu blocks, %llu killed, %llu evicted, "
        "%llu flushes, %llu parts of traces, %llu spans, %llu entries: %s\n",
        (unsigned long long)count, (unsigned long long)first, (unsigned long long)totals.insns,
        (unsigned long long)totals.blocks, (unsigned long long)totals.killed,
        (unsigned long long)totals.evicted, (unsigned long long)totals.flushes,
        (unsigned long long)totals.parts, (unsigned long long)totals.spans,
        (unsigned long long)totals.entries, failed ? "the last one failed" : "all fine");
    return failed || !totals.entries ? EXIT_FAILURE : EXIT_SUCCESS;
}
