/* SPDX-License-Identifier: MIT */
/* A processor as its user names it: a model, and what is to be different about it. */
#ifndef LATHE_CORE_X86_CPU_CHOICE_H
#define LATHE_CORE_X86_CPU_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

struct cpu_model;
struct error;

struct cpu_choice {
    const struct cpu_model *model;
    uint32_t cpuid_limit; /* highest CPUID leaf below 80000000h, as the firmware set-up of many boards limits
                             it; 0: the model's */
};

/* "MODEL[,cpuid_limit=N]"; NULL: the default model. False with *err. */
bool cpu_choice_parse(const char *text, struct cpu_choice *choice, struct error *err);

#endif
