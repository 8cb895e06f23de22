/* SPDX-License-Identifier: MIT */
#include "core/x86/cpu_choice.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/x86/model.h"

enum { NAME_MAX_LENGTH = 31 };

static bool find_model(const char *name, size_t length, struct cpu_choice *choice, struct error *err)
{
    char copy[NAME_MAX_LENGTH + 1] = {0};
    if (length <= NAME_MAX_LENGTH) {
        memcpy(copy, name, length);
        choice->model = cpu_model_find(copy);
    }
    return choice->model ||
           error_set(err, "there is no processor model '%.*s'; 'lathe info' lists them", (int)length, name);
}

static bool set_cpuid_limit(const char *value, struct cpu_choice *choice, struct error *err)
{
    char *end;
    unsigned long limit = strtoul(value, &end, 10);
    if (!choice->model->max_leaf)
        return error_set(err, "cpuid_limit: the model %s has no CPUID", choice->model->name);
    if (value[0] < '0' || value[0] > '9' || *end || limit < 1 || limit > 255)
        return error_set(err, "cpuid_limit: '%s' is not a number from 1 to 255", value);
    choice->cpuid_limit = (uint32_t)limit;
    return true;
}

bool cpu_choice_parse(const char *text, struct cpu_choice *choice, struct error *err)
{
    static const char limit[] = "cpuid_limit=";
    *choice = (struct cpu_choice){0};
    if (!text) {
        choice->model = cpu_model_default();
        return true;
    }
    size_t length = strcspn(text, ",");
    if (!find_model(text, length, choice, err))
        return false;
    const char *property = text + length;
    if (!*property)
        return true;
    if (!strncmp(property + 1, limit, sizeof limit - 1))
        return set_cpuid_limit(property + sizeof limit, choice, err);
    return error_set(err, "'%s' is no property of a processor; there is cpuid_limit=N", property + 1);
}
