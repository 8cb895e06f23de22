/* SPDX-License-Identifier: MIT */
/* x87 control instructions: control and status words, environments, FWAIT (SDM 1, 8.3.11). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/x87_access.h"

/* FNENI, FNDISI (8087) and FNSETPM (287): later processors ignore them. */
bool op_fnop_287(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return x87_available(cpu);
}

/* FWAIT looks at CR0.MP where the others look at CR0.EM (SDM 3A table 2-2). */
bool op_fwait(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if ((cpu->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        return cpu_fault(cpu, VECTOR_NM);
    return !x87_pending(&cpu->x87) || x87_report_error(cpu);
}

bool op_fnclex(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!x87_available(cpu))
        return false;
    x87_fnclex(&cpu->x87);
    x87_update_ferr(cpu);
    return true;
}

bool op_fninit(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!x87_available(cpu))
        return false;
    x87_fninit(&cpu->x87);
    x87_update_ferr(cpu);
    return true;
}

bool op_fldcw(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin(cpu) || !x87_load(cpu, insn, 2, &value))
        return false;
    x87_fldcw(&cpu->x87, (uint16_t)value);
    x87_update_ferr(cpu);
    return true;
}

bool op_fnstcw(struct cpu *cpu, const struct insn *insn)
{
    return x87_available(cpu) && x87_put(cpu, insn, 2, x87_fnstcw(&cpu->x87));
}

bool op_fnstsw(struct cpu *cpu, const struct insn *insn)
{
    return x87_available(cpu) && x87_put(cpu, insn, 2, x87_fnstsw(&cpu->x87));
}

bool op_fnstsw_ax(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!x87_available(cpu))
        return false;
    reg_write16(cpu, GPR_AX, x87_fnstsw(&cpu->x87));
    return true;
}

/* --- Environments --- */

static enum x87_layout layout(const struct cpu *cpu, const struct insn *insn)
{
    bool real = cpu_is_real_like(cpu);
    if (insn->op_size == 2)
        return real ? X87_REAL16 : X87_PROTECTED16;
    return real ? X87_REAL32 : X87_PROTECTED32;
}

static unsigned save_size(enum x87_layout layout)
{
    return x87_env_size(layout) + X87_SAVE_MAX - X87_ENV_MAX;
}

/* SDM 3A table 6-7: the operand size, whatever the fields. */
static unsigned image_align(const struct insn *insn)
{
    return insn->op_size == 2 ? 2 : 4;
}

bool op_fnstenv(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[X87_ENV_MAX];
    enum x87_layout form = layout(cpu, insn);
    if (!x87_available(cpu))
        return false;
    x87_fnstenv(&cpu->x87, form, image);
    if (!x87_put_image(cpu, insn, image, x87_env_size(form), image_align(insn)))
        return false;
    x87_fnstenv_commit(&cpu->x87);
    x87_update_ferr(cpu);
    return true;
}

bool op_fldenv(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[X87_ENV_MAX];
    enum x87_layout form = layout(cpu, insn);
    if (!x87_begin(cpu) || !x87_load_image(cpu, insn, image, x87_env_size(form), image_align(insn)))
        return false;
    x87_fldenv(&cpu->x87, form, image);
    x87_update_ferr(cpu);
    return true;
}

bool op_fnsave(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[X87_SAVE_MAX];
    enum x87_layout form = layout(cpu, insn);
    if (!x87_available(cpu))
        return false;
    x87_fnsave(&cpu->x87, form, image);
    if (!x87_put_image(cpu, insn, image, save_size(form), image_align(insn)))
        return false;
    x87_fnsave_commit(&cpu->x87);
    x87_update_ferr(cpu);
    return true;
}

bool op_frstor(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[X87_SAVE_MAX];
    enum x87_layout form = layout(cpu, insn);
    if (!x87_begin(cpu) || !x87_load_image(cpu, insn, image, save_size(form), image_align(insn)))
        return false;
    x87_frstor(&cpu->x87, form, image);
    x87_update_ferr(cpu);
    return true;
}
