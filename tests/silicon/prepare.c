/* SPDX-License-Identifier: MIT */
#include "tests/silicon/prepare.h"

#include <string.h>

#include "core/base/bytes.h"
#include "tests/silicon/operands.h"

/* One instruction being prepared. */
struct preparation {
    struct silicon_case *c;
    const struct form *form;
    struct encoding *e;
    const struct insn *insn;
    struct rng *rng;
};

static uint64_t cut(const struct silicon_case *c, uint64_t value)
{
    return c->mode == MODE_64 ? value : (uint32_t)value;
}

/* --- Addresses --- */

/* Where an operand may be: mostly in DATA, and at every kind of edge. */
static uint64_t random_target(const struct silicon_case *c, struct rng *rng)
{
    unsigned kind = rng_below(rng, 100), small = rng_below(rng, 32);
    if (kind < 58)
        return DATA + 0x100 + 16 * rng_below(rng, 0x1D0);
    if (kind < 76)
        return DATA + 0x100 + rng_below(rng, 0x1D00);
    if (kind < 84)
        return DATA + PAGE - small;
    if (kind < 88)
        return READ_ONLY - small;
    if (kind < 91)
        return READ_ONLY + 16 * rng_below(rng, 0x100);
    if (kind < 93)
        return READ_ONLY + PAGE - small;
    if (kind < 95)
        return DATA - small;
    if (kind < 97)
        return STACK + STACK_PAGES * PAGE - small;
    return kind < 98 ? cut(c, random_integer(rng)) : cut(c, rng_next(rng));
}

/* Where a branch may go: INT3s around the code, what follows the instruction, data, nowhere. */
static uint64_t random_code_target(const struct preparation *p)
{
    const struct silicon_case *c = p->c;
    struct rng *rng = p->rng;
    unsigned kind = rng_below(rng, 100);
    if (kind < 55)
        return CODE + 0x10 + rng_below(rng, 0x3E0);
    if (kind < 75)
        return c->in.rip + c->size + p->e->size;
    if (kind < 85)
        return DATA + rng_below(rng, PAGE);
    if (kind < 93)
        return CODE_END + rng_below(rng, PAGE);
    return cut(c, random_integer(rng));
}

/* Selectors that programs may name; 33h-37h, 64-bit code, would leave 32-bit code for good. */
static uint16_t random_selector(struct rng *rng)
{
    static const uint8_t list[] = {0x23, 0x2B, 0x07, 0x0F, 0x00, 0x03, 0x2B, 0x23,
                                   0x08, 0x10, 0x18, 0x20, 0x28, 0x7B, 0x40, 0x53};
    unsigned kind = rng_below(rng, 20);
    if (kind < 16)
        return list[kind];
    uint16_t any = (uint16_t)rng_next(rng);
    return kind < 18 ? any & 0x7F & ~0x30 : any | 0x100;
}

/* --- What memory holds --- */

static void patch_words(struct preparation *p, uint64_t address, uint64_t (*word)(struct rng *),
                        unsigned count)
{
    uint8_t bytes[PATCH_SIZE];
    for (unsigned i = 0; i < count; i++)
        store_le64(bytes + 8 * i, word(p->rng));
    silicon_case_patch(p->c, address, bytes, 8 * count);
}

static void patch_lanes(struct preparation *p, uint64_t address)
{
    uint8_t bytes[32];
    unsigned kind = (unsigned)rng_next(p->rng);
    for (unsigned i = 0; i < sizeof bytes; i += 8)
        store_le64(bytes + i, random_lanes(p->rng, kind));
    if (!strcmp(p->form->row->mnemonic, "LDMXCSR") && rng_chance(p->rng, 80))
        store_le32(bytes, (uint32_t)rng_next(p->rng) & 0xFFFF);
    silicon_case_patch(p->c, address, bytes, sizeof bytes);
}

/* FXRSTOR: a state that loads, most of the time. */
static void patch_fx(struct preparation *p, uint64_t address)
{
    struct silicon_state s;
    uint8_t bytes[PATCH_SIZE];
    memset(&s, 0, sizeof s);
    random_x87_state(p->rng, &s);
    random_xmm_state(p->rng, &s, 0);
    memcpy(bytes, s.fx, sizeof bytes);
    if (rng_chance(p->rng, 10))
        store_le32(bytes + FX_MXCSR, (uint32_t)rng_next(p->rng));
    silicon_case_patch(p->c, address, bytes, sizeof bytes);
}

/* Environment and save images, numbers, and decimals for FBLD. */
static void patch_x87(struct preparation *p, uint64_t address)
{
    uint8_t bytes[32];
    const char *operands = p->form->row->operands;
    if (!strcmp(operands, "M")) {
        patch_fx(p, address);
        return;
    }
    random_x87_register(p->rng, bytes);
    if (!strstr(operands, "Mt") || rng_chance(p->rng, 5))
        store_le64(bytes, random_x87_memory(p->rng));
    bool decimal = !strcmp(p->form->row->mnemonic, "FBLD") && rng_chance(p->rng, 90);
    for (unsigned i = 0; i < 9 && decimal; i++)
        bytes[i] = (uint8_t)((bytes[i] & 15) % 10 + (bytes[i] >> 4) % 10 * 16);
    for (unsigned i = 10; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rng_next(p->rng);
    silicon_case_patch(p->c, address, bytes, strcmp(operands, "Mv") ? 10 : sizeof bytes);
}

/* Pointers for branches, far pointers, selectors. */
static bool wants_code_target(const struct form *form)
{
    return form->row->class == CLASS_BRANCH;
}

/* MOV Sreg, LAR, VERR and their kind: the word in E is a selector. */
static bool wants_selector(const struct form *form)
{
    return form_has_operand(form, 'S')
               ? !strncmp(form->row->operands, "Sw", 2)
               : form->row->feature == FEATURE_286 && strstr(form->row->operands, "Ew");
}

static void patch_pointer(struct preparation *p, uint64_t address, bool far)
{
    uint8_t bytes[16] = {0};
    unsigned size = p->e->op_size == 2 ? 2 : p->e->op_size == 8 ? 8 : 4;
    store_le(bytes, size, random_code_target(p));
    if (far)
        store_le16(bytes + size, random_selector(p->rng));
    silicon_case_patch(p->c, address, bytes, size + 2);
}

static void patch_operand(struct preparation *p, uint64_t address)
{
    if (p->form->far_pointer || wants_code_target(p->form)) {
        patch_pointer(p, address, p->form->far_pointer);
    } else if (wants_selector(p->form)) {
        uint16_t selector = random_selector(p->rng);
        silicon_case_patch(p->c, address, &(uint8_t[2]){(uint8_t)selector, (uint8_t)(selector >> 8)}, 2);
    } else if (form_is_x87(p->form)) {
        patch_x87(p, address);
    } else if (form_is_simd(p->form) || p->form->row->feature >= FEATURE_MMX) {
        patch_lanes(p, address);
    } else {
        patch_words(p, address, random_integer, 2);
    }
}

/* --- Address registers --- */

static uint64_t segment_base(const struct silicon_case *c, unsigned seg)
{
    if (c->mode == MODE_64)
        return seg == SEG_FS ? LOW_BASE : seg == SEG_GS ? DOWN_BASE : 0;
    return c->in.seg[seg] == SELECTOR_LOW ? LOW_BASE : c->in.seg[seg] == SELECTOR_DOWN ? DOWN_BASE : 0;
}

static void set_displacement(struct encoding *e, uint64_t value)
{
    if (e->disp_size)
        store_le(e->bytes + e->disp_at, e->disp_size, value);
}

static unsigned address_bits(const struct insn *insn)
{
    return 64u - insn->addr_shift;
}

/* Chooses base, index or displacement so that the operand is at `target`, where the form allows. */
static void aim(struct preparation *p, uint64_t target)
{
    struct silicon_case *c = p->c;
    const struct insn *insn = p->insn;
    uint64_t offset = target - segment_base(c, insn->seg), mask = ~UINT64_C(0) >> (64 - address_bits(insn));
    uint64_t disp = (uint64_t)(int64_t)insn->disp;
    if (insn->flags & INSN_RIP) {
        set_displacement(p->e, offset - (c->in.rip + c->size + p->e->size));
    } else if (insn->base == GPR_FAR) {
        set_displacement(p->e, offset);
    } else if (insn->base != GPR_ZERO && insn->base != insn->index) {
        uint64_t index = c->in.gpr[insn->index % 16] << insn->scale;
        uint64_t base = offset - disp - (insn->index == GPR_ZERO ? 0 : index);
        uint64_t above = rng_chance(p->rng, 50) ? 0 : random_integer(p->rng);
        c->in.gpr[insn->base] = cut(c, (base & mask) | (above & ~mask));
    } else if (insn->base != GPR_ZERO) { /* base and index are one: base * (1 + scale) */
        c->in.gpr[insn->base] = cut(c, ((offset - disp) & mask) / ((1u << insn->scale) + 1));
    } else if (insn->index != GPR_ZERO) {
        c->in.gpr[insn->index] = cut(c, ((offset - disp) & mask) >> insn->scale);
    } else {
        set_displacement(p->e, offset);
    }
}

static void prepare_memory(struct preparation *p)
{
    uint64_t target = random_target(p->c, p->rng);
    if (p->insn->index != GPR_ZERO && p->insn->base != GPR_ZERO && rng_chance(p->rng, 70))
        p->c->in.gpr[p->insn->index] = rng_below(p->rng, 256);
    aim(p, target);
    patch_operand(p, target);
}

/* Implied addresses: SI, DI, BX, and few iterations. */
static void prepare_string(struct preparation *p)
{
    struct silicon_state *s = &p->c->in;
    static const uint8_t registers[3] = {GPR_SI, GPR_DI, GPR_BX};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t target = random_target(p->c, p->rng);
        uint64_t base = segment_base(p->c, registers[i] == GPR_DI ? SEG_ES : p->insn->seg);
        s->gpr[registers[i]] = cut(p->c, target - base);
        if (registers[i] != GPR_BX)
            patch_words(p, target, random_integer, 2);
    }
    bool repeated = p->insn->flags & (INSN_REP | INSN_REPNE);
    if (rng_chance(p->rng, repeated ? 92 : 50))
        s->gpr[GPR_CX] = rng_below(p->rng, repeated ? 12 : 100);
    if (rng_chance(p->rng, 30))
        s->rflags ^= EFLAGS_DF;
}

/* --- Other operands --- */

static void prepare_register(struct preparation *p)
{
    unsigned rm = p->insn->rm & 15;
    if (wants_code_target(p->form))
        p->c->in.gpr[rm] = random_code_target(p);
    else if (wants_selector(p->form))
        p->c->in.gpr[rm] = (p->c->in.gpr[rm] & ~UINT64_C(0xFFFF)) | random_selector(p->rng);
}

/* Short branches stay near: to INT3s before or behind the case, or to what follows. */
static void prepare_short_branch(struct preparation *p)
{
    unsigned distance = 100 + rng_below(p->rng, 28);
    switch (rng_below(p->rng, 3)) {
    case 0: distance = 0; break;
    case 1: distance = 0 - distance; break;
    default: break;
    }
    p->e->bytes[p->e->immediate_at] = (uint8_t)distance;
}

static void prepare_near_branch(struct preparation *p)
{
    uint64_t next = p->c->in.rip + p->c->size + p->e->size;
    uint64_t target = random_code_target(p);
    if (p->c->mode == MODE_64 && target >> 32)
        target = CODE + 0x20;
    store_le(p->e->bytes + p->e->immediate_at, p->e->immediate_size, target - next);
}

static void prepare_immediate(struct preparation *p)
{
    uint8_t *bytes = p->e->bytes + p->e->immediate_at;
    switch (p->form->immediate) {
    case FORM_JB: prepare_short_branch(p); break;
    case FORM_JZ: prepare_near_branch(p); break;
    case FORM_AP:
        store_le(bytes, p->e->immediate_size, random_code_target(p));
        store_le16(bytes + p->e->immediate_size, random_selector(p->rng));
        break;
    case FORM_IB: /* INT 80h enters the host's kernel */
        if (!strcmp(p->form->row->mnemonic, "INT") && *bytes == 0x80)
            *bytes = 0x03;
        break;
    case FORM_IW:
    case FORM_IW_IB: /* RET and ENTER: frames of a plausible size */
        if (rng_chance(p->rng, 80))
            store_le16(bytes, (uint16_t)rng_below(p->rng, 256));
        break;
    default: break;
    }
}

/* RET, RETF, IRET and POP of a segment register find addresses, selectors and flags on the stack. */
static void prepare_stack(struct preparation *p)
{
    const struct form *form = p->form;
    const char *operands = form->row->operands;
    bool pops_segment = strlen(operands) == 2 && operands[1] == 'S';
    bool returns = !strncmp(form->row->mnemonic, "RET", 3) || !strcmp(form->row->mnemonic, "IRET");
    if (!pops_segment && !returns)
        return;
    uint8_t bytes[40];
    unsigned slot = p->e->op_size;
    const uint64_t words[5] = {pops_segment ? random_selector(p->rng) : random_code_target(p),
                               p->c->mode == MODE_64 ? SELECTOR_CODE_64 : random_selector(p->rng),
                               rng_next(p->rng), STACK + 0x800, random_selector(p->rng)};
    for (unsigned i = 0; i < 5; i++)
        store_le(bytes + i * slot, slot, words[i]);
    silicon_case_patch(p->c, p->c->in.gpr[GPR_SP] + segment_base(p->c, SEG_SS), bytes, 5 * slot);
}

/* DIV and IDIV: a dividend that fits, in half of the cases. */
static void prepare_division(struct preparation *p)
{
    struct silicon_state *s = &p->c->in;
    if (!strstr(p->form->row->mnemonic, "DIV") || p->form->row->feature != FEATURE_8086 ||
        rng_chance(p->rng, 50))
        return;
    s->gpr[GPR_DX] = cut(p->c, s->gpr[GPR_AX] >> 63 || rng_chance(p->rng, 30) ? ~UINT64_C(0) : 0);
    if (p->e->op_size == 2 || p->insn->op_size == 1)
        s->gpr[GPR_AX] = (uint64_t)(int64_t)(int16_t)s->gpr[GPR_AX] & (cut(p->c, ~UINT64_C(0)));
}

/* CMPXCHG: the accumulator equals the operand in half of the cases. */
static void prepare_comparison(struct preparation *p)
{
    struct silicon_state *s = &p->c->in;
    if (strncmp(p->form->row->mnemonic, "CMPXCHG", 7) != 0 || rng_chance(p->rng, 50))
        return;
    if (!(p->insn->flags & INSN_MEM)) {
        s->gpr[GPR_AX] = s->gpr[p->insn->rm & 15];
    } else if (p->c->patches) {
        const struct silicon_patch *patch = &p->c->patch[p->c->patches - 1];
        bool pair = p->form->row->feature == FEATURE_CX8 && p->insn->op_size < 16;
        s->gpr[GPR_AX] = cut(p->c, pair ? load_le32(patch->bytes) : load_le64(patch->bytes));
        if (pair)
            s->gpr[GPR_DX] = load_le32(patch->bytes + 4);
    }
}

static bool has_float_state(const struct silicon_case *c)
{
    return load_le64(c->in.fx + FX_ST) || load_le64(c->in.fx + FX_XMM) || load_le64(c->in.fx + FX_ST + 16) ||
           load_le64(c->in.fx + FX_XMM + 16);
}

static void prepare_float_state(struct preparation *p)
{
    unsigned kind = (unsigned)rng_next(p->rng);
    if (has_float_state(p->c))
        return;
    if (form_is_x87(p->form)) {
        random_x87_state(p->rng, &p->c->in);
        if (p->form->row->feature == FEATURE_FXSR)
            random_xmm_state(p->rng, &p->c->in, kind);
    } else if (p->form->row->feature >= FEATURE_MMX && p->form->row->class == CLASS_NORMAL) {
        random_mmx_state(p->rng, &p->c->in, kind);
        random_xmm_state(p->rng, &p->c->in, kind);
    }
    for (unsigned i = 8; i < 16 && p->c->mode == MODE_32; i++)
        memset(p->c->in.fx + FX_XMM + 16 * i, 0, 16);
}

static bool is_shift(const struct insn_row *row)
{
    static const char names[][3] = {"RO", "RC", "SH", "SA"};
    bool found = false;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        found |= !strncmp(row->mnemonic, names[i], 2);
    return found && row->operands[0] == 'E' && (strstr(row->operands, "CL") || strstr(row->operands, "Ib"));
}

/* Counts at the operand's width. */
static void prepare_count(struct preparation *p)
{
    uint8_t count = (uint8_t)(8u * p->insn->op_size - 1 + rng_below(p->rng, 3));
    if (!is_shift(p->form->row) || !rng_chance(p->rng, 30))
        return;
    if (p->form->immediate == FORM_IB)
        p->e->bytes[p->e->immediate_at] = count;
    else
        p->c->in.gpr[GPR_CX] = (p->c->in.gpr[GPR_CX] & ~UINT64_C(0xFF)) | count;
}

/* AL near what decimal adjustments compare it with. */
static void prepare_decimal(struct preparation *p)
{
    static const uint8_t starts[] = {0x00, 0x90, 0xF0};
    const char *mnemonic = p->form->row->mnemonic;
    bool decimal = (mnemonic[0] == 'D' || mnemonic[0] == 'A') && mnemonic[1] == 'A';
    if (decimal && rng_chance(p->rng, 50))
        p->c->in.gpr[GPR_AX] = (p->c->in.gpr[GPR_AX] & ~UINT64_C(0xFF)) |
                               (starts[rng_below(p->rng, sizeof starts)] + rng_below(p->rng, 16));
}

void prepare_operands(struct silicon_case *c, const struct form *form, struct encoding *e,
                      const struct insn *insn, struct rng *rng)
{
    struct preparation p = {.c = c, .form = form, .e = e, .insn = insn, .rng = rng};
    prepare_float_state(&p);
    prepare_division(&p);
    if (form->string)
        prepare_string(&p);
    if (insn->flags & INSN_MEM)
        prepare_memory(&p);
    else if (form->modrm)
        prepare_register(&p);
    prepare_stack(&p);
    prepare_immediate(&p);
    prepare_count(&p);
    prepare_decimal(&p);
    prepare_comparison(&p);
}

/* --- Registers --- */

static uint64_t random_stack_pointer(const struct silicon_case *c, struct rng *rng)
{
    unsigned kind = rng_below(rng, 100);
    if (segment_base(c, SEG_SS)) /* STACK is beyond its limit */
        return DATA - LOW_BASE + 4 * rng_below(rng, 0x840);
    if (kind < 88)
        return STACK + 0x400 + 16 * rng_below(rng, 0x180);
    if (kind < 94)
        return STACK + 0x400 + rng_below(rng, 0x1800);
    if (kind < 97)
        return STACK + rng_below(rng, 64);
    return kind < 98 ? STACK + STACK_PAGES * PAGE - rng_below(rng, 32) : random_target(c, rng);
}

static uint64_t random_register(const struct silicon_case *c, struct rng *rng)
{
    return cut(c, rng_chance(rng, 35) ? random_target(c, rng) : random_integer(rng));
}

static uint64_t random_flags(struct rng *rng)
{
    uint64_t r = rng_next(rng);
    uint64_t flags = EFLAGS_FIXED | EFLAGS_IF | (r & EFLAGS_OSZAPC);
    if ((r >> 32 & 31) == 0)
        flags |= EFLAGS_DF;
    if ((r >> 37 & 15) == 0)
        flags |= EFLAGS_AC;
    return flags;
}

/* 32-bit segments with a base and a limit, now and then. */
static void random_segments(struct silicon_case *c, struct rng *rng)
{
    if (rng_chance(rng, 5))
        c->in.seg[SEG_SS] = SELECTOR_LOW;
    if (rng_chance(rng, 5))
        c->in.seg[SEG_DS] = rng_chance(rng, 50) ? SELECTOR_LOW : SELECTOR_DOWN;
    if (rng_chance(rng, 5))
        c->in.seg[SEG_ES] = rng_chance(rng, 50) ? SELECTOR_LOW : SELECTOR_DOWN;
}

void prepare_registers(struct silicon_case *c, bool lean, struct rng *rng)
{
    if (c->mode == MODE_32 && !lean)
        random_segments(c, rng);
    unsigned count = c->mode == MODE_64 ? 16 : 8;
    for (unsigned i = 0; i < count; i++)
        c->in.gpr[i] = random_register(c, rng);
    c->in.gpr[GPR_SP] = random_stack_pointer(c, rng);
    if (rng_chance(rng, 50) && !segment_base(c, SEG_SS))
        c->in.gpr[GPR_BP] = STACK + 0x400 + 4 * rng_below(rng, 0x600);
    c->in.rflags = random_flags(rng);
}
