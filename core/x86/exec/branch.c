/* SPDX-License-Identifier: MIT */
/* Near jumps, calls, returns and loops. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/load_store.h"
#include "core/x86/exec/modify.h"
#include "core/x86/exec/sized.h"
#include "core/x86/flags.h"

/* Beyond the limit of CS; in 64-bit mode, not canonical. */
static inline bool bad_target(const struct cpu *cpu, uint64_t target)
{
    if (cpu->mode == MODE_64)
        return !is_canonical(target);
    return target >= cpu->code_end;
}

#define WIDTH 16
#include "core/x86/exec/branch.inc"
#undef WIDTH
#define WIDTH 32
#include "core/x86/exec/branch.inc"
#undef WIDTH
#define WIDTH 64
#include "core/x86/exec/branch.inc"
#undef WIDTH
