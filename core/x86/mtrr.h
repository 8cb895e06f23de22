/* SPDX-License-Identifier: MIT */
/* Memory type range registers (SDM 3A 11.11). They are storage: memory is coherent whatever its type; but
 * what may be written to them is checked. */
#ifndef LATHE_CORE_X86_MTRR_H
#define LATHE_CORE_X86_MTRR_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

/* The register behind an MSR index; NULL where that is none of them. */
uint64_t *mtrr_register(struct cpu *cpu, uint32_t index);

/* Whether a register may have this value: types that exist, reserved bits clear. */
bool mtrr_value_is_valid(const struct cpu *cpu, uint32_t index, uint64_t value);

#endif
