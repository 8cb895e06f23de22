/* SPDX-License-Identifier: MIT */
/* Replays saved cases on an engine: what a processor did, on any host. The digest covers all that Lathe made
 * of them, undefined and approximate results included, which must be the same on every engine and host. */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "tests/silicon/judge.h"
#include "tests/silicon/text.h"
#include "tests/silicon/vectors.h"

enum { EXIT_SKIPPED = 77, SHOWN = 5 };

struct replay {
    struct silicon_machine *machine;
    struct silicon_vectors *vectors;
    struct silicon_case c;
    struct silicon_outcome expected, lathe;
    unsigned long passed, failed;
    uint64_t digest;
};

static void digest_number(struct replay *r, uint64_t value)
{
    for (unsigned i = 0; i < 64; i += 8)
        r->digest = (r->digest ^ (value >> i & 0xFF)) * UINT64_C(0x100000001B3);
}

static void digest_outcome(struct replay *r)
{
    const struct silicon_outcome *o = &r->lathe;
    for (unsigned i = 0; i < 16; i++)
        digest_number(r, o->out.gpr[i]);
    digest_number(r, o->out.rip);
    digest_number(r, o->out.rflags);
    for (unsigned i = 0; i < FX_USED; i += 8)
        digest_number(r, load_le64(o->out.fx + i));
    digest_number(r, (uint64_t)(int64_t)o->vector);
}

static void show(const struct replay *r, const struct silicon_difference *d)
{
    char line[LINE_MAX_SIZE], what[128];
    silicon_describe(d, what, sizeof what);
    silicon_case_to_line(&r->c, line);
    printf("at case %lu: %s\n  --replay '%s'\n", r->passed + r->failed, what, line);
    silicon_print_outcome("silicon", &r->c, &r->expected);
    silicon_print_outcome("lathe  ", &r->c, &r->lathe);
}

static void replay_all(struct replay *r)
{
    struct silicon_difference d;
    const char *vendor = silicon_vectors_vendor(r->vectors);
    while (silicon_vectors_next(r->vectors, &r->c, &r->expected)) {
        silicon_machine_run(r->machine, &r->c, &r->lathe);
        digest_outcome(r);
        if (silicon_judge(r->machine, &r->c, &r->expected, &r->lathe, vendor, &d) != VERDICT_FAILED)
            r->passed++;
        else if (++r->failed <= SHOWN)
            show(r, &d);
    }
}

static bool same_digest(const struct replay *r, const char *expected)
{
    char digest[17];
    if (!expected)
        return true;
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)r->digest);
    if (!strcmp(digest, expected))
        return true;
    printf("digest %s, not %s: undefined or approximate results are not what they were on other hosts and "
           "engines\n",
           digest, expected);
    return false;
}

static int replay_file(struct replay *r, const struct silicon_engine *engine, const char *path,
                       const char *digest)
{
    r->vectors = silicon_vectors_open(path);
    if (!r->vectors) {
        fprintf(stderr, "vectors_replay: %s: no file of vectors\n", path);
        return 2;
    }
    r->machine = silicon_machine_new(engine, silicon_vectors_mode(r->vectors));
    if (!r->machine) {
        printf("vectors_replay: skipped: engine %s does not run on this host\n", engine->name);
        silicon_vectors_close(r->vectors);
        return EXIT_SKIPPED;
    }
    replay_all(r);
    printf("%s, from %s, on %s: %lu passed, %lu failed\n", path, silicon_vectors_processor(r->vectors),
           engine->name, r->passed, r->failed);
    silicon_machine_free(r->machine);
    bool whole = silicon_vectors_close(r->vectors);
    if (!whole)
        fprintf(stderr, "vectors_replay: %s: damaged\n", path);
    return !whole || r->failed || !r->passed || !same_digest(r, digest);
}

static const struct silicon_engine *find_engine(const char *name)
{
    for (unsigned i = 0; silicon_engine_at(i); i++) {
        if (!strcmp(silicon_engine_at(i)->name, name))
            return silicon_engine_at(i);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct silicon_engine *engine = argc == 3 || argc == 4 ? find_engine(argv[1]) : NULL;
    if (!engine) {
        fputs("usage: vectors_replay ENGINE FILE [DIGEST]\n", stderr);
        return 2;
    }
    struct replay *r = alloc_zeroed(sizeof *r);
    r->digest = UINT64_C(0xCBF29CE484222325);
    int status = replay_file(r, engine, argv[2], argc == 4 ? argv[3] : NULL);
    alloc_free(r);
    return status;
}
