/* SPDX-License-Identifier: MIT */
/* Quality of translated code, where no noise reaches: host instructions in the straight part of the blocks of
 * short programs, stubs left out, against the counts in golden.txt. Fewer is a failure too, so that the file
 * stays true: --update writes it anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/x86/protection.h"
#include "jit/block.h"
#include "jit/listing.h"
#include "tests/jit/snippets.h"
#include "tests/support/protected_fixture.h"

enum { RUN_INSNS = 400 };

struct counts {
    unsigned blocks, guest, host;
};

/* --- The processor ----------------------------------------------------------------------------------------
 */

static void seat_real(struct cpu *cpu)
{
    static const uint16_t selectors[SEG_GS + 1] = {
        [SEG_CS] = PF_CODE >> 4, [SEG_SS] = 0x2000, [SEG_DS] = 0x4000, [SEG_ES] = 0x4100};
    for (unsigned i = 0; i <= SEG_GS; i++)
        segment_set_real(cpu, (enum seg_index)i, selectors[i]);
    cpu->rip = 0;
    cpu->gpr[GPR_SP] = 0x1000;
}

/* Linear is physical: paging stays off. */
static void seat_flat(struct cpu *cpu, unsigned bits)
{
    cpu->seg[SEG_FS].base = 0x44000;
    cpu->seg[SEG_FS].limit = 0xFFF;
    cpu->rip = PF_CODE;
    if (bits == 64) {
        cpu->efer |= EFER_LME | EFER_LMA;
        cpu->seg[SEG_CS].attributes = 0xA09B;
    }
}

static void seat(struct cpu_fixture *f, unsigned bits)
{
    if (bits == 16)
        cpu_fixture_init(f, "pentium4");
    else
        protected_fixture_init_model(f, bits == 64 ? "max" : "pentium4");
    struct cpu *cpu = f->cpu;
    if (bits == 16)
        seat_real(cpu);
    else
        seat_flat(cpu, bits);
    uint64_t data = bits == 16 ? 0 : 0x40000;
    cpu->gpr[GPR_AX] = 0x12345678;
    cpu->gpr[GPR_CX] = 8;
    cpu->gpr[GPR_DX] = 1;
    cpu->gpr[GPR_BX] = data + 0x300;
    cpu->gpr[GPR_BP] = data + 0x400;
    cpu->gpr[GPR_SI] = data + 0x100;
    cpu->gpr[GPR_DI] = data + 0x200;
    cpu->cr4 |= CR4_OSFXSR;
    x87_fninit(&cpu->x87);
    cpu_derive(cpu);
}

/* --- Counting ----------------------------------------------------------------------------------------------
 */

static void count_block(const struct jit *jit, const struct jit_block *block, struct counts *counts)
{
    unsigned ahead = block->ahead_bytes;
    size_t host = listing_count(jit_code(jit, block) + ahead, block->straight_bytes - ahead);
    if (!host) {
        fprintf(stderr, "golden: the disassembler does not know all of a block\n");
        exit(EXIT_FAILURE);
    }
    counts->blocks++;
    counts->guest += block->insns;
    counts->host += (unsigned)host;
}

/* The blocks of a snippet, but for the jump to itself at its end. */
static struct counts count_snippet(const struct snippet *snippet)
{
    struct cpu_fixture f;
    struct error err = {{0}};
    struct counts counts = {0};
    seat(&f, snippet->bits);
    struct jit *jit = jit_new(f.cpu, &(struct jit_options){.single = true}, &err);
    if (!jit) {
        fprintf(stderr, "golden: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
    cpu_fixture_load(&f, PF_CODE, snippet->code, snippet->size);
    cpu_fixture_run(&f, RUN_INSNS);
    for (unsigned i = 0; i < BLOCK_BUCKETS; i++)
        for (const struct jit_block *block = jit_block_at(jit, jit->buckets[i]); block;
             block = jit_block_at(jit, block->next_in_hash))
            if (block->memory >= PF_CODE && block->memory < PF_CODE + snippet->size - 2)
                count_block(jit, block, &counts);
    jit_free(jit);
    cpu_fixture_free(&f);
    return counts;
}

/* --- The file
 * ----------------------------------------------------------------------------------------------- */

static void write_line(FILE *file, const char *name, const struct counts *counts)
{
    fprintf(file, "%-34s %3u %3u %3u\n", name, counts->blocks, counts->guest, counts->host);
}

static int update(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    fputs("# Snippet, its blocks, guest instructions in them, host instructions of their straight parts, without what\n"
          "# is looked up ahead of a loop.\n"
          "# Written by golden --update FILE; say in the commit what made a line worse.\n",
          file);
    for (unsigned i = 0; i < snippet_count; i++) {
        struct counts counts = count_snippet(&snippets[i]);
        write_line(file, snippets[i].name, &counts);
    }
    return fclose(file) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The line of the file for a name, or false. */
static bool find(FILE *file, const char *name, struct counts *counts)
{
    char line[160];
    size_t length = strlen(name);
    rewind(file);
    while (fgets(line, sizeof line, file)) {
        if (!strncmp(line, name, length) && line[length] == ' ' &&
            sscanf(line + length, "%u %u %u", &counts->blocks, &counts->guest, &counts->host) == 3)
            return true;
    }
    return false;
}

static const char *verdict(const struct counts *was, const struct counts *is)
{
    if (was->blocks != is->blocks || was->guest != is->guest)
        return "other blocks";
    return is->host > was->host ? "worse" : is->host < was->host ? "better: update the file" : NULL;
}

static bool check_snippet(FILE *file, const struct snippet *snippet)
{
    struct counts was, is = count_snippet(snippet);
    if (!find(file, snippet->name, &was)) {
        fprintf(stderr, "golden: '%s' is not in the file\n", snippet->name);
        return false;
    }
    const char *why = verdict(&was, &is);
    if (!why)
        return true;
    fprintf(stderr, "%s (%s)\n  - %u blocks, %u guest, %u host\n  + %u blocks, %u guest, %u host: %s\n",
            snippet->name, snippet->source, was.blocks, was.guest, was.host, is.blocks, is.guest, is.host,
            why);
    return false;
}

static unsigned lines_of(FILE *file)
{
    char line[160];
    unsigned lines = 0;
    rewind(file);
    while (fgets(line, sizeof line, file))
        lines += line[0] != '#';
    return lines;
}

static int check(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    unsigned bad = 0;
    for (unsigned i = 0; i < snippet_count; i++)
        bad += !check_snippet(file, &snippets[i]);
    unsigned lines = lines_of(file);
    if (lines != snippet_count) {
        fprintf(stderr, "golden: the file has %u lines for %u snippets\n", lines, snippet_count);
        bad++;
    }
    fclose(file);
    if (bad)
        fprintf(stderr, "golden: %u of %u differ; where that is meant: golden --update %s\n", bad,
                snippet_count, path);
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--update"))
        return update(argv[2]);
    if (argc == 2)
        return check(argv[1]);
    fprintf(stderr, "usage: golden [--update] FILE\n");
    return EXIT_FAILURE;
}
