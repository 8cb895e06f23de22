/* SPDX-License-Identifier: MIT */
/* Which engine a machine runs on. */
#include "core/base/error.h"
#include "core/base/log.h"
#include "devices/pc/machine.h"
#include "devices/pc/machine_private.h"
#include "jit/jit.h"

bool machine_attach_engine(struct machine *machine, struct error *err)
{
    const struct machine_engine *engine = &machine->config.engine;
    if (engine->kind == ENGINE_INTERPRET || (engine->kind == ENGINE_AUTO && !jit_is_available()))
        return true;
    struct jit_options options = {.threshold = engine->has_threshold ? engine->threshold : JIT_THRESHOLD,
                                  .unlinked = engine->unlinked};
    struct error reason = {0};
    machine->jit = jit_new(machine->cpu, &options, &reason);
    if (machine->jit)
        return true;
    if (engine->kind != ENGINE_AUTO)
        return error_set(err, "--engine: %s", reason.text);
    log_write(&machine->log, LOG_WARN, "interpreting: %s", reason.text);
    return true;
}

const struct jit_stats *machine_jit_stats(const struct machine *machine)
{
    return machine->jit ? jit_get_stats(machine->jit) : NULL;
}
