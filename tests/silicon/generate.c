/* SPDX-License-Identifier: MIT */
#include "tests/silicon/generate.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "tests/silicon/encode.h"
#include "tests/silicon/prepare.h"

struct silicon_generator {
    const struct silicon_machine *machine;
    unsigned mode;
    struct form *forms; /* one a row of the table */
    uint8_t *excluded;  /* enum silicon_exclusion */
    uint64_t *counts;
    uint16_t *covered; /* row numbers */
    unsigned covered_count;
};

enum { TRIES = 60 };

/* Bytes of a form that the machine's decoder takes for the form's row. */
static bool try_encode(const struct silicon_generator *g, const struct form *form, unsigned how,
                       struct rng *rng, struct encoding *e, struct insn *insn)
{
    encode_form(e, form, g->mode, how, rng);
    uint8_t bytes[CASE_CODE] = {0};
    memcpy(bytes, e->bytes, e->size);
    return silicon_machine_decode(g->machine, bytes, sizeof bytes, insn) && insn->row == form->number &&
           (insn->fn != exec_undefined || insn->flags & INSN_LOCK || form->row->op == NULL) &&
           insn->length == e->size && e->size <= 15;
}

static bool encode(const struct silicon_generator *g, const struct form *form, struct rng *rng,
                   struct encoding *e, struct insn *insn)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (try_encode(g, form, i > TRIES / 2 ? ENCODE_PLAIN : 0, rng, e, insn))
            return true;
    }
    return false;
}

static enum silicon_exclusion exclude(const struct silicon_generator *g, const struct form *form,
                                      const regex_t *rows, bool (*host_has)(enum insn_feature))
{
    const struct insn_row *row = form->row;
    char text[80];
    struct rng rng = {form->number};
    struct encoding e;
    struct insn insn;
    snprintf(text, sizeof text, "%s %s", row->mnemonic, row->encoding);
    if (row->modes & (g->mode == MODE_64 ? NOT_64 : ONLY_64))
        return ROW_OTHER_MODE;
    if (row->modes & ENVIRONMENT)
        return ROW_ENVIRONMENT;
    if (!cpu_model_has(cpu_model_find("max"), (enum insn_feature)row->feature))
        return ROW_MODEL_LACKS_IT;
    if (!host_has((enum insn_feature)row->feature))
        return ROW_HOST_LACKS_IT;
    if (!encode(g, form, &rng, &e, &insn))
        return ROW_SHADOWED;
    return rows && regexec(rows, text, 0, NULL, 0) ? ROW_NOT_CHOSEN : ROW_COVERED;
}

struct silicon_generator *generator_new(const struct silicon_machine *machine, unsigned mode,
                                        const char *rows, bool (*host_has)(enum insn_feature))
{
    regex_t expression;
    if (rows && regcomp(&expression, rows, REG_EXTENDED | REG_NOSUB))
        return NULL;
    struct silicon_generator *g = alloc_zeroed(sizeof *g);
    g->machine = machine;
    g->mode = mode;
    g->forms = alloc_array(insn_table_rows, sizeof *g->forms);
    g->excluded = alloc_zeroed(insn_table_rows);
    g->counts = alloc_zeroed(insn_table_rows * sizeof *g->counts);
    g->covered = alloc_array(insn_table_rows, sizeof *g->covered);
    for (unsigned i = 0; i < insn_table_rows; i++) {
        form_parse(&g->forms[i], i);
        g->excluded[i] = (uint8_t)exclude(g, &g->forms[i], rows ? &expression : NULL, host_has);
        if (g->excluded[i] == ROW_COVERED)
            g->covered[g->covered_count++] = (uint16_t)i;
    }
    if (rows)
        regfree(&expression);
    return g;
}

void generator_free(struct silicon_generator *g)
{
    if (!g)
        return;
    alloc_free(g->forms);
    alloc_free(g->excluded);
    alloc_free(g->counts);
    alloc_free(g->covered);
    alloc_free(g);
}

enum silicon_exclusion generator_exclusion(const struct silicon_generator *g, unsigned row)
{
    return (enum silicon_exclusion)g->excluded[row];
}

unsigned generator_rows(const struct silicon_generator *g)
{
    return g->covered_count;
}

uint64_t generator_count(const struct silicon_generator *g, unsigned row)
{
    return g->counts[row];
}

/* --- Sequences --- */

/* Rows that may leave flags as they were: shifts by 0, repeated strings with CX = 0. */
static bool may_keep_flags(const struct form *form)
{
    return form->string || form->immediate == FORM_IB || strstr(form->row->operands, "CL");
}

static unsigned undefined_after(const struct form *form, unsigned undefined)
{
    const struct insn_row *row = form->row;
    if (!may_keep_flags(form))
        undefined &= (unsigned)~(row->flags_written & ~row->flags_undefined);
    return undefined | row->flags_undefined;
}

/* Inner instructions of a sequence hardly ever leave it, and read no undefined flag. */
static const struct form *choose(const struct silicon_generator *g, unsigned undefined, bool first, bool last,
                                 struct rng *rng)
{
    for (;;) {
        const struct form *form = &g->forms[g->covered[rng_below(rng, g->covered_count)]];
        if (first && last)
            return form;
        bool leaves = form->row->class != CLASS_NORMAL;
        if (!(form->row->flags_read & undefined) && (!leaves || last || rng_chance(rng, 10)))
            return form;
        if (g->covered_count < 20 && rng_chance(rng, 5))
            return NULL;
    }
}

/* Places the code: usually in the middle of a page, sometimes across a page or up to the end of the last one.
 */
static void place(struct silicon_case *c, struct rng *rng)
{
    unsigned kind = rng_below(rng, 100);
    if (kind < 90)
        c->in.rip = CODE + 0x400 + rng_below(rng, 0x800);
    else if (kind < 97)
        c->in.rip = CODE + PAGE - rng_below(rng, 16);
    else
        c->in.rip = CODE_END - 1 - rng_below(rng, 16);
}

static unsigned sequence_length(struct rng *rng)
{
    return rng_chance(rng, 85) ? 1 : 2 + rng_below(rng, CASE_INSNS - 1);
}

/* Appends an instruction. A short branch just before it skips it half of the time. */
static bool append(struct silicon_generator *g, const struct form *form, struct silicon_case *c, int *skip_at,
                   struct rng *rng)
{
    struct encoding e;
    struct insn insn;
    if (!encode(g, form, rng, &e, &insn))
        return false;
    unsigned start = c->size;
    prepare_operands(c, form, &e, &insn, rng);
    memcpy(c->code + start, e.bytes, e.size);
    c->size = (uint8_t)(start + e.size);
    c->insns++;
    if (*skip_at >= 0)
        c->code[*skip_at] = (uint8_t)e.size;
    *skip_at = form->immediate == FORM_JB && rng_chance(rng, 50) ? (int)(start + e.immediate_at) : -1;
    return true;
}

/* Registers that the instruction cannot reach go back to what silicon_case_init makes them. */
static void make_lean(const struct silicon_generator *g, struct silicon_case *c)
{
    struct silicon_case initial;
    struct insn insn;
    silicon_case_init(&initial, g->mode);
    silicon_machine_decode(g->machine, c->code, CASE_CODE, &insn);
    for (unsigned i = GPR_R8; i <= GPR_R15; i++) {
        if (i != insn.reg && i != insn.rm && i != insn.base && i != insn.index)
            c->in.gpr[i] = initial.in.gpr[i];
    }
    bool whole = form_is_x87(&g->forms[insn.row]);
    for (unsigned i = 0; i < 16 && !whole; i++) {
        bool named = i == insn.reg || i == insn.rm || i == 0; /* XMM0 is implied by some */
        if (!named)
            memcpy(c->in.fx + FX_XMM + 16 * i, initial.in.fx + FX_XMM + 16 * i, 16);
        if (!named && i < 8)
            memcpy(c->in.fx + FX_ST + 16 * i, initial.in.fx + FX_ST + 16 * i, 16);
    }
}

void generator_make(struct silicon_generator *g, uint64_t seed, int row, bool lean, struct silicon_case *c)
{
    struct rng rng = {seed};
    int skip_at = -1;
    unsigned undefined = 0, length = lean ? 1 : sequence_length(&rng);
    silicon_case_init(c, g->mode);
    place(c, &rng);
    const struct form *form = row >= 0 ? &g->forms[g->covered[row]] : choose(g, 0, true, length == 1, &rng);
    if (!form)
        form = &g->forms[g->covered[0]];
    g->counts[form->number]++;
    prepare_registers(c, lean, &rng);
    for (unsigned i = 0; i < length; i++) {
        if (i)
            form = choose(g, undefined, false, i == length - 1, &rng);
        if (!form || !append(g, form, c, &skip_at, &rng))
            break;
        undefined = undefined_after(form, undefined);
    }
    if (skip_at >= 0) /* to the end */
        c->code[skip_at] = 0;
    if (lean)
        make_lean(g, c);
}
