/* SPDX-License-Identifier: MIT */
/* Cases on a Lathe machine: a processor at privilege level 3 with paging, in 32-bit protected mode (PAE, NX)
 * or in 64-bit mode, whose memory, descriptors and gates look to the case as the host's do. */
#ifndef LATHE_TESTS_SILICON_MACHINE_H
#define LATHE_TESTS_SILICON_MACHINE_H

#include "core/x86/insn.h"
#include "tests/silicon/case.h"

struct cpu;
struct silicon_machine;

/* How cases are executed: cpu_run on a processor with an engine attached. */
struct silicon_engine {
    const char *name;
    bool translates;
};

/* Engines by index; NULL behind the last. */
const struct silicon_engine *silicon_engine_at(unsigned i);

/* One machine for each mode. Owned by the caller. NULL where the engine does not run on this host. */
struct silicon_machine *silicon_machine_new(const struct silicon_engine *engine, unsigned mode);
void silicon_machine_free(struct silicon_machine *machine);

/* Whether a linear address belongs to the machine's kernel. */
bool silicon_machine_is_kernel(unsigned mode, uint64_t address);

/* A descriptor in the machine's GDT or LDT, with what LAR and LSL say of it. */
void silicon_machine_describe(struct silicon_machine *machine, uint16_t selector, uint32_t rights,
                              uint32_t limit);

/* EXIT as a case reads it: the page's bytes, but for the one where a case arrives. */
void silicon_machine_show_exit(struct silicon_machine *machine, const uint8_t page[PAGE]);

/* What a case arrives at: INT3, or INT1 instead. */
void silicon_machine_end_with(struct silicon_machine *machine, bool int1);

void silicon_machine_run(struct silicon_machine *machine, const struct silicon_case *c,
                         struct silicon_outcome *o);

/* Decodes an instruction as the machine's processor does. False where the bytes hold no whole one. */
bool silicon_machine_decode(const struct silicon_machine *machine, const uint8_t *bytes, unsigned size,
                            struct insn *insn);

#endif
