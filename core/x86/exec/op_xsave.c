/* SPDX-License-Identifier: MIT */
/* FXSAVE and FXRSTOR (SDM 1, 10.5); XSAVE, XSAVEOPT, XRSTOR, XGETBV and XSETBV (SDM 1, chapter 13) for the
 * two state components that there are, x87 and SSE. Of the optimizations that XSAVEOPT may do, it always
 * does the one for components in their initial state, and never the one for unmodified components.
 *
 *     0 x87   24 MXCSR, its mask   32 ST or MM   160 XMM   512 XSTATE_BV   520 reserved   576 end */
#include <string.h>

#include "core/x86/exec/handlers.h"
#include "core/x86/exec/x87_access.h"
#include "core/x86/model.h"
#include "core/x86/xcr0.h"

enum area_offset {
    AREA_MXCSR = 24,
    AREA_MXCSR_MASK = 28,
    AREA_ST = 32,
    AREA_XMM = 160,
    AREA_XSTATE_BV = 512,
    AREA_ZERO = 520, /* 16 bytes that XRSTOR wants to be zero */
    AREA_END = XSAVE_AREA_SIZE,
};

enum { FX_PART = 8 }; /* bytes that FXSAVE and FXRSTOR move at a time */

/* --- Registers to and from an image --- */

/* XMM registers that exist in the present mode. */
static unsigned xmm_count(const struct cpu *cpu)
{
    return cpu->mode == MODE_64 ? 16 : 8;
}

static void mxcsr_to_image(const struct cpu *cpu, uint8_t *image)
{
    store_le32(image + AREA_MXCSR, cpu->mxcsr);
    store_le32(image + AREA_MXCSR_MASK, cpu_model_mxcsr_mask(cpu->model));
}

static void xmm_to_image(const struct cpu *cpu, uint8_t *image, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        store_le64(image + AREA_XMM + 16 * i, cpu->xmm[i][0]);
        store_le64(image + AREA_XMM + 8 + 16 * i, cpu->xmm[i][1]);
    }
}

static void xmm_from_image(struct cpu *cpu, const uint8_t *image, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        cpu->xmm[i][0] = load_le64(image + AREA_XMM + 16 * i);
        cpu->xmm[i][1] = load_le64(image + AREA_XMM + 8 + 16 * i);
    }
}

static bool mxcsr_is_valid(const struct cpu *cpu, const uint8_t *image)
{
    return !(load_le32(image + AREA_MXCSR) & ~cpu_model_mxcsr_mask(cpu->model));
}

/* --- FXSAVE, FXRSTOR --- */

/* None without CR4.OSFXSR or SSE. */
static unsigned fx_xmm_count(const struct cpu *cpu)
{
    if (!(cpu->cr4 & CR4_OSFXSR) || !cpu_model_has(cpu->model, FEATURE_SSE))
        return 0;
    return xmm_count(cpu);
}

/* All 512 bytes must be there, used or not. */
static bool fx_begin(struct cpu *cpu, const struct insn *insn, bool write)
{
    if (!x87_available(cpu))
        return false;
    uint64_t linear = cpu->seg[insn->seg].base + operand_offset(cpu, insn);
    if (linear & 15)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return x87_check(cpu, insn, AREA_XSTATE_BV, 1, write);
}

bool op_fxsave(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[AREA_XSTATE_BV] = {0};
    unsigned xmm = fx_xmm_count(cpu);
    if (!fx_begin(cpu, insn, true))
        return false;
    x87_fxsave(&cpu->x87, insn->op_size == 8, image);
    if (cpu_model_has(cpu->model, FEATURE_SSE))
        mxcsr_to_image(cpu, image);
    xmm_to_image(cpu, image, xmm);
    return x87_put_image(cpu, insn, image, AREA_XMM + 16 * xmm, FX_PART);
}

bool op_fxrstor(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[AREA_XSTATE_BV];
    unsigned xmm = fx_xmm_count(cpu);
    if (!fx_begin(cpu, insn, false) || !x87_load_image(cpu, insn, image, AREA_XMM + 16 * xmm, FX_PART))
        return false;
    if (xmm && !mxcsr_is_valid(cpu, image))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    x87_fxrstor(&cpu->x87, insn->op_size == 8, image);
    if (xmm)
        cpu->mxcsr = load_le32(image + AREA_MXCSR);
    xmm_from_image(cpu, image, xmm);
    x87_update_ferr(cpu);
    return true;
}

/* --- XSAVE, XSAVEOPT --- */

/* Components that are not in their initial state (SDM 1, 13.6). */
static uint64_t components_in_use(const struct cpu *cpu)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < xmm_count(cpu); i++)
        bits |= cpu->xmm[i][0] | cpu->xmm[i][1];
    return (x87_is_initial(&cpu->x87) ? 0 : XCR0_X87) | (bits ? XCR0_SSE : 0);
}

/* The components that the instruction is about: those of EDX:EAX that XCR0 has (RFBM). */
static uint64_t requested(const struct cpu *cpu)
{
    uint64_t mask = (uint64_t)(uint32_t)cpu->gpr[GPR_DX] << 32 | (uint32_t)cpu->gpr[GPR_AX];
    return mask & cpu->xcr0;
}

static bool xsave_available(struct cpu *cpu)
{
    if (!(cpu->cr4 & CR4_OSXSAVE))
        return cpu_fault(cpu, VECTOR_UD);
    return !(cpu->cr0 & CR0_TS) || cpu_fault(cpu, VECTOR_NM);
}

/* Availability, and all faults of the area, which is looked at as a whole. */
static bool area_begin(struct cpu *cpu, const struct insn *insn, bool write)
{
    gva_t linear;
    if (!xsave_available(cpu) ||
        !segment_check(cpu, (enum seg_index)insn->seg, operand_offset(cpu, insn), AREA_END, write, &linear))
        return false;
    if (linear & 63)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return linear_probe(cpu, linear, AREA_END, cpu->user, write);
}

/* Bytes [from, to) of the image, multiples of 8. */
static bool area_write(struct cpu *cpu, const struct insn *insn, const uint8_t *image, unsigned from,
                       unsigned to)
{
    uint64_t offset = operand_offset(cpu, insn);
    for (unsigned at = from; at < to; at += 8) {
        if (!mem_write(cpu, insn, (enum seg_index)insn->seg, operand_wrap(insn, offset + at), 8,
                       load_le64(image + at)))
            return false;
    }
    return true;
}

static bool area_read(struct cpu *cpu, const struct insn *insn, uint8_t *image, unsigned from, unsigned to)
{
    uint64_t offset = operand_offset(cpu, insn);
    for (unsigned at = from; at < to; at += 8) {
        uint64_t value;
        if (!mem_read(cpu, insn, (enum seg_index)insn->seg, operand_wrap(insn, offset + at), 8, &value))
            return false;
        store_le64(image + at, value);
    }
    return true;
}

/* `saved` of the requested components are written. MXCSR belongs to no component's initial state. */
static bool save(struct cpu *cpu, const struct insn *insn, uint64_t rfbm, uint64_t saved)
{
    uint8_t image[AREA_END] = {0};
    unsigned xmm = xmm_count(cpu);
    if (!area_read(cpu, insn, image, AREA_XSTATE_BV, AREA_ZERO))
        return false;
    uint64_t others = load_le64(image + AREA_XSTATE_BV) & ~rfbm;
    store_le64(image + AREA_XSTATE_BV, others | (components_in_use(cpu) & rfbm));
    x87_fxsave(&cpu->x87, insn->op_size == 8, image);
    mxcsr_to_image(cpu, image);
    xmm_to_image(cpu, image, xmm);
    if (saved & XCR0_X87 &&
        (!area_write(cpu, insn, image, 0, AREA_MXCSR) || !area_write(cpu, insn, image, AREA_ST, AREA_XMM)))
        return false;
    if (rfbm & XCR0_SSE && !area_write(cpu, insn, image, AREA_MXCSR, AREA_ST))
        return false;
    if (saved & XCR0_SSE && !area_write(cpu, insn, image, AREA_XMM, AREA_XMM + 16 * xmm))
        return false;
    return area_write(cpu, insn, image, AREA_XSTATE_BV, AREA_ZERO);
}

bool op_xsave(struct cpu *cpu, const struct insn *insn)
{
    uint64_t rfbm = requested(cpu);
    return area_begin(cpu, insn, true) && save(cpu, insn, rfbm, rfbm);
}

bool op_xsaveopt(struct cpu *cpu, const struct insn *insn)
{
    uint64_t rfbm = requested(cpu);
    return area_begin(cpu, insn, true) && save(cpu, insn, rfbm, rfbm & components_in_use(cpu));
}

/* --- XRSTOR --- */

/* The standard format with nothing but existing components (SDM 1, 13.8.1). */
static bool header_is_valid(const struct cpu *cpu, const uint8_t *image)
{
    return !(load_le64(image + AREA_XSTATE_BV) & ~cpu->xcr0) && !load_le64(image + AREA_ZERO) &&
           !load_le64(image + AREA_ZERO + 8);
}

static void restore_x87(struct cpu *cpu, const struct insn *insn, const uint8_t *image, bool present)
{
    if (present) {
        x87_fxrstor(&cpu->x87, insn->op_size == 8, image);
    } else {
        memset(&cpu->x87, 0, sizeof cpu->x87);
        x87_fninit(&cpu->x87);
    }
    x87_update_ferr(cpu);
}

/* Components that the image leaves out get their initial state. MXCSR is loaded in either case. */
bool op_xrstor(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[AREA_END];
    uint64_t rfbm = requested(cpu);
    unsigned xmm = xmm_count(cpu);
    if (!area_begin(cpu, insn, false) || !area_read(cpu, insn, image, 0, AREA_END))
        return false;
    if (!header_is_valid(cpu, image) || (rfbm & XCR0_SSE && !mxcsr_is_valid(cpu, image)))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    uint64_t present = load_le64(image + AREA_XSTATE_BV);
    if (rfbm & XCR0_X87)
        restore_x87(cpu, insn, image, (present & XCR0_X87) != 0);
    if (!(rfbm & XCR0_SSE))
        return true;
    cpu->mxcsr = load_le32(image + AREA_MXCSR);
    if (!(present & XCR0_SSE))
        memset(image + AREA_XMM, 0, 16 * xmm);
    xmm_from_image(cpu, image, xmm);
    return true;
}

/* --- XCR0 --- */

bool op_xgetbv(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    if (!(cpu->cr4 & CR4_OSXSAVE))
        return cpu_fault(cpu, VECTOR_UD);
    if ((uint32_t)cpu->gpr[GPR_CX])
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu->gpr[GPR_AX] = (uint32_t)cpu->xcr0;
    cpu->gpr[GPR_DX] = cpu->xcr0 >> 32;
    return true;
}

bool op_xsetbv(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = (uint64_t)(uint32_t)cpu->gpr[GPR_DX] << 32 | (uint32_t)cpu->gpr[GPR_AX];
    (void)insn;
    if (!(cpu->cr4 & CR4_OSXSAVE))
        return cpu_fault(cpu, VECTOR_UD);
    if (cpu->cpl || (uint32_t)cpu->gpr[GPR_CX] || !(value & XCR0_X87) || value & ~XCR0_ALL)
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    cpu->xcr0 = value;
    return true;
}
