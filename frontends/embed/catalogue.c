/* SPDX-License-Identifier: MIT */
/* Engines, processor models and instructions, for listings. */
#include "core/x86/insn.h"
#include "core/x86/model.h"
#include "devices/pc/machine.h"
#include "frontends/embed/lathe.h"

bool lathe_can_translate(void)
{
    return machine_can_translate();
}

bool lathe_model_at(unsigned index, struct lathe_model *model)
{
    const struct cpu_model *found = cpu_model_at(index);
    if (!found)
        return false;
    *model = (struct lathe_model){found->name, found->description, found == cpu_model_default()};
    return true;
}

static const char *mode_text(unsigned modes)
{
    if (modes & NOT_64)
        return "not in 64-bit mode";
    if (modes & ONLY_64)
        return "64-bit mode only";
    return modes & NOT_REAL ? "protected mode" : "";
}

bool lathe_insn_at(unsigned index, struct lathe_insn *insn)
{
    if (index >= insn_table_rows)
        return false;
    const struct insn_row *row = &insn_table[index];
    *insn = (struct lathe_insn){row->mnemonic, row->encoding, row->operands, mode_text(row->modes)};
    return true;
}
