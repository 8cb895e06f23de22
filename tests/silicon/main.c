/* SPDX-License-Identifier: MIT */
/* The differential tester: random cases on the host's processor and on Lathe's engines. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/alloc.h"
#include "tests/silicon/generate.h"
#include "tests/silicon/judge.h"
#include "tests/silicon/native.h"
#include "tests/silicon/shrink.h"
#include "tests/silicon/text.h"
#include "tests/silicon/vectors.h"
#include "tests/support/rng.h"

enum { MODES = 2, EXIT_SKIPPED = 77, SHOWN = 10, PROGRESS_SECONDS = 10 };

struct options {
    uint64_t cases, seed;
    bool modes[MODES]; /* 32, 64 */
    const char *rows, *engine, *replay, *save;
    unsigned per_row;
    bool coverage, until_failure;
};

struct tester {
    const struct options *options;
    struct silicon_machine *machines[MODES];
    struct silicon_generator *generators[MODES];
    char vendor[13];
    struct silicon_outcome host, lathe;
    uint64_t passed, failed, verdicts[VERDICT_FAILED + 1];
    uint64_t interrupted; /* cases that the host did not repeat */
    uint64_t *row_failed; /* failures by row of the first instruction */
    unsigned shown;
    struct timespec started;
    double reported;
};

static unsigned mode_index(unsigned mode)
{
    return mode == MODE_64;
}

static double seconds(const struct tester *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - t->started.tv_sec) + (double)(now.tv_nsec - t->started.tv_nsec) * 1e-9;
}

static const struct silicon_engine *find_engine(const char *name)
{
    for (unsigned i = 0; silicon_engine_at(i); i++) {
        if (!strcmp(silicon_engine_at(i)->name, name))
            return silicon_engine_at(i);
    }
    return NULL;
}

/* --- One case --- */

/* What is translated runs a second time too, when its blocks and the tables that they look into are there. */
static enum silicon_verdict compare_with_host(struct tester *t, const struct silicon_case *c,
                                              struct silicon_difference *d)
{
    struct silicon_machine *machine = t->machines[mode_index(c->mode)];
    unsigned runs = find_engine(t->options->engine)->translates ? 2 : 1;
    enum silicon_verdict verdict = VERDICT_SAME;
    while (runs-- && verdict != VERDICT_FAILED) {
        silicon_machine_run(machine, c, &t->lathe);
        verdict = silicon_judge(machine, c, &t->host, &t->lathe, t->vendor, d);
    }
    return verdict;
}

/* A case that the host does not repeat was interrupted: some processors forget the x87 pointers where another
 * process runs in between. */
static bool repeats_itself(struct tester *t, const struct silicon_case *c)
{
    struct silicon_difference d;
    struct silicon_outcome first = t->host;
    native_run(c, &t->host);
    silicon_compare(&first, &t->host, &d);
    return !d.fields;
}

static enum silicon_verdict try_case(struct tester *t, const struct silicon_case *c,
                                     struct silicon_difference *d)
{
    native_run(c, &t->host);
    enum silicon_verdict verdict = compare_with_host(t, c, d);
    if (verdict != VERDICT_FAILED || repeats_itself(t, c))
        return verdict;
    t->interrupted++;
    return compare_with_host(t, c, d);
}

static bool still_fails(void *context, const struct silicon_case *c)
{
    struct silicon_difference d;
    return try_case(context, c, &d) == VERDICT_FAILED;
}

static void show_failure(struct tester *t, const struct silicon_case *c)
{
    struct silicon_difference d;
    struct insn insn;
    char line[LINE_MAX_SIZE], what[128];
    try_case(t, c, &d);
    silicon_describe(&d, what, sizeof what);
    silicon_case_to_line(c, line);
    silicon_machine_decode(t->machines[mode_index(c->mode)], c->code, CASE_CODE, &insn);
    printf("%s (%s): %s\n  --replay '%s'\n", insn_table[insn.row].mnemonic, insn_table[insn.row].encoding,
           what, line);
    silicon_print_outcome("host ", c, &t->host);
    silicon_print_outcome("lathe", c, &t->lathe);
    fflush(stdout);
}

static void run_case(struct tester *t, struct silicon_case *c)
{
    struct silicon_difference d;
    enum silicon_verdict verdict = try_case(t, c, &d);
    t->verdicts[verdict]++;
    if (verdict != VERDICT_FAILED) {
        t->passed++;
        return;
    }
    struct insn insn;
    silicon_machine_decode(t->machines[mode_index(c->mode)], c->code, CASE_CODE, &insn);
    t->failed++;
    if (t->row_failed[insn.row]++ || t->shown == SHOWN)
        return;
    t->shown++;
    silicon_shrink(c, still_fails, t);
    show_failure(t, c);
}

/* --- All cases --- */

static void report_progress(struct tester *t, uint64_t done)
{
    double now = seconds(t);
    if (now - t->reported < PROGRESS_SECONDS)
        return;
    t->reported = now;
    fprintf(stderr, "%llu cases, %.0f a second, %llu failed\n", (unsigned long long)done, (double)done / now,
            (unsigned long long)t->failed);
}

static void run_cases(struct tester *t)
{
    struct silicon_case c;
    struct rng rng = {t->options->seed};
    unsigned mode = t->options->modes[0] ? 0 : 1;
    for (uint64_t i = 0; i < t->options->cases; i++) {
        generator_make(t->generators[mode], rng_next(&rng), -1, false, &c);
        run_case(t, &c);
        if (t->failed && t->options->until_failure) {
            printf("differs at case %llu\n", (unsigned long long)i + 1);
            return;
        }
        if (t->options->modes[0] && t->options->modes[1])
            mode ^= 1;
        if (i % 1024 == 0)
            report_progress(t, i);
    }
}

/* Worth saving: nothing differs but what is undefined, and the x87 pointers, which one vendor shows late. */
static bool is_exemplary(const struct tester *t, enum silicon_verdict verdict)
{
    struct silicon_difference d;
    silicon_compare(&t->host, &t->lathe, &d);
    return verdict <= VERDICT_UNDEFINED ||
           (verdict == VERDICT_ALLOWED && !(d.fields & ~(uint32_t)(DIFF_X87_POINTERS | DIFF_FLAGS)));
}

/* A few cases of every row, as the host executes them, whose defined results are Lathe's too. Descriptors are
 * the machine's own, so that other hosts see the same. */
static bool save_mode(struct tester *t, unsigned mode)
{
    char path[512], name[49];
    struct silicon_case c;
    struct silicon_difference d;
    struct rng rng = {t->options->seed};
    snprintf(path, sizeof path, "%s/silicon-%s.gz", t->options->save, mode ? "64" : "32");
    struct silicon_vectors *v =
        silicon_vectors_create(path, mode ? MODE_64 : MODE_32, t->vendor, native_name(name));
    if (!v)
        return false;
    for (unsigned row = 0; row < generator_rows(t->generators[mode]); row++) {
        for (unsigned i = 0; i < t->options->per_row; i++) {
            generator_make(t->generators[mode], rng_next(&rng), (int)row, true, &c);
            if (!is_exemplary(t, try_case(t, &c, &d)))
                continue;
            silicon_vectors_add(v, &c, &t->host);
            t->passed++;
        }
    }
    return silicon_vectors_close(v);
}

static int save(struct tester *t)
{
    for (unsigned mode = 0; mode < MODES; mode++) {
        if (t->options->modes[mode] && !save_mode(t, mode)) {
            fprintf(stderr, "silicon: vectors cannot be written to %s\n", t->options->save);
            return 2;
        }
    }
    printf("%llu cases saved\n", (unsigned long long)t->passed);
    return 0;
}

static void print_coverage(const struct tester *t, unsigned mode)
{
    static const char *const names[ROW_EXCLUSIONS] = {"with cases",
                                                      "not chosen",
                                                      "not in this mode",
                                                      "depend on the environment",
                                                      "no model has the feature",
                                                      "the host lacks the feature",
                                                      "another row takes their encodings"};
    unsigned counts[ROW_EXCLUSIONS] = {0};
    const struct silicon_generator *g = t->generators[mode];
    for (unsigned i = 0; i < insn_table_rows; i++)
        counts[generator_exclusion(g, i)]++;
    printf("%s-bit mode, %u rows:", mode ? "64" : "32", insn_table_rows);
    for (unsigned i = 0; i < ROW_EXCLUSIONS; i++) {
        if (counts[i])
            printf(" %u %s;", counts[i], names[i]);
    }
    putchar('\n');
    for (unsigned i = 0; i < insn_table_rows && t->options->coverage; i++) {
        enum silicon_exclusion why = generator_exclusion(g, i);
        if (why > ROW_OTHER_MODE)
            printf("  %s (%s): %s\n", insn_table[i].mnemonic, insn_table[i].encoding, names[why]);
    }
}

static void print_failed_rows(const struct tester *t)
{
    for (unsigned i = 0; i < insn_table_rows; i++) {
        if (t->row_failed[i])
            printf("  %s (%s): %llu failed\n", insn_table[i].mnemonic, insn_table[i].encoding,
                   (unsigned long long)t->row_failed[i]);
    }
}

static int finish(struct tester *t)
{
    double time = seconds(t);
    print_failed_rows(t);
    for (unsigned mode = 0; mode < MODES; mode++) {
        if (t->options->modes[mode])
            print_coverage(t, mode);
    }
    printf("%llu the same, %llu differ where results are undefined, %llu as the allow-list says\n",
           (unsigned long long)t->verdicts[VERDICT_SAME], (unsigned long long)t->verdicts[VERDICT_UNDEFINED],
           (unsigned long long)t->verdicts[VERDICT_ALLOWED]);
    if (t->interrupted)
        printf("%llu again, because the host did not repeat itself\n", (unsigned long long)t->interrupted);
    printf("seed %llu, engine %s, %.1f s, %.0f cases a second\n", (unsigned long long)t->options->seed,
           t->options->engine, time, (double)t->options->cases / time);
    printf("%llu passed, %llu failed\n", (unsigned long long)t->passed, (unsigned long long)t->failed);
    return t->failed != 0;
}

static int replay(struct tester *t)
{
    struct silicon_case c;
    struct silicon_difference d;
    if (!silicon_case_from_line(&c, t->options->replay)) {
        fprintf(stderr, "silicon: malformed case\n");
        return 2;
    }
    enum silicon_verdict verdict = try_case(t, &c, &d);
    show_failure(t, &c);
    printf("%d passed, %d failed\n", verdict != VERDICT_FAILED, verdict == VERDICT_FAILED);
    return verdict == VERDICT_FAILED;
}

/* --- Setup --- */

/* Descriptors that Linux shows to programs become the machine's. */
static void mirror_descriptors(struct silicon_machine *machine)
{
    for (uint16_t selector = 0x58; selector < 0x80; selector += 8) {
        uint32_t rights = 0, limit = 0;
        if (native_descriptor(selector | 3, &rights, &limit))
            silicon_machine_describe(machine, selector, rights, limit);
    }
}

/* 0, or the exit status. */
static unsigned start_mode(struct tester *t, unsigned index)
{
    unsigned mode = index ? MODE_64 : MODE_32;
    t->machines[index] = silicon_machine_new(find_engine(t->options->engine), mode);
    if (!t->machines[index]) {
        printf("silicon: skipped: engine %s does not run on this host\n", t->options->engine);
        return EXIT_SKIPPED;
    }
    if (!t->options->save) {
        mirror_descriptors(t->machines[index]);
        silicon_machine_show_exit(t->machines[index], native_exit());
    }
    t->generators[index] = generator_new(t->machines[index], mode, t->options->rows, native_has);
    if (t->generators[index] && (generator_rows(t->generators[index]) || t->options->replay))
        return 0;
    fprintf(stderr, "silicon: no row matches '%s' in %s-bit mode\n", t->options->rows, index ? "64" : "32");
    return 2;
}

static int run(struct tester *t)
{
    char name[49];
    printf("host: %s\n", native_name(name));
    native_vendor(t->vendor);
    for (unsigned i = 0, status; i < MODES; i++) {
        if ((t->options->modes[i] || t->options->replay) && (status = start_mode(t, i)) != 0)
            return (int)status;
    }
    clock_gettime(CLOCK_MONOTONIC, &t->started);
    if (t->options->replay)
        return replay(t);
    if (t->options->save)
        return save(t);
    run_cases(t);
    return finish(t);
}

static int usage(void)
{
    fputs("usage: silicon [--cases N] [--seed S] [--mode 32|64|both] [--rows REGEX] [--engine NAME] "
          "[--coverage] [--until-failure]\n"
          "       silicon --replay 'LINE'\n"
          "       silicon --save DIRECTORY [--per-row N] [--seed S] [--mode 32|64|both]\n"
          "REGEX matches rows as \"MNEMONIC encoding\". Status 77: cases cannot run on this host.\n",
          stderr);
    return 2;
}

static bool set_mode(struct options *o, const char *text)
{
    bool both = !strcmp(text, "both");
    o->modes[0] = both || !strcmp(text, "32");
    o->modes[1] = both || !strcmp(text, "64");
    return o->modes[0] || o->modes[1];
}

static bool set_option(struct options *o, const char *name, const char *value)
{
    if (!strcmp(name, "--cases"))
        o->cases = strtoull(value, NULL, 0);
    else if (!strcmp(name, "--seed"))
        o->seed = strtoull(value, NULL, 0);
    else if (!strcmp(name, "--rows"))
        o->rows = value;
    else if (!strcmp(name, "--engine"))
        o->engine = value;
    else if (!strcmp(name, "--replay"))
        o->replay = value;
    else if (!strcmp(name, "--save"))
        o->save = value;
    else if (!strcmp(name, "--per-row"))
        o->per_row = (unsigned)strtoul(value, NULL, 0);
    else
        return !strcmp(name, "--mode") && set_mode(o, value);
    return true;
}

static bool parse_options(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--coverage")) {
            o->coverage = true;
        } else if (!strcmp(argv[i], "--until-failure")) {
            o->until_failure = true;
        } else {
            if (i + 1 == argc || !set_option(o, argv[i], argv[i + 1]))
                return false;
            i++;
        }
    }
    return find_engine(o->engine) != NULL;
}

int main(int argc, char **argv)
{
    struct options options = {
        .cases = 100000, .seed = 1, .modes = {true, true}, .engine = "interp", .per_row = 20};
    if (!parse_options(&options, argc, argv))
        return usage();
    struct tester *t = alloc_zeroed(sizeof *t);
    t->options = &options;
    t->row_failed = alloc_zeroed(insn_table_rows * sizeof *t->row_failed);
    const char *excuse = native_start();
    int status = EXIT_SKIPPED;
    if (excuse) {
        printf("silicon: skipped: %s\n", excuse);
    } else {
        status = run(t);
        native_stop();
    }
    for (unsigned i = 0; i < MODES; i++) {
        generator_free(t->generators[i]);
        silicon_machine_free(t->machines[i]);
    }
    alloc_free(t->row_failed);
    alloc_free(t);
    return status;
}
