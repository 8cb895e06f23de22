/* SPDX-License-Identifier: MIT */
/* What the machine and its board share. */
#ifndef LATHE_DEVICES_PC_MACHINE_PRIVATE_H
#define LATHE_DEVICES_PC_MACHINE_PRIVATE_H

#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/memory.h"
#include "core/mem/physmap.h"
#include "core/mem/portmap.h"
#include "devices/pc/machine.h"

struct board;
struct cpu;
struct error;
struct jit;
struct machine_check;

/* Resets wait for the next instruction boundary. The stronger one wins. */
enum machine_reset { PENDING_NONE, PENDING_INIT, PENDING_HARD };

struct machine {
    struct machine_config config;
    struct log_source log;
    struct clock clock;
    struct memory memory;
    struct physmap physmap;
    struct portmap *ports;
    struct cpu *cpu;
    struct jit *jit;             /* NULL: the interpreter alone */
    struct machine_check *check; /* of ENGINE_CHECK, else NULL */
    struct board *board;
    struct input_queue inputs;
    struct state_set states;
    enum machine_reset reset;
    bool stopped;
    enum machine_stop stop; /* where stopped */
    uint32_t exit_value;
    uint64_t entropy;
    uint32_t serial_queued[MACHINE_SERIAL_PORTS]; /* posted bytes that wait in the input queue */
    uint32_t keys_queued;
    atomic_bool interrupted;
    uint64_t run_ns, processor_ns; /* see machine_engine_stats */
};

/* Gives the new processor the engine that the configuration names. */
bool machine_attach_engine(struct machine *machine, struct error *err);

/* machine_run without lockstep; machine_post of an input that is stamped, for this machine alone. */
enum machine_stop machine_run_alone(struct machine *machine, const struct machine_until *until);
void machine_post_at(struct machine *machine, const struct input *input);

/* Applies what was posted for this point in time or before. */
void machine_apply_due_inputs(struct machine *machine);

/* State without media; machine_load that leaves a half-loaded machine where it fails. */
void machine_save_parts(struct machine *machine, struct buffer *out);
bool machine_load_parts(struct machine *machine, struct reader *in, struct error *err);
bool machine_restore(struct machine *machine, struct reader *in, struct error *err);

/* Asks for a reset at the next instruction boundary. Callable from devices. */
void machine_request_reset(struct machine *machine, enum machine_reset reset);

/* Ends the run at the next instruction boundary, for good. */
void machine_stop(struct machine *machine, enum machine_stop stop);

#endif
