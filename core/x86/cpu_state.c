/* SPDX-License-Identifier: MIT */
/* The processor's state description: everything that the guest can see, and nothing derived. */
#include "core/base/state.h"
#include "core/x86/cpu.h"
#include "core/x86/trace.h"

static const struct state_field segment_fields[] = {
    STATE_SCALAR(struct segment, base),        STATE_SCALAR(struct segment, limit),
    STATE_SCALAR(struct segment, selector),    STATE_SCALAR(struct segment, attributes),
    STATE_SCALAR(struct segment, hidden_base), STATE_END};

static const struct state_field table_fields[] = {STATE_SCALAR(struct descriptor_table, base),
                                                  STATE_SCALAR(struct descriptor_table, limit), STATE_END};

static const struct state_field msr_fields[] = {STATE_SCALAR(struct cpu_msrs, tsc_offset),
                                                STATE_SCALAR(struct cpu_msrs, apic_base),
                                                STATE_SCALAR(struct cpu_msrs, sysenter_cs),
                                                STATE_SCALAR(struct cpu_msrs, sysenter_esp),
                                                STATE_SCALAR(struct cpu_msrs, sysenter_eip),
                                                STATE_SCALAR(struct cpu_msrs, pat),
                                                STATE_SCALAR(struct cpu_msrs, mtrr_def_type),
                                                STATE_ARRAY(struct cpu_msrs, mtrr_fixed),
                                                STATE_ARRAY(struct cpu_msrs, mtrr_base),
                                                STATE_ARRAY(struct cpu_msrs, mtrr_mask),
                                                STATE_SCALAR(struct cpu_msrs, star),
                                                STATE_SCALAR(struct cpu_msrs, lstar),
                                                STATE_SCALAR(struct cpu_msrs, cstar),
                                                STATE_SCALAR(struct cpu_msrs, fmask),
                                                STATE_SCALAR(struct cpu_msrs, kernel_gs_base),
                                                STATE_SCALAR(struct cpu_msrs, tsc_aux),
                                                STATE_SCALAR(struct cpu_msrs, debugctl),
                                                STATE_SCALAR(struct cpu_msrs, mcg_status),
                                                STATE_SCALAR(struct cpu_msrs, misc_enable),
                                                STATE_SCALAR(struct cpu_msrs, bios_sign_id),
                                                STATE_ARRAY(struct cpu_msrs, perfctr),
                                                STATE_ARRAY(struct cpu_msrs, evntsel),
                                                STATE_END};

static const struct state_field exception_fields[] = {
    STATE_SCALAR(struct exception, pending), STATE_SCALAR(struct exception, has_error),
    STATE_SCALAR(struct exception, vector), STATE_SCALAR(struct exception, error), STATE_END};

static const struct state_field tlb_entry_fields[] = {STATE_SCALAR(struct tlb_entry, page),
                                                      STATE_SCALAR(struct tlb_entry, frame),
                                                      STATE_SCALAR(struct tlb_entry, rights), STATE_END};

static const struct state_field tlb_fields[] = {
    STATE_DIGESTED_ARRAY(struct tlb, entry, tlb_entry_fields, digest), STATE_END};

static const struct state_field x87_fields[] = {
    STATE_ARRAY(struct x87, mantissa), STATE_ARRAY(struct x87, sign_exponent),
    STATE_SCALAR(struct x87, control), STATE_SCALAR(struct x87, status),
    STATE_SCALAR(struct x87, top),     STATE_SCALAR(struct x87, tag),
    STATE_SCALAR(struct x87, fop),     STATE_SCALAR(struct x87, fcs),
    STATE_SCALAR(struct x87, fds),     STATE_SCALAR(struct x87, fip),
    STATE_SCALAR(struct x87, fdp),     STATE_END};

static const struct state_field smm_io_fields[] = {
    STATE_SCALAR(struct smm_io, valid),     STATE_SCALAR(struct smm_io, input),
    STATE_SCALAR(struct smm_io, string),    STATE_SCALAR(struct smm_io, repeated),
    STATE_SCALAR(struct smm_io, immediate), STATE_SCALAR(struct smm_io, size),
    STATE_SCALAR(struct smm_io, port),      STATE_SCALAR(struct smm_io, rip),
    STATE_SCALAR(struct smm_io, rcx),       STATE_SCALAR(struct smm_io, rsi),
    STATE_SCALAR(struct smm_io, rdi),       STATE_END};

static const struct state_field cpu_fields[] = {
    {"gpr", STATE_KIND_UINT, offsetof(struct cpu, gpr), 8, GPR_ZERO, NULL, 0},
    STATE_SCALAR(struct cpu, rip),
    STATE_SCALAR(struct cpu, flag_result),
    STATE_SCALAR(struct cpu, flag_aux),
    STATE_SCALAR(struct cpu, eflags),
    STATE_STRUCT_ARRAY(struct cpu, seg, segment_fields),
    STATE_STRUCT(struct cpu, gdtr, table_fields),
    STATE_STRUCT(struct cpu, idtr, table_fields),
    STATE_SCALAR(struct cpu, cr0),
    STATE_SCALAR(struct cpu, cr2),
    STATE_SCALAR(struct cpu, cr3),
    STATE_SCALAR(struct cpu, cr4),
    STATE_SCALAR(struct cpu, cr8),
    STATE_SCALAR(struct cpu, efer),
    STATE_ARRAY(struct cpu, pdpte),
    STATE_ARRAY(struct cpu, dr),
    STATE_STRUCT(struct cpu, msr, msr_fields),
    STATE_STRUCT(struct cpu, x87, x87_fields),
    STATE_SCALAR(struct cpu, ferr),
    STATE_SCALAR(struct cpu, ignne),
    {"xmm", STATE_KIND_UINT, offsetof(struct cpu, xmm), 8, 32, NULL, 0},
    STATE_SCALAR(struct cpu, mxcsr),
    STATE_SCALAR(struct cpu, xcr0),
    STATE_SCALAR(struct cpu, cpl),
    STATE_SCALAR(struct cpu, activity),
    STATE_SCALAR(struct cpu, shadow),
    STATE_SCALAR(struct cpu, intr),
    STATE_SCALAR(struct cpu, nmi_pending),
    STATE_SCALAR(struct cpu, nmi_blocked),
    STATE_SCALAR(struct cpu, smm),
    STATE_SCALAR(struct cpu, smi_pending),
    STATE_STRUCT(struct cpu, smi_io, smm_io_fields),
    STATE_SCALAR(struct cpu, smbase),
    STATE_SCALAR(struct cpu, smm_nmi_blocked),
    STATE_SCALAR(struct cpu, smm_debug_hits),
    STATE_SCALAR(struct cpu, a20_masked),
    STATE_SCALAR(struct cpu, debug_hits),
    STATE_SCALAR(struct cpu, repeating),
    STATE_STRUCT(struct cpu, exception, exception_fields),
    STATE_STRUCT(struct cpu, tlb, tlb_fields),
    STATE_SCALAR(struct cpu, fetch_page),
    STATE_SCALAR(struct cpu, fetch_frame),
    STATE_END};

/* The TLB's entries and lazy flags take their one canonical form. */
static void before_save(void *self)
{
    struct cpu *cpu = self;
    cpu_set_eflags(cpu, cpu_get_eflags(cpu));
    tlb_order(&cpu->tlb);
    if (cpu->fetch_page == FETCH_NONE)
        cpu->fetch_frame = 0;
    if (!cpu->exception.pending)
        cpu->exception = (struct exception){0};
}

/* What mirrors the TLB is found by its entries, which the load overwrites. */
static void before_load(void *self)
{
    tlb_flush(self, false);
}

static bool after_load(void *self, struct error *err)
{
    struct cpu *cpu = self;
    (void)err;
    cpu->user = cpu->cpl == 3;
    cpu_derive(cpu);
    tlb_rebuild(cpu);
    trace_cache_clear(cpu);
    cpu_refetch(cpu);
    return true;
}

static const struct state_desc cpu_desc = {
    "cpu", 2, cpu_fields, .before_save = before_save, .after_load = after_load, .before_load = before_load};

void cpu_register_state(struct cpu *cpu, struct state_set *set)
{
    state_set_add(set, "cpu0", &cpu_desc, cpu);
}
