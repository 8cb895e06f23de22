/* SPDX-License-Identifier: MIT */
/* State of the whole machine: hash, save, load, dump. The parts describe themselves; the clock is saved here,
 * because deadlines are relative to it. */
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/x86/cpu.h"
#include "core/x86/model.h"
#include "devices/media/media.h"
#include "devices/pc/board.h"
#include "devices/pc/machine_check.h"
#include "devices/pc/machine_private.h"

enum { MODEL_BYTES = 32 }; /* of a processor's name, its zero included */

static const struct state_field clock_fields[] = {
    STATE_SCALAR(struct clock, insns), STATE_SCALAR(struct clock, base_insns),
    STATE_SCALAR(struct clock, base_ns), STATE_SCALAR(struct clock, khz), STATE_END};
static const struct state_desc clock_desc = {.name = "clock", .version = 1, .fields = clock_fields};

static const struct state_field machine_fields[] = {
    STATE_SCALAR(struct machine, reset),   STATE_SCALAR(struct machine, stopped),
    STATE_SCALAR(struct machine, stop),    STATE_SCALAR(struct machine, exit_value),
    STATE_SCALAR(struct machine, entropy), STATE_END};
static const struct state_desc machine_desc = {.name = "machine", .version = 1, .fields = machine_fields};

/* What was posted since the last run belongs to this instant, and so to the state. */
static void settle(struct machine *machine)
{
    machine_apply_due_inputs(machine);
    if (machine->check)
        machine_check_settle(machine->check);
}

void machine_state_hash(struct machine *machine, uint8_t digest[SHA256_BYTES])
{
    struct sha256 sha;
    settle(machine);
    sha256_init(&sha);
    state_hash(&clock_desc, &machine->clock, &sha);
    state_hash(&machine_desc, machine, &sha);
    for (size_t i = 0; i < machine->states.count; i++)
        state_hash(machine->states.parts[i].desc, machine->states.parts[i].self, &sha);
    memory_hash(&machine->memory, &sha);
    sha256_final(&sha, digest);
}

/* What the processor is: no state, but a state makes sense on no other. */
static void save_processor(const struct machine *machine, struct buffer *out)
{
    char model[MODEL_BYTES];
    snprintf(model, sizeof model, "%s", machine->cpu->model->name);
    buffer_append_le(out, strlen(model), 1);
    buffer_append(out, model, strlen(model));
    buffer_append_le(out, machine->cpu->max_leaf, 4);
}

static bool check_processor(const struct machine *machine, struct reader *in, struct error *err)
{
    const struct cpu *cpu = machine->cpu;
    char model[MODEL_BYTES] = "";
    size_t length = reader_take_le(in, 1);
    if (length >= sizeof model)
        return error_set(err, "the name of its processor is damaged");
    reader_take(in, model, length);
    if (strcmp(model, cpu->model->name) != 0)
        return error_set(err, "saved with processor '%s', this machine has '%s'", model, cpu->model->name);
    if (reader_take_le(in, 4) != cpu->max_leaf)
        return error_set(err, "saved with another cpuid_limit");
    return true;
}

static void save_media(struct machine *machine, struct buffer *out)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        struct media *media = board_medium(machine->board, (enum machine_drive)i);
        buffer_append_le(out, media != NULL, 1);
        if (media)
            media_save(media, out);
    }
}

static bool load_media(struct machine *machine, struct reader *in, struct error *err)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        struct media *media = board_medium(machine->board, (enum machine_drive)i);
        bool present = reader_take_le(in, 1) != 0;
        if (present != (media != NULL))
            return error_set(err, "other media are in the drives than when it was saved");
        if (media && !media_load(media, in, err))
            return false;
    }
    return true;
}

void machine_save(struct machine *machine, struct buffer *out)
{
    settle(machine);
    state_save(&clock_desc, &machine->clock, out);
    state_save(&machine_desc, machine, out);
    save_processor(machine, out);
    save_media(machine, out);
    state_set_save(&machine->states, out);
    memory_save(&machine->memory, out);
}

void machine_save_parts(struct machine *machine, struct buffer *out)
{
    state_save(&clock_desc, &machine->clock, out);
    state_save(&machine_desc, machine, out);
    state_set_save(&machine->states, out);
    memory_save(&machine->memory, out);
}

bool machine_load_parts(struct machine *machine, struct reader *in, struct error *err)
{
    return state_load(&clock_desc, &machine->clock, in, err) && state_load(&machine_desc, machine, in, err) &&
           state_set_load(&machine->states, in, err) && memory_load(&machine->memory, in, err);
}

bool machine_restore(struct machine *machine, struct reader *in, struct error *err)
{
    return state_load(&clock_desc, &machine->clock, in, err) && state_load(&machine_desc, machine, in, err) &&
           check_processor(machine, in, err) && load_media(machine, in, err) &&
           state_set_load(&machine->states, in, err) && memory_load(&machine->memory, in, err) &&
           (in->position == in->size || error_set(err, "there is more than a machine's state in it"));
}

bool machine_load(struct machine *machine, struct reader *in, struct error *err)
{
    struct buffer before = {0};
    machine_save(machine, &before);
    bool good = machine_restore(machine, in, err);
    struct reader undo = {.data = before.data, .size = before.size};
    bool whole = good || machine_restore(machine, &undo, NULL);
    ASSERT(whole);
    buffer_free(&before);
    if (machine->check)
        machine_check_follow(machine->check);
    return good;
}

void machine_dump(struct machine *machine, const char *part, FILE *out)
{
    for (size_t i = 0; i < machine->states.count; i++) {
        const struct state_part *p = &machine->states.parts[i];
        if (part && strcmp(part, p->instance))
            continue;
        if (!part)
            fprintf(out, "[%s]\n", p->instance);
        state_dump(p->desc, p->self, out);
    }
}
