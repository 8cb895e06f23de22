/* SPDX-License-Identifier: MIT */
/* x87 arithmetic, comparison and transcendental instructions: D8-DF decoded, core/x86/fpu computes. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/x87_access.h"
#include "core/x86/flags.h"

/* ModRM.reg without REX.R, which the FPU does not know. */
static enum x87_op operation(const struct insn *insn)
{
    return (enum x87_op)(insn->reg & 7);
}

/* --- Memory operands --- */

bool op_x87_m32(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, 4, &value))
        return false;
    x87_arith_m32(&cpu->x87, operation(insn), (uint32_t)value);
    return true;
}

bool op_x87_m64(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, 8, &value))
        return false;
    x87_arith_m64(&cpu->x87, operation(insn), value);
    return true;
}

bool op_x87_m32int(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, 4, &value))
        return false;
    x87_arith_int(&cpu->x87, operation(insn), (int32_t)value);
    return true;
}

bool op_x87_m16int(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, 2, &value))
        return false;
    x87_arith_int(&cpu->x87, operation(insn), (int16_t)value);
    return true;
}

/* --- Register operands --- */

bool op_x87_st0_sti(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_arith_st(&cpu->x87, operation(insn), 0, x87_sti(insn), false);
    return true;
}

/* DC and DE encode SUB as SUBR, DIV as DIVR and the other way round. */
static enum x87_op exchanged(const struct insn *insn)
{
    unsigned op = operation(insn);
    return (enum x87_op)(op >= X87_SUB ? op ^ 1 : op);
}

bool op_x87_sti_st0(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_arith_st(&cpu->x87, exchanged(insn), x87_sti(insn), 0, false);
    return true;
}

bool op_x87_sti_st0_pop(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_arith_st(&cpu->x87, exchanged(insn), x87_sti(insn), 0, true);
    return true;
}

static bool compare(struct cpu *cpu, const struct insn *insn, bool quiet, unsigned pops)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fcom(&cpu->x87, x87_sti(insn), quiet, pops);
    return true;
}

bool op_fcom(struct cpu *cpu, const struct insn *insn)
{
    return compare(cpu, insn, false, 0);
}

bool op_fcomp(struct cpu *cpu, const struct insn *insn)
{
    return compare(cpu, insn, false, 1);
}

bool op_fcompp(struct cpu *cpu, const struct insn *insn)
{
    return compare(cpu, insn, false, 2);
}

bool op_fucom(struct cpu *cpu, const struct insn *insn)
{
    return compare(cpu, insn, true, 0);
}

bool op_fucomp(struct cpu *cpu, const struct insn *insn)
{
    return compare(cpu, insn, true, 1);
}

bool op_fucompp(struct cpu *cpu, const struct insn *insn)
{
    return compare(cpu, insn, true, 2);
}

static bool compare_to_eflags(struct cpu *cpu, const struct insn *insn, bool quiet, bool pop)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    uint32_t flags = x87_fcomi(&cpu->x87, x87_sti(insn), quiet, pop);
    cpu_set_eflags(cpu, (cpu_get_eflags(cpu) & ~(uint32_t)EFLAGS_OSZAPC) | flags);
    return true;
}

bool op_fcomi(struct cpu *cpu, const struct insn *insn)
{
    return compare_to_eflags(cpu, insn, false, false);
}

bool op_fcomip(struct cpu *cpu, const struct insn *insn)
{
    return compare_to_eflags(cpu, insn, false, true);
}

bool op_fucomi(struct cpu *cpu, const struct insn *insn)
{
    return compare_to_eflags(cpu, insn, true, false);
}

bool op_fucomip(struct cpu *cpu, const struct insn *insn)
{
    return compare_to_eflags(cpu, insn, true, true);
}

/* --- Operands on the stack alone --- */

static bool simple(struct cpu *cpu, const struct insn *insn, void (*run)(struct x87 *f))
{
    if (!x87_begin_register(cpu, insn))
        return false;
    run(&cpu->x87);
    return true;
}

bool op_ftst(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_ftst);
}

bool op_fxam(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fxam);
}

bool op_fchs(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fchs);
}

bool op_fabs(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fabs);
}

bool op_f2xm1(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_f2xm1);
}

bool op_fyl2x(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fyl2x);
}

bool op_fptan(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fptan);
}

bool op_fpatan(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fpatan);
}

bool op_fxtract(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fxtract);
}

bool op_fprem1(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fprem1);
}

bool op_fprem(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fprem);
}

bool op_fdecstp(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fdecstp);
}

bool op_fincstp(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fincstp);
}

bool op_fyl2xp1(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fyl2xp1);
}

bool op_fsqrt(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fsqrt);
}

bool op_fsincos(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fsincos);
}

bool op_frndint(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_frndint);
}

bool op_fscale(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fscale);
}

bool op_fsin(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fsin);
}

bool op_fcos(struct cpu *cpu, const struct insn *insn)
{
    return simple(cpu, insn, x87_fcos);
}

/* --- Handlers --- */

#define OP op_x87_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_x87_m64
#include "core/x86/exec/x87_direct.inc"
#define OP op_x87_m32int
#include "core/x86/exec/x87_direct.inc"
#define OP op_x87_st0_sti
#include "core/x86/exec/x87_direct.inc"
#define OP op_x87_sti_st0
#include "core/x86/exec/x87_direct.inc"
#define OP op_x87_sti_st0_pop
#include "core/x86/exec/x87_direct.inc"
#define OP op_fcom
#include "core/x86/exec/x87_direct.inc"
#define OP op_fcomp
#include "core/x86/exec/x87_direct.inc"
#define OP op_fcompp
#include "core/x86/exec/x87_direct.inc"
#define OP op_fucom
#include "core/x86/exec/x87_direct.inc"
#define OP op_fucomp
#include "core/x86/exec/x87_direct.inc"
#define OP op_fucompp
#include "core/x86/exec/x87_direct.inc"
#define OP op_fcomi
#include "core/x86/exec/x87_direct.inc"
#define OP op_fcomip
#include "core/x86/exec/x87_direct.inc"
#define OP op_fucomi
#include "core/x86/exec/x87_direct.inc"
#define OP op_fucomip
#include "core/x86/exec/x87_direct.inc"
#define OP op_fchs
#include "core/x86/exec/x87_direct.inc"
#define OP op_fabs
#include "core/x86/exec/x87_direct.inc"
#define OP op_fsqrt
#include "core/x86/exec/x87_direct.inc"
