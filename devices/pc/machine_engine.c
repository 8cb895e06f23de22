/* SPDX-License-Identifier: MIT */
/* Which engine a machine runs on. */
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/x86/cpu.h"
#include "core/x86/insn.h"
#include "core/x86/trace.h"
#include "devices/pc/machine.h"
#include "devices/pc/machine_private.h"
#include "jit/jit.h"

bool machine_can_translate(void)
{
    return jit_is_available();
}

bool machine_attach_engine(struct machine *machine, struct error *err)
{
    const struct machine_engine *engine = &machine->config.engine;
    if (engine->kind == ENGINE_INTERPRET || (engine->kind == ENGINE_AUTO && !jit_is_available()))
        return true;
    struct jit_options options = {.threshold = engine->has_threshold ? engine->threshold : JIT_THRESHOLD,
                                  .cache_bytes = (size_t)engine->cache_bytes,
                                  .unlinked = engine->unlinked,
                                  .dumps = engine->dumps,
                                  .dump_pc = engine->dump_pc,
                                  .perf_map = engine->perf_map,
                                  .measure = engine->measure};
    struct error reason = {0};
    machine->jit = jit_new(machine->cpu, &options, &reason);
    if (machine->jit)
        return true;
    if (engine->kind != ENGINE_AUTO)
        return error_set(err, "--engine: %s", reason.text);
    log_write(&machine->log, LOG_WARN, "interpreting: %s", reason.text);
    return true;
}

bool machine_engine_stats(const struct machine *machine, struct machine_engine_stats *stats)
{
    *stats =
        (struct machine_engine_stats){.tlb = machine->cpu->tlb_counts,
                                      .trace_evictions = trace_cache_stats(machine->cpu->traces).evictions,
                                      .run_ns = machine->run_ns,
                                      .processor_ns = machine->processor_ns};
    if (!machine->jit)
        return false;
    stats->jit = *jit_get_stats(machine->jit);
    jit_measure(machine->jit, &stats->measured);
    return true;
}

bool machine_handled(const struct machine *machine, unsigned place, const char **mnemonic,
                     const char **operands, uint64_t *times)
{
    unsigned row;
    if (!machine->jit || !jit_handled(machine->jit, place, &row, times))
        return false;
    *mnemonic = insn_table[row].mnemonic;
    *operands = insn_table[row].operands;
    return true;
}
