/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "core/x86/exec/handlers.h"

insn_fn *exec_base_form(insn_fn *general)
{
    static const struct {
        insn_fn *general, *base;
    } forms[] = {
#define FORM(name, width) {name##_m##width, name##_b##width},
#include "core/x86/exec/base_forms.def"
#undef FORM
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (forms[i].general == general)
            return forms[i].base;
    }
    return general;
}
