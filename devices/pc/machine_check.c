/* SPDX-License-Identifier: MIT */
/* The shadow runs first. It reads the machine's media through views that keep its writes to themselves; what
 * the machine has written by then, the shadow has written before, so that both see the same bytes.
 *
 * After a divergence both are taken back to the last point that was saved and run again, to ever closer
 * counts, until the last equal one and the first different one are neighbours.
 */
#include "devices/pc/machine_check.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/x86/access.h"
#include "core/x86/cpu.h"
#include "devices/media/media.h"
#include "devices/pc/machine_private.h"

enum { SLICE_MOST = 2048, FAR_INSNS = 1 << 22, MOST_FIELDS = 24, CODE_SHOWN = 15 };

/* Where both were equal, and what came in since. */
struct checkpoint {
    struct buffer machine, shadow;
    struct input *inputs; /* media excepted */
    size_t count, capacity;
    bool media_changed; /* which cannot be taken back */
};

struct machine_check {
    struct machine *machine, *shadow;
    struct checkpoint from;
    uint64_t next_far;   /* instruction count of the next look at everything */
    uint64_t slice_seed; /* lengths vary, so that horizons fall anywhere */
    char *report;
};

/* --- Comparison -------------------------------------------------------------------------------------------
 */

static const struct state_part *processor(const struct machine *machine)
{
    const struct state_part *part = state_set_find(&machine->states, "cpu0");
    ASSERT(part);
    return part;
}

static bool same_processor(const struct machine_check *check)
{
    const struct state_part *a = processor(check->shadow), *b = processor(check->machine);
    return check->shadow->clock.insns == check->machine->clock.insns &&
           clock_now(&check->shadow->clock) == clock_now(&check->machine->clock) &&
           state_equal(a->desc, a->self, b->self);
}

static bool same_everything(const struct machine_check *check)
{
    const struct state_set *a = &check->shadow->states, *b = &check->machine->states;
    for (size_t i = 0; i < a->count; i++)
        if (!state_equal(a->parts[i].desc, a->parts[i].self, b->parts[i].self))
            return false;
    mem_t offset;
    return same_processor(check) && memory_equal(&check->shadow->memory, &check->machine->memory, &offset);
}

/* --- Checkpoints ------------------------------------------------------------------------------------------
 */

static void take_checkpoint(struct machine_check *check)
{
    struct checkpoint *from = &check->from;
    check->next_far = check->machine->clock.insns + FAR_INSNS;
    if (check->machine->inputs.count)
        return; /* what waits there is not part of the state: keep the older point */
    buffer_free(&from->machine);
    buffer_free(&from->shadow);
    machine_save(check->machine, &from->machine);
    machine_save(check->shadow, &from->shadow);
    from->count = 0;
    from->media_changed = false;
}

static bool restore(struct machine *machine, const struct buffer *state)
{
    struct reader in = {.data = state->data, .size = state->size};
    return machine_restore(machine, &in, NULL);
}

static bool go_back(struct machine_check *check)
{
    const struct checkpoint *from = &check->from;
    if (from->media_changed || !restore(check->machine, &from->machine) ||
        !restore(check->shadow, &from->shadow))
        return false;
    for (size_t i = 0; i < from->count; i++) {
        machine_post_at(check->machine, &from->inputs[i]);
        machine_post_at(check->shadow, &from->inputs[i]);
    }
    return true;
}

void machine_check_post(struct machine_check *check, const struct input *input)
{
    struct checkpoint *from = &check->from;
    struct input copy = *input;
    if (input->kind == INPUT_INSERT)
        copy.u.media.media = media_share(input->u.media.media);
    machine_post_at(check->shadow, &copy);
    if (input->kind == INPUT_INSERT || input->kind == INPUT_EJECT) {
        from->media_changed = true;
        return;
    }
    if (from->count == from->capacity) {
        from->capacity = from->capacity ? 2 * from->capacity : 64;
        from->inputs = alloc_resize(from->inputs, from->capacity * sizeof *from->inputs);
    }
    from->inputs[from->count++] = *input;
}

/* --- Running ----------------------------------------------------------------------------------------------
 */

/* Runs on through stops that somebody asked for, and notes them. */
static enum machine_stop run_to(struct machine *machine, const struct machine_until *until, bool *stopped)
{
    enum machine_stop stop;
    while ((stop = machine_run_alone(machine, until)) == MACHINE_STOPPED)
        *stopped = true;
    return stop;
}

/* Takes both to the same point. False where they disagree about why they stopped. */
static bool run_both(struct machine_check *check, const struct machine_until *until, enum machine_stop *stop,
                     bool *stopped)
{
    bool ignored = false;
    enum machine_stop shadow = run_to(check->shadow, until, &ignored);
    *stop = run_to(check->machine, until, stopped);
    return shadow == *stop;
}

/* --- After a divergence -----------------------------------------------------------------------------------
 */

static bool equal_at(struct machine_check *check, uint64_t insns, uint64_t ns, bool *known)
{
    enum machine_stop stop;
    bool stopped = false;
    *known = go_back(check);
    if (!*known)
        return false;
    return run_both(check, &(struct machine_until){insns, ns}, &stop, &stopped) && same_everything(check);
}

/* Narrows (*low, *high], equal at *low and different at *high. False where running again does not show it. */
static bool narrow(struct machine_check *check, uint64_t *low, uint64_t *high, uint64_t ns)
{
    bool known, good = !equal_at(check, *high, ns, &known) && known && equal_at(check, *low, ns, &known);
    while (good && *high - *low > 1) {
        uint64_t middle = *low + (*high - *low) / 2;
        if (equal_at(check, middle, ns, &known))
            *low = middle;
        else
            *high = middle;
    }
    return good;
}

static void print_place(struct machine *machine, FILE *out)
{
    struct cpu *cpu = machine->cpu;
    fprintf(out, "  at insns=%llu: %04X:%08llX, bytes", (unsigned long long)machine->clock.insns,
            cpu->seg[SEG_CS].selector, (unsigned long long)cpu->rip);
    for (unsigned i = 0; i < CODE_SHOWN; i++) {
        gva_t linear = (cpu->seg[SEG_CS].base + cpu->rip + i) & cpu->linear_mask;
        gpa_t physical;
        mem_t at;
        if (mmu_peek(cpu, linear, &physical) && physmap_read_memory(&machine->physmap, physical, &at))
            fprintf(out, " %02X", machine->memory.host[at]);
    }
    fputc('\n', out);
}

static void print_differences(const struct machine_check *check, FILE *out)
{
    const struct state_set *a = &check->shadow->states, *b = &check->machine->states;
    unsigned left = MOST_FIELDS;
    fprintf(out, "  fields that differ: interpreter, translator\n");
    if (check->shadow->clock.insns != check->machine->clock.insns)
        fprintf(out, "  insns = %llu, %llu\n", (unsigned long long)check->shadow->clock.insns,
                (unsigned long long)check->machine->clock.insns);
    for (size_t i = 0; i < a->count; i++)
        state_print_differences(a->parts[i].desc, a->parts[i].self, b->parts[i].self, a->parts[i].instance,
                                &left, out);
    mem_t offset;
    if (!memory_equal(&check->shadow->memory, &check->machine->memory, &offset))
        fprintf(out, "  memory at %llX = %02X, %02X\n", (unsigned long long)offset,
                check->shadow->memory.host[offset], check->machine->memory.host[offset]);
}

/* Both are beyond the divergence; they were equal at `low`. */
static enum machine_stop diverged(struct machine_check *check, uint64_t low)
{
    size_t size;
    FILE *out = open_memstream(&check->report, &size);
    ASSERT(out);
    uint64_t high = check->machine->clock.insns, shadow = check->shadow->clock.insns;
    uint64_t ns = clock_now(&check->machine->clock), other = clock_now(&check->shadow->clock);
    high = high > shadow ? high : shadow;
    ns = ns > other ? ns : other;
    fprintf(out, "the engines disagree between insns=%llu and insns=%llu\n", (unsigned long long)low,
            (unsigned long long)high);
    print_differences(check, out);
    check->machine->config.sinks = (struct machine_sinks){0};
    bool known;
    if (!narrow(check, &low, &high, ns)) {
        fprintf(out, "  run again from where both were saved, they agree or cannot be taken back\n");
    } else if (equal_at(check, low, ns, &known)) {
        fprintf(out, "  run again, the first difference is after insns=%llu\n", (unsigned long long)high);
        print_place(check->shadow, out);
        equal_at(check, high, ns, &known);
        print_differences(check, out);
    }
    fclose(out);
    return MACHINE_DIVERGED;
}

/* --- Life -------------------------------------------------------------------------------------------------
 */

static uint64_t slice_end(struct machine_check *check, uint64_t most)
{
    uint64_t now = check->machine->clock.insns;
    check->slice_seed = check->slice_seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    uint64_t length = 1 + (check->slice_seed >> 33) % SLICE_MOST;
    return most - now < length ? most : now + length;
}

enum machine_stop machine_check_run(struct machine_check *check, const struct machine_until *until)
{
    const struct clock *clock = &check->machine->clock;
    if (check->report)
        return MACHINE_DIVERGED;
    for (;;) {
        uint64_t before = clock->insns;
        struct machine_until slice = {until->insns > before ? slice_end(check, until->insns) : before,
                                      until->ns};
        enum machine_stop stop;
        bool stopped = false, far = slice.insns >= check->next_far || slice.insns == until->insns;
        bool agree = run_both(check, &slice, &stop, &stopped);
        far = far || stop != MACHINE_LIMIT;
        if (!agree || !(far ? same_everything(check) : same_processor(check)))
            return diverged(check, before);
        if (clock->insns >= check->next_far)
            take_checkpoint(check);
        if (stop != MACHINE_LIMIT)
            return stop;
        if (stopped)
            return MACHINE_STOPPED;
        if (clock->insns >= until->insns || clock_now(clock) >= until->ns)
            return MACHINE_LIMIT;
    }
}

void machine_check_settle(struct machine_check *check)
{
    machine_apply_due_inputs(check->shadow);
}

void machine_check_follow(struct machine_check *check)
{
    struct buffer state = {0};
    struct error err = {{0}};
    machine_save_parts(check->machine, &state);
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        struct media *media = machine_medium(check->shadow, (enum machine_drive)i);
        struct reader nothing = {.data = (const uint8_t[8]){0}, .size = 8}; /* an overlay without clusters */
        if (media && !media->read_only)
            media_load(media, &nothing, NULL);
    }
    struct reader in = {.data = state.data, .size = state.size};
    bool good = machine_load_parts(check->shadow, &in, &err);
    ASSERT(good);
    buffer_free(&state);
    take_checkpoint(check);
}

struct machine_check *machine_check_new(struct machine *machine, struct error *err)
{
    struct machine_config config = machine->config;
    config.engine = (struct machine_engine){.kind = ENGINE_INTERPRET};
    config.sinks = (struct machine_sinks){0};
    config.log = NULL;
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        struct media *media = machine_medium(machine, (enum machine_drive)i);
        config.media[i] = media ? media_share(media) : NULL;
    }
    struct machine *shadow = machine_new(&config, err);
    if (!shadow)
        return NULL;
    struct machine_check *check = alloc_zeroed(sizeof *check);
    check->machine = machine;
    check->shadow = shadow;
    check->slice_seed = config.seed;
    take_checkpoint(check);
    return check;
}

void machine_check_free(struct machine_check *check)
{
    if (!check)
        return;
    machine_free(check->shadow);
    buffer_free(&check->from.machine);
    buffer_free(&check->from.shadow);
    alloc_free(check->from.inputs);
    free(check->report);
    alloc_free(check);
}

const char *machine_check_report(const struct machine_check *check)
{
    return check->report ? check->report : "";
}
