/* SPDX-License-Identifier: MIT */
/* Cases on the host's own processor: 64-bit code, and 32-bit code in Linux's compatibility mode. */
#ifndef LATHE_TESTS_SILICON_NATIVE_H
#define LATHE_TESTS_SILICON_NATIVE_H

#include "core/x86/insn.h"
#include "tests/silicon/case.h"

/* Maps the memory of layout.h, sets up segments and catches signals, for the whole process. NULL, or why
 * cases cannot run here. */
const char *native_start(void);

/* Runs a case. Only between native_start and native_stop. */
void native_run(const struct silicon_case *c, struct silicon_outcome *o);
void native_stop(void);

/* Whether the host's processor executes a feature's rows. */
bool native_has(enum insn_feature feature);

/* What LAR and LSL say of a selector; false where the descriptor is not visible. */
bool native_descriptor(uint16_t selector, uint32_t *rights, uint32_t *limit);

/* The bytes of EXIT. */
const uint8_t *native_exit(void);

/* CPUID vendor, 12 characters, and the processor's name. */
const char *native_vendor(char text[13]);
const char *native_name(char text[49]);

#endif
