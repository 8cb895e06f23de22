/* SPDX-License-Identifier: MIT */
/* Life of a machine and its main loop: inputs, events, processor, each at its exact point in virtual time. */
#include "devices/pc/machine.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/host_time.h"
#include "core/base/sha256.h"
#include "core/x86/cpu.h"
#include "devices/media/media.h"
#include "devices/pc/board.h"
#include "devices/pc/machine_check.h"
#include "devices/pc/machine_private.h"
#include "jit/jit.h"

/* Longest stretch without a look at machine_interrupt. */
enum { RUN_MAX_INSNS = 4000000 };

static void close_media(const struct machine_config *config)
{
    for (unsigned i = 0; i < DRIVE_COUNT; i++)
        media_close(config->media[i]);
}

static uint64_t memory_bytes(const struct machine_config *config)
{
    const uint64_t rounding = 3 * MEM_PAGE_SIZE;
    return config->ram_bytes + config->bios.size + config->vgabios.size + config->kernel_rom.size + rounding +
           board_memory_bytes(config);
}

/* An event moved before what the processor was told: it comes back to be told anew. */
static void horizon_moved(void *self)
{
    struct machine *machine = self;
    if (machine->cpu)
        cpu_stop(machine->cpu);
}

static bool build(struct machine *machine, struct error *err)
{
    const struct machine_config *config = &machine->config;
    if (!memory_init(&machine->memory, memory_bytes(config), err)) {
        close_media(config);
        return false;
    }
    physmap_init(&machine->physmap, &machine->memory);
    clock_init(&machine->clock, config->khz);
    machine->clock.horizon_moved = horizon_moved;
    machine->clock.horizon_opaque = machine;
    machine->ports = portmap_new(config->log);
    machine->board = board_new(machine, err);
    if (!machine->board || !machine_attach_engine(machine, err))
        return false;
    if (config->engine.kind == ENGINE_CHECK)
        machine->check = machine_check_new(machine, err);
    return machine->check || config->engine.kind != ENGINE_CHECK;
}

struct machine *machine_new(const struct machine_config *config, struct error *err)
{
    struct machine *machine = alloc_zeroed(sizeof *machine);
    machine->config = *config;
    machine->entropy = config->seed;
    log_attach(config->log, &machine->log, "machine");
    if (build(machine, err))
        return machine;
    machine_free(machine);
    return NULL;
}

void machine_free(struct machine *machine)
{
    if (!machine)
        return;
    machine_check_free(machine->check);
    input_queue_free(&machine->inputs);
    jit_free(machine->jit);
    if (machine->board)
        board_free(machine->board);
    if (machine->ports) {
        portmap_free(machine->ports);
        physmap_free(&machine->physmap);
        memory_free(&machine->memory);
    }
    state_set_free(&machine->states);
    log_detach(&machine->log);
    alloc_free(machine);
}

void machine_request_reset(struct machine *machine, enum machine_reset reset)
{
    if (reset > machine->reset)
        machine->reset = reset;
    cpu_stop(machine->cpu);
}

void machine_stop(struct machine *machine, enum machine_stop stop)
{
    if (!machine->stopped)
        machine->stop = stop;
    machine->stopped = true;
    cpu_stop(machine->cpu);
}

void machine_interrupt(struct machine *machine)
{
    atomic_store(&machine->interrupted, true);
}

void machine_post_at(struct machine *machine, const struct input *input)
{
    if (input->kind == INPUT_SERIAL)
        machine->serial_queued[input->u.serial.port]++;
    if (input->kind == INPUT_KEY)
        machine->keys_queued++;
    input_queue_post(&machine->inputs, input);
}

void machine_post(struct machine *machine, struct input input)
{
    input.insns = machine->clock.insns;
    input.ns = clock_now(&machine->clock);
    if (machine->check)
        machine_check_post(machine->check, &input);
    machine_post_at(machine, &input);
}

static void apply_input(struct machine *machine, const struct input *input)
{
    switch (input->kind) {
    case INPUT_SPEED: clock_set_speed(&machine->clock, input->u.khz); break;
    case INPUT_STOP: atomic_store(&machine->interrupted, true); break;
    case INPUT_RESET: machine_request_reset(machine, PENDING_HARD); break;
    case INPUT_SERIAL:
        machine->serial_queued[input->u.serial.port]--;
        board_apply(machine->board, input);
        break;
    case INPUT_KEY:
        machine->keys_queued--;
        board_apply(machine->board, input);
        break;
    default: board_apply(machine->board, input); break;
    }
}

void machine_apply_due_inputs(struct machine *machine)
{
    struct input input;
    while (input_queue_take(&machine->inputs, machine->clock.insns, clock_now(&machine->clock), &input))
        apply_input(machine, &input);
}

static void apply_reset(struct machine *machine)
{
    enum machine_reset reset = machine->reset;
    if (reset == PENDING_INIT && cpu_holds_init(machine->cpu))
        return;
    machine->reset = PENDING_NONE;
    if (reset == PENDING_HARD)
        board_reset(machine->board);
    else if (reset == PENDING_INIT)
        board_reset_cpu(machine->board);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The host's time, 0 where nobody asks for it. */
static uint64_t measured_now(const struct machine *machine)
{
    return machine->config.engine.measure ? host_time_ns() : 0;
}

/* Runs the processor, or lets idle time pass, up to the next point where something else happens. */
static void advance(struct machine *machine, const struct machine_until *until)
{
    struct clock *clock = &machine->clock;
    uint64_t ns = until->ns, insns = until->insns, deadline;
    if (clock_next_deadline(clock, &deadline))
        ns = least(ns, deadline);
    const struct input *input = input_queue_peek(&machine->inputs);
    if (input)
        ns = least(ns, input->ns);
    if (cpu_is_idle(machine->cpu)) {
        if (ns != UINT64_MAX)
            clock_skip_to(clock, ns);
        return;
    }
    if (input && input->ns <= clock_now(clock))
        insns = least(insns, input->insns);
    if (ns != UINT64_MAX)
        insns = least(insns, clock_insns_at(clock, ns));
    uint64_t since = measured_now(machine);
    cpu_run(machine->cpu, least(insns, clock->insns + RUN_MAX_INSNS));
    machine->processor_ns += measured_now(machine) - since;
}

static enum machine_stop run(struct machine *machine, const struct machine_until *until)
{
    const struct clock *clock = &machine->clock;
    for (;;) {
        machine_apply_due_inputs(machine);
        clock_run_due(&machine->clock);
        if (machine->stopped)
            return machine->stop;
        apply_reset(machine);
        if (atomic_exchange(&machine->interrupted, false))
            return MACHINE_STOPPED;
        if (clock->insns >= until->insns || clock_now(clock) >= until->ns)
            return MACHINE_LIMIT;
        advance(machine, until);
    }
}

enum machine_stop machine_run_alone(struct machine *machine, const struct machine_until *until)
{
    uint64_t since = measured_now(machine);
    enum machine_stop stop = run(machine, until);
    machine->run_ns += measured_now(machine) - since;
    return stop;
}

enum machine_stop machine_run(struct machine *machine, const struct machine_until *until)
{
    return machine->check ? machine_check_run(machine->check, until) : machine_run_alone(machine, until);
}

const char *machine_divergence(const struct machine *machine)
{
    return machine->check ? machine_check_report(machine->check) : "";
}

uint64_t machine_insns(const struct machine *machine)
{
    return machine->clock.insns;
}

uint64_t machine_now_ns(const struct machine *machine)
{
    return clock_now(&machine->clock);
}

uint64_t machine_khz(const struct machine *machine)
{
    return machine->clock.khz;
}

uint32_t machine_exit_value(const struct machine *machine)
{
    return machine->exit_value;
}

bool machine_is_idle(const struct machine *machine, bool *dead)
{
    bool idle = cpu_is_idle(machine->cpu);
    *dead = idle && !(cpu_get_eflags(machine->cpu) & EFLAGS_IF) && !machine->cpu->nmi_pending;
    return idle;
}

size_t machine_serial_room(const struct machine *machine, unsigned port)
{
    size_t room = board_serial_room(machine->board, port), queued = machine->serial_queued[port];
    return room > queued ? room - queued : 0;
}

bool machine_keyboard_is_drained(const struct machine *machine)
{
    return !machine->keys_queued && board_keyboard_is_drained(machine->board);
}

struct media *machine_medium(const struct machine *machine, enum machine_drive drive)
{
    return board_medium(machine->board, drive);
}

struct vga *machine_video(struct machine *machine)
{
    return board_video(machine->board);
}

bool machine_flush_media(struct machine *machine)
{
    bool good = true;
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        struct media *media = board_medium(machine->board, (enum machine_drive)i);
        if (media && !media->read_only)
            good = media_flush(media) && good;
    }
    return good;
}
