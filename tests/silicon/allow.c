/* SPDX-License-Identifier: MIT */
#include "tests/silicon/allow.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/x86/decode.h"
#include "core/x86/fpu/x87.h"

typedef bool allow_condition(const struct allow_context *a, const struct silicon_difference *d);

struct allow_row {
    const char *vendor, *mnemonic;
    allow_condition *condition;
    uint32_t fields;
    const char *reason;
};

static bool no_x87_error_waits(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return !(load_le16(a->host->out.fx + FX_STATUS) & X87_ES);
}

static bool at_the_end(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->is_last;
}

static bool another_follows(const struct allow_context *a, const struct silicon_difference *d)
{
    return !at_the_end(a, d);
}

static bool pushes_selector(const struct allow_context *a, const struct silicon_difference *d)
{
    const char *operands = insn_table[a->executed->insn.row].operands;
    (void)d;
    return strlen(operands) == 2 && operands[1] == 'S';
}

static bool pushes_selector_first(const struct allow_context *a, const struct silicon_difference *d)
{
    return pushes_selector(a, d) && another_follows(a, d);
}

static bool pushes_selector_and_faults(const struct allow_context *a, const struct silicon_difference *d)
{
    return pushes_selector(a, d) && a->host->vector >= 0;
}

static bool wide_pointers(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->executed->insn.op_size == 8;
}

static bool offset_not_canonical(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->c->mode == MODE_64 && a->is_last && a->executed->insn.seg >= SEG_FS &&
           a->host->vector == VECTOR_GP && a->lathe->vector == VECTOR_PF;
}

static bool sets_mxcsr_17(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return load_le32(a->host->out.fx + FX_MXCSR) >> 17 & 1 && a->lathe->vector == VECTOR_GP;
}

static bool has_memory_operand(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->executed->insn.flags & INSN_MEM;
}

static bool ignores_waiting_error(const struct allow_context *a, const struct silicon_difference *d)
{
    return has_memory_operand(a, d) && a->lathe->vector == VECTOR_MF;
}

static bool only_c1(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)a;
    return d->status == X87_C1;
}

static bool only_mxcsr_pe(const struct allow_context *a, const struct silicon_difference *d)
{
    return a->host->vector == VECTOR_XM && d->mxcsr == FLOAT_PE;
}

static bool wraps_at_4_gib(const struct allow_context *a, const struct silicon_difference *d)
{
    bool faulted = a->host->vector >= 0 || a->lathe->vector >= 0;
    (void)d;
    return a->c->mode == MODE_32 && a->is_last && faulted && a->executed->address >= 0xFFFFFE00 &&
           a->executed->insn.flags & INSN_MEM;
}

static bool faults(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->host->vector >= 0;
}

static bool both_fault(const struct allow_context *a, const struct silicon_difference *d)
{
    return faults(a, d) && a->lathe->vector >= 0;
}

static bool raises_alignment_check(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->host->vector == VECTOR_AC;
}

static bool has_repeat_prefix(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->executed->insn.flags & (INSN_REP | INSN_REPNE);
}

static bool m80_faults(const struct allow_context *a, const struct silicon_difference *d)
{
    return both_fault(a, d) && strstr(insn_table[a->executed->insn.row].operands, "Mt");
}

static bool frame_beyond_4_gib(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return (a->c->in.gpr[GPR_SP] - 16) >> 32 || (a->lathe->out.gpr[GPR_SP] - 16) >> 32;
}

static bool steps_between_iterations(const struct allow_context *a, const struct silicon_difference *d)
{
    return a->host->vector == VECTOR_DB && a->lathe->vector == VECTOR_DB && d->flags == EFLAGS_RF &&
           a->is_last && a->executed->insn.flags & (INSN_REP | INSN_REPNE);
}

/* A branch led into the case's own instructions or the JMP behind them, and what these bytes are from there
 * on, of which the last may reach beyond, has faulted. */
static bool runs_its_own_bytes(const struct allow_context *a, const struct silicon_difference *d)
{
    uint64_t at = a->host->out.rip - a->c->in.rip, branch = 0;
    (void)d;
    for (unsigned i = 0; i + 1 < a->count; i++)
        branch += a->all[i].insn.length;
    return a->is_last && insn_table[a->executed->insn.row].class == CLASS_BRANCH &&
           a->host->out.rip == a->lathe->out.rip && at != branch && at < a->c->size + 5u + INSN_MAX_LENGTH;
}

/* A far branch led to compatibility mode, where the case's bytes are other instructions. */
static bool runs_in_another_mode(const struct allow_context *a)
{
    return a->c->mode == MODE_64 && a->is_last && a->host->out.seg[SEG_CS] != a->c->in.seg[SEG_CS] &&
           a->host->out.rip == a->lathe->out.rip;
}

static bool runs_into_waiting_error(const struct allow_context *a, const struct silicon_difference *d)
{
    return (runs_its_own_bytes(a, d) || runs_in_another_mode(a)) && a->lathe->vector == VECTOR_MF;
}

/* A branch led to a byte of the case, or of the JMP behind it, that is INT1. */
static bool runs_into_int1(const struct allow_context *a, const struct silicon_difference *d)
{
    uint8_t bytes[CASE_CODE + 5];
    uint64_t at = a->host->out.rip - a->c->in.rip;
    (void)d;
    return a->host->vector == VECTOR_DB && a->lathe->vector == VECTOR_DB &&
           a->lathe->out.rip == a->host->out.rip + 1 && at < silicon_code_bytes(a->c, bytes, sizeof bytes) &&
           bytes[at] == 0xF1;
}

static bool upper_halves(const struct allow_context *a, const struct silicon_difference *d)
{
    bool same = a->c->mode == MODE_64 && a->host->out.seg[SEG_CS] == SELECTOR_CODE_32;
    for (unsigned i = GPR_AX; i <= GPR_DI; i++)
        same &= (uint32_t)a->host->out.gpr[i] == (uint32_t)a->lathe->out.gpr[i];
    return same && !(d->gpr & 0xFF00);
}

static bool has_rex_w(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->executed->insn.op_size == 8;
}

static bool has_lock_prefix(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->executed->insn.flags & INSN_LOCK;
}

static bool meets_kernel(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->lathe->vector == VECTOR_PF && silicon_machine_is_kernel(a->c->mode, a->lathe->cr2);
}

static bool went_to_64_bit_code(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->c->mode == MODE_32 && a->host->out.seg[SEG_CS] == SELECTOR_CODE_64;
}

static bool not_a_program_address(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->host->vector == VECTOR_PF && a->host->cr2 >= UINT64_C(0x7FFFFFFFF000) &&
           (a->host->error ^ a->lathe->error) == PF_P;
}

static bool went_to_32_bit_code(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    return a->c->mode == MODE_64 && a->host->out.seg[SEG_CS] == SELECTOR_CODE_32 &&
           a->lathe->vector == RAN_TO_END;
}

static bool null_selectors(const struct allow_context *a, const struct silicon_difference *d)
{
    for (unsigned i = 0; i < 6; i++) {
        uint16_t host = a->host->out.seg[i], lathe = a->lathe->out.seg[i];
        if (host != lathe && (host > 3 || lathe > 3))
            return false;
    }
    (void)d;
    return true;
}

static bool faults_with_count_0(const struct allow_context *a, const struct silicon_difference *d)
{
    uint64_t count = a->host->out.gpr[GPR_CX] << a->executed->insn.addr_shift;
    return faults(a, d) && a->executed->insn.flags & (INSN_REP | INSN_REPNE) && count == 0;
}

/* Whether a byte of an x87 image belongs to FOP, FIP or FDP, or, of FXSAVE, to MXCSR_MASK. */
static bool is_pointer(const struct executed *e, uint64_t address)
{
    uint64_t at = address - e->address;
    const struct insn_row *row = &insn_table[e->insn.row];
    if (!strcmp(row->mnemonic, "FXSAVE"))
        return (at >= FX_OPCODE && at < FX_MXCSR) || (at >= FX_MXCSR_MASK && at < FX_ST);
    if (strcmp(row->mnemonic, "FNSTENV") != 0 && strcmp(row->mnemonic, "FNSAVE") != 0)
        return false;
    return e->insn.op_size == 2 ? at >= 6 && at < 14 : at >= 12 && at < 28;
}

static bool is_any_pointer(const struct allow_context *a, uint64_t address)
{
    for (unsigned i = 0; i < a->count; i++) {
        if (is_pointer(&a->all[i], address))
            return true;
    }
    return false;
}

static bool image_pointers(const struct allow_context *a, const struct silicon_difference *d)
{
    (void)d;
    for (unsigned i = 0; i < WRITABLE_PAGES * PAGE; i++) {
        uint64_t linear = i < DATA_PAGES * PAGE ? DATA + i : STACK + i - DATA_PAGES * PAGE;
        bool same = a->host->memory[i / PAGE][i % PAGE] == a->lathe->memory[i / PAGE][i % PAGE];
        if (!same && !is_any_pointer(a, linear))
            return false;
    }
    return true;
}

#define ALLOW(vendor, mnemonic, condition, fields, reason) {vendor, mnemonic, condition, fields, reason},

static const struct allow_row rows[] = {
#include "tests/silicon/allow.def"
    {NULL, NULL, NULL, 0, NULL},
};

static bool concerns(const struct allow_row *row, const struct allow_context *a)
{
    return (!row->vendor[0] || !strcmp(row->vendor, a->vendor)) &&
           (!row->mnemonic[0] || !strcmp(row->mnemonic, insn_table[a->executed->insn.row].mnemonic));
}

void allow_differences(const struct allow_context *a, struct silicon_difference *d)
{
    for (const struct allow_row *row = rows; row->vendor; row++) {
        if (concerns(row, a) && row->condition(a, d))
            d->fields &= ~row->fields;
    }
}
