/* SPDX-License-Identifier: MIT */
#include "tests/silicon/judge.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/x86/fpu/x87.h"
#include "core/x86/undefined.h"
#include "tests/silicon/allow.h"

/* --- What differs --- */

static void note(struct silicon_difference *d, bool differs, enum silicon_field field)
{
    if (differs)
        d->fields |= field;
}

static void compare_x87(const uint8_t *a, const uint8_t *b, struct silicon_difference *d)
{
    note(d, load_le16(a + FX_CONTROL) != load_le16(b + FX_CONTROL), DIFF_X87_CONTROL);
    note(d, a[FX_TAG] != b[FX_TAG], DIFF_X87_TAGS);
    note(d, memcmp(a + FX_OPCODE, b + FX_OPCODE, FX_MXCSR - FX_OPCODE) != 0, DIFF_X87_POINTERS);
    d->status = load_le16(a + FX_STATUS) ^ load_le16(b + FX_STATUS);
    note(d, d->status, DIFF_X87_STATUS);
    for (unsigned i = 0; i < 8; i++) {
        if (memcmp(a + FX_ST + 16 * i, b + FX_ST + 16 * i, 10) != 0)
            d->st |= (uint16_t)(1u << i);
    }
    note(d, d->st, DIFF_ST);
}

static void compare_fx(const uint8_t *a, const uint8_t *b, struct silicon_difference *d)
{
    if (!memcmp(a, b, FX_MXCSR_MASK) && !memcmp(a + FX_ST, b + FX_ST, FX_USED - FX_ST))
        return;
    compare_x87(a, b, d);
    d->mxcsr = load_le32(a + FX_MXCSR) ^ load_le32(b + FX_MXCSR);
    note(d, d->mxcsr, DIFF_MXCSR);
    for (unsigned i = 0; i < 16; i++) {
        if (memcmp(a + FX_XMM + 16 * i, b + FX_XMM + 16 * i, 16) != 0)
            d->xmm |= (uint16_t)(1u << i);
    }
    note(d, d->xmm, DIFF_XMM);
}

void silicon_compare(const struct silicon_outcome *a, const struct silicon_outcome *b,
                     struct silicon_difference *d)
{
    *d = (struct silicon_difference){0};
    note(d, a->vector != b->vector, DIFF_VECTOR);
    note(d, a->error != b->error, DIFF_ERROR);
    note(d, a->cr2 != b->cr2, DIFF_CR2);
    note(d, a->out.rip != b->out.rip, DIFF_RIP);
    d->flags = (uint32_t)(a->out.rflags ^ b->out.rflags);
    note(d, d->flags, DIFF_FLAGS);
    for (unsigned i = 0; i < 16; i++) {
        if (a->out.gpr[i] != b->out.gpr[i])
            d->gpr |= (uint16_t)(1u << i);
    }
    note(d, d->gpr, DIFF_GPR);
    note(d, memcmp(a->out.seg, b->out.seg, sizeof a->out.seg) != 0, DIFF_SEGMENTS);
    note(d, memcmp(a->memory, b->memory, sizeof a->memory) != 0, DIFF_MEMORY);
    compare_fx(a->out.fx, b->out.fx, d);
}

void silicon_describe(const struct silicon_difference *d, char *text, unsigned size)
{
    static const char *const names[] = {"vector", "error", "cr2",  "rip", "flags", "gpr",   "seg", "memory",
                                        "fcw",    "fsw",   "tags", "fip", "st",    "mxcsr", "xmm"};
    unsigned used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof *names && used < size; i++) {
        if (d->fields >> i & 1)
            used += (unsigned)snprintf(text + used, size - used, "%s%s", used ? "," : "", names[i]);
    }
}

/* --- What is undefined --- */

/* An instruction about to execute. */
struct moment {
    const struct silicon_case *c;
    const struct silicon_state *state;
    const uint8_t (*memory)[PAGE];
    struct insn insn;
};

/* Base of the memory operand: a register, or one of the decoder's pretended ones. */
static uint64_t operand_base(const struct moment *m)
{
    const struct insn *insn = &m->insn;
    uint64_t next = m->state->rip + insn->length;
    switch (insn->base) {
    case GPR_ZERO: return 0;
    case GPR_RIP: return m->state->rip;
    case GPR_FAR: return insn_far_base(insn, next);
    default: return m->state->gpr[insn->base];
    }
}

static uint64_t operand_segment(const struct moment *m)
{
    unsigned seg = m->insn.seg;
    uint16_t selector = m->state->seg[seg];
    if (m->c->mode == MODE_64)
        return seg == SEG_FS ? LOW_BASE : seg == SEG_GS ? DOWN_BASE : 0;
    return selector == SELECTOR_LOW ? LOW_BASE : selector == SELECTOR_DOWN ? DOWN_BASE : 0;
}

static uint64_t operand_address(const struct moment *m)
{
    const struct insn *insn = &m->insn;
    uint64_t index = insn->index == GPR_ZERO ? 0 : m->state->gpr[insn->index];
    uint64_t offset = operand_base(m) + (index << insn->scale) + (uint64_t)(int64_t)insn->disp;
    offset = offset << insn->addr_shift >> insn->addr_shift;
    uint64_t linear = offset + operand_segment(m);
    return m->c->mode == MODE_64 ? linear : (uint32_t)linear;
}

static uint8_t byte_at(const struct moment *m, uint64_t address)
{
    int page = silicon_page_index(address);
    uint8_t pattern[PAGE];
    if (page >= 0)
        return m->memory[page][address % PAGE];
    if (address < READ_ONLY || address >= READ_ONLY + PAGE)
        return 0;
    silicon_fill_page(pattern, WRITABLE_PAGES);
    return pattern[address % PAGE];
}

/* The operand in ModRM.rm. */
static uint64_t source(const struct moment *m)
{
    uint8_t bytes[8] = {0};
    unsigned size = m->insn.op_size;
    if (!(m->insn.flags & INSN_MEM))
        store_le64(bytes, m->state->gpr[m->insn.rm & 15]);
    for (unsigned i = 0; i < size && m->insn.flags & INSN_MEM; i++)
        bytes[i] = byte_at(m, operand_address(m) + i);
    return load_le(bytes, size);
}

static bool is_decimal(const struct moment *m)
{
    for (unsigned i = 0; i < 9; i++) {
        uint8_t digits = byte_at(m, operand_address(m) + i);
        if ((digits & 15) > 9 || digits >> 4 > 9)
            return false;
    }
    return true;
}

static unsigned shift_count(const struct moment *m)
{
    bool by_cl = strstr(insn_table[m->insn.row].operands, "CL") != NULL;
    uint64_t count = by_cl ? m->state->gpr[GPR_CX] : insn_imm(&m->insn);
    return (unsigned)count & (m->insn.op_size == 8 ? 63 : 31);
}

static bool applies(const struct moment *m, enum undefined_when when)
{
    unsigned bits = m->insn.op_size * 8u;
    switch (when) {
    case WHEN_COUNT_0: return shift_count(m) == 0;
    case WHEN_COUNT_1: return shift_count(m) == 1;
    case WHEN_COUNT_SIZE: return shift_count(m) >= bits;
    case WHEN_COUNT_OVER: return shift_count(m) > bits;
    case WHEN_SOURCE_0: return source(m) == 0;
    case WHEN_OPERAND_16: return bits == 16;
    case WHEN_NOT_DECIMAL: return !is_decimal(m);
    default: return true;
    }
}

static const struct insn_undefined *find_rule(const struct moment *m)
{
    const char *mnemonic = insn_table[m->insn.row].mnemonic;
    for (unsigned i = 0; i < insn_undefined_rows; i++) {
        const struct insn_undefined *rule = &insn_undefined_table[i];
        if (!strcmp(rule->mnemonic, mnemonic) && applies(m, (enum undefined_when)rule->when))
            return rule;
    }
    return NULL;
}

/* What is undefined after the case. */
struct doubt {
    unsigned flags;
    enum undefined_what what; /* of the last instruction */
    bool spread;              /* an earlier instruction's undefined result was there to be used */
    struct executed executed[CASE_INSNS];
    unsigned count;
};

/* `faulted`: it left the flags alone. */
static void doubt_instruction(struct doubt *doubt, const struct moment *m, bool faulted)
{
    const struct insn_row *row = &insn_table[m->insn.row];
    const struct insn_undefined *rule = find_rule(m);
    unsigned undefined = rule ? rule->flags : row->flags_undefined;
    uint64_t count = m->state->gpr[GPR_CX] << m->insn.addr_shift;
    bool keeps = rule && rule->when == WHEN_COUNT_0;
    keeps |= m->insn.flags & (INSN_REP | INSN_REPNE) && !count; /* no iteration */
    if (!keeps && !faulted)
        doubt->flags &= (unsigned)~(row->flags_written & ~undefined);
    doubt->flags |= undefined;
    doubt->spread |= doubt->what != RESULT_DEFINED;
    doubt->what = rule ? (enum undefined_what)rule->what : RESULT_DEFINED;
    doubt->executed[doubt->count++] = (struct executed){m->insn, operand_address(m)};
}

/* The state before the instruction at offset `size` of the code: INT3 stands in its place and behind it.
 * False where the case does not come there. */
static bool state_at(struct silicon_machine *machine, const struct silicon_case *c, unsigned size,
                     struct silicon_outcome *before)
{
    struct silicon_case part = *c;
    memset(part.code + size, FILLER, c->size - size);
    silicon_machine_run(machine, &part, before);
    before->out.rip--;
    return before->vector == VECTOR_BP && before->out.rip == c->in.rip + size;
}

static void find_doubt(struct silicon_machine *machine, const struct silicon_case *c,
                       const struct silicon_outcome *host, struct doubt *doubt)
{
    struct silicon_outcome *before = alloc_zeroed(sizeof *before);
    struct moment m = {.c = c, .state = &before->out, .memory = (const uint8_t(*)[PAGE])before->memory};
    *doubt = (struct doubt){0};
    for (unsigned size = 0; size < c->size && doubt->count < CASE_INSNS; size += m.insn.length) {
        if (!silicon_machine_decode(machine, c->code + size, CASE_CODE - size, &m.insn))
            break;
        if (!state_at(machine, c, size, before))
            continue;
        bool faulted = host->vector != RAN_TO_END && host->vector != VECTOR_BP /* behind it */ &&
                       host->out.rip == c->in.rip + size;
        doubt_instruction(doubt, &m, faulted);
        if (faulted)
            break;
    }
    alloc_free(before);
}

/* One unit in the last place: with exponent and mantissa as one number neighbours are one apart, up to the
 * integer bit. */
static bool is_near_f80(const uint8_t *a, const uint8_t *b)
{
    uint64_t low = (load_le64(a) << 1) - (load_le64(b) << 1);
    return low + 2 <= 4 && (uint16_t)(load_le16(a + 8) - load_le16(b + 8) + 1) <= 2;
}

static bool is_near_f32(uint32_t a, uint32_t b)
{
    int64_t distance = (int64_t)a - (int64_t)b;
    bool finite = (a & 0x7F800000) && (a & 0x7F800000) != 0x7F800000;
    return a == b || (finite && distance > -0x1800 && distance < 0x1800);
}

static void drop(struct silicon_difference *d, enum silicon_field field)
{
    d->fields &= ~(uint32_t)field;
}

/* After a stack fault C1 tells its direction. (In a sequence another instruction may have met it.) */
static void forgive_c1(struct silicon_difference *d, const struct silicon_case *c,
                       const struct silicon_outcome *host)
{
    if (c->insns > 1 || !(load_le16(host->out.fx + FX_STATUS) & ~load_le16(c->in.fx + FX_STATUS) & X87_SF))
        d->status &= (uint16_t)~X87_C1;
    if (!d->status)
        drop(d, DIFF_X87_STATUS);
}

static void forgive_ulps(struct silicon_difference *d, const struct silicon_case *c,
                         const struct silicon_outcome *a, const struct silicon_outcome *b)
{
    for (unsigned i = 0; i < 8; i++) {
        if (is_near_f80(a->out.fx + FX_ST + 16 * i, b->out.fx + FX_ST + 16 * i))
            d->st &= (uint16_t) ~(1u << i);
    }
    if (!d->st)
        drop(d, DIFF_ST);
    forgive_c1(d, c, a);
}

static void forgive_12_bits(struct silicon_difference *d, const struct silicon_outcome *a,
                            const struct silicon_outcome *b)
{
    for (unsigned i = 0; i < 256; i += 4) {
        if (!is_near_f32(load_le32(a->out.fx + FX_XMM + i), load_le32(b->out.fx + FX_XMM + i)))
            return;
    }
    drop(d, DIFF_XMM);
}

/* The first operand: a register, ST(0) or memory. */
static void forgive_destination(struct silicon_difference *d, const struct doubt *doubt)
{
    const struct insn *last = &doubt->executed[doubt->count - 1].insn;
    const char *operands = insn_table[last->row].operands;
    unsigned reg = operands[0] == 'G' ? last->reg : last->rm;
    if (!strncmp(operands, "ST", 2)) {
        d->st &= (uint16_t)~1;
        if (!d->st)
            drop(d, DIFF_ST);
    } else if (operands[0] == 'E' && last->flags & INSN_MEM) {
        drop(d, DIFF_MEMORY);
    } else {
        d->gpr &= (uint16_t) ~(1u << (reg & 15));
        if (!d->gpr)
            drop(d, DIFF_GPR);
    }
}

static void forgive_undefined(struct silicon_difference *d, const struct doubt *doubt,
                              const struct silicon_case *c, const struct silicon_outcome *host,
                              const struct silicon_outcome *lathe)
{
    d->flags &= ~doubt->flags;
    if (!d->flags)
        drop(d, DIFF_FLAGS);
    if (doubt->spread)
        d->fields = 0;
    switch (doubt->what) {
    case RESULT_DESTINATION: forgive_destination(d, doubt); break;
    case RESULT_ULP: forgive_ulps(d, c, host, lathe); break;
    case RESULT_12_BITS: forgive_12_bits(d, host, lathe); break;
    case RESULT_C1: forgive_c1(d, c, host); break;
    default: break;
    }
}

/* Whether a case reads the byte that it arrives at, which is not the host's. */
static bool reads_its_end(struct silicon_machine *machine, const struct silicon_case *c,
                          const struct silicon_outcome *lathe)
{
    struct silicon_outcome *other = alloc_zeroed(sizeof *other);
    struct silicon_difference d;
    silicon_machine_end_with(machine, true);
    silicon_machine_run(machine, c, other);
    silicon_machine_end_with(machine, false);
    silicon_compare(lathe, other, &d);
    alloc_free(other);
    return d.fields != 0;
}

enum silicon_verdict silicon_judge(struct silicon_machine *machine, const struct silicon_case *c,
                                   const struct silicon_outcome *host, const struct silicon_outcome *lathe,
                                   const char *vendor, struct silicon_difference *d)
{
    struct doubt doubt;
    *d = (struct silicon_difference){0};
    if (host->vector == NEVER_ENDED && lathe->vector == NEVER_ENDED)
        return VERDICT_SAME; /* stopped somewhere in a loop */
    silicon_compare(host, lathe, d);
    if (!d->fields)
        return VERDICT_SAME;
    find_doubt(machine, c, host, &doubt);
    forgive_undefined(d, &doubt, c, host, lathe);
    if (!d->fields)
        return VERDICT_UNDEFINED;
    struct allow_context context = {
        .c = c, .host = host, .lathe = lathe, .vendor = vendor, .all = doubt.executed, .count = doubt.count};
    for (unsigned i = 0; i < doubt.count; i++) {
        context.executed = &doubt.executed[i];
        context.is_last = i + 1 == doubt.count;
        allow_differences(&context, d);
    }
    return d->fields && !reads_its_end(machine, c, lathe) ? VERDICT_FAILED : VERDICT_ALLOWED;
}
