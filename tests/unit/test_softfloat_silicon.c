/* SPDX-License-Identifier: MIT */
/* float32 and float64 operations of the soft FPU against SSE of the host CPU, on x86-64 Linux hosts:
   edge-weighted random operands, all rounding modes, DAZ and FTZ; results, comparison flags and MXCSR
   compared bit for bit. One instruction at a time runs from a small code buffer. Environment:
   LATHE_SILICON_CASES=N cases an instruction, LATHE_SILICON_SEED=N. */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/x86/fpu/softfloat.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/mman.h>
#endif

enum op {
    ADD,
    SUB,
    MUL,
    DIV,
    SQRT,
    MIN,
    MAX,
    ROUND,
    CONVERT,
    COMIS,
    UCOMIS,
    TO32,
    TO64,
    CHOP32,
    CHOP64,
    FROM32,
    FROM64
};

struct instruction {
    const char *name;
    bool wide; /* float64 source */
    enum op op;
    uint8_t size, code[6]; /* operates on xmm0 (destination, first operand), xmm1 (second operand), rax */
};

static const struct instruction instructions[] = {
    {"ADDSS", false, ADD, 4, {0xf3, 0x0f, 0x58, 0xc1}},
    {"ADDSD", true, ADD, 4, {0xf2, 0x0f, 0x58, 0xc1}},
    {"SUBSS", false, SUB, 4, {0xf3, 0x0f, 0x5c, 0xc1}},
    {"SUBSD", true, SUB, 4, {0xf2, 0x0f, 0x5c, 0xc1}},
    {"MULSS", false, MUL, 4, {0xf3, 0x0f, 0x59, 0xc1}},
    {"MULSD", true, MUL, 4, {0xf2, 0x0f, 0x59, 0xc1}},
    {"DIVSS", false, DIV, 4, {0xf3, 0x0f, 0x5e, 0xc1}},
    {"DIVSD", true, DIV, 4, {0xf2, 0x0f, 0x5e, 0xc1}},
    {"SQRTSS", false, SQRT, 4, {0xf3, 0x0f, 0x51, 0xc1}},
    {"SQRTSD", true, SQRT, 4, {0xf2, 0x0f, 0x51, 0xc1}},
    {"MINSS", false, MIN, 4, {0xf3, 0x0f, 0x5d, 0xc1}},
    {"MINSD", true, MIN, 4, {0xf2, 0x0f, 0x5d, 0xc1}},
    {"MAXSS", false, MAX, 4, {0xf3, 0x0f, 0x5f, 0xc1}},
    {"MAXSD", true, MAX, 4, {0xf2, 0x0f, 0x5f, 0xc1}},
    {"ROUNDSS", false, ROUND, 6, {0x66, 0x0f, 0x3a, 0x0a, 0xc1, 0x04}},
    {"ROUNDSD", true, ROUND, 6, {0x66, 0x0f, 0x3a, 0x0b, 0xc1, 0x04}},
    {"CVTSS2SD", false, CONVERT, 4, {0xf3, 0x0f, 0x5a, 0xc1}},
    {"CVTSD2SS", true, CONVERT, 4, {0xf2, 0x0f, 0x5a, 0xc1}},
    {"COMISS", false, COMIS, 3, {0x0f, 0x2f, 0xc1}},
    {"COMISD", true, COMIS, 4, {0x66, 0x0f, 0x2f, 0xc1}},
    {"UCOMISS", false, UCOMIS, 3, {0x0f, 0x2e, 0xc1}},
    {"UCOMISD", true, UCOMIS, 4, {0x66, 0x0f, 0x2e, 0xc1}},
    {"CVTSS2SI r32", false, TO32, 4, {0xf3, 0x0f, 0x2d, 0xc1}},
    {"CVTSD2SI r32", true, TO32, 4, {0xf2, 0x0f, 0x2d, 0xc1}},
    {"CVTSS2SI r64", false, TO64, 5, {0xf3, 0x48, 0x0f, 0x2d, 0xc1}},
    {"CVTSD2SI r64", true, TO64, 5, {0xf2, 0x48, 0x0f, 0x2d, 0xc1}},
    {"CVTTSS2SI r32", false, CHOP32, 4, {0xf3, 0x0f, 0x2c, 0xc1}},
    {"CVTTSD2SI r32", true, CHOP32, 4, {0xf2, 0x0f, 0x2c, 0xc1}},
    {"CVTTSS2SI r64", false, CHOP64, 5, {0xf3, 0x48, 0x0f, 0x2c, 0xc1}},
    {"CVTTSD2SI r64", true, CHOP64, 5, {0xf2, 0x48, 0x0f, 0x2c, 0xc1}},
    {"CVTSI2SS r32", false, FROM32, 4, {0xf3, 0x0f, 0x2a, 0xc1}},
    {"CVTSI2SD r32", true, FROM32, 4, {0xf2, 0x0f, 0x2a, 0xc1}},
    {"CVTSI2SS r64", false, FROM64, 5, {0xf3, 0x48, 0x0f, 0x2a, 0xc1}},
    {"CVTSI2SD r64", true, FROM64, 5, {0xf2, 0x48, 0x0f, 0x2a, 0xc1}},
};

struct result {
    uint64_t value;
    uint64_t rax; /* integer result, or CF PF ZF */
    uint32_t mxcsr;
};

static uint64_t order_flags(enum float_order order)
{
    static const uint8_t flags[] = {
        [FLOAT_LESS] = 0x01, [FLOAT_EQUAL] = 0x40, [FLOAT_GREATER] = 0, [FLOAT_UNORDERED] = 0x45};
    return flags[order];
}

static void run32(struct float_env *env, enum op op, uint32_t a, uint32_t b, struct result *r)
{
    switch (op) {
    case ADD: r->value = f32_add(env, a, b); break;
    case SUB: r->value = f32_sub(env, a, b); break;
    case MUL: r->value = f32_mul(env, a, b); break;
    case DIV: r->value = f32_div(env, a, b); break;
    case SQRT: r->value = f32_sqrt(env, b); break;
    case MIN: r->value = f32_min(env, a, b); break;
    case MAX: r->value = f32_max(env, a, b); break;
    case ROUND: r->value = f32_round_to_integral(env, b); break;
    case CONVERT: r->value = f32_to_f64(env, b); break;
    case COMIS: r->rax = order_flags(f32_compare(env, a, b, false)); break;
    case UCOMIS: r->rax = order_flags(f32_compare(env, a, b, true)); break;
    case TO32:
    case CHOP32: r->rax = (uint32_t)f32_to_int(env, b, 32); break;
    case TO64:
    case CHOP64: r->rax = (uint64_t)f32_to_int(env, b, 64); break;
    default: break;
    }
}

static void run64(struct float_env *env, enum op op, uint64_t a, uint64_t b, struct result *r)
{
    switch (op) {
    case ADD: r->value = f64_add(env, a, b); break;
    case SUB: r->value = f64_sub(env, a, b); break;
    case MUL: r->value = f64_mul(env, a, b); break;
    case DIV: r->value = f64_div(env, a, b); break;
    case SQRT: r->value = f64_sqrt(env, b); break;
    case MIN: r->value = f64_min(env, a, b); break;
    case MAX: r->value = f64_max(env, a, b); break;
    case ROUND: r->value = f64_round_to_integral(env, b); break;
    case CONVERT: r->value = f64_to_f32(env, b); break;
    case COMIS: r->rax = order_flags(f64_compare(env, a, b, false)); break;
    case UCOMIS: r->rax = order_flags(f64_compare(env, a, b, true)); break;
    case TO32:
    case CHOP32: r->rax = (uint32_t)f64_to_int(env, b, 32); break;
    case TO64:
    case CHOP64: r->rax = (uint64_t)f64_to_int(env, b, 64); break;
    default: break;
    }
}

static struct result run_software(const struct instruction *insn, uint32_t mxcsr, uint64_t a, uint64_t b)
{
    struct float_env env = {.rounding = mxcsr >> 13 & 3,
                            .masks = FLOAT_EXCEPTIONS,
                            .flags = mxcsr & FLOAT_EXCEPTIONS,
                            .daz = mxcsr >> 6 & 1,
                            .ftz = mxcsr >> 15};
    struct result r = {a, 0, 0};
    if (insn->op == CHOP32 || insn->op == CHOP64)
        env.rounding = FLOAT_CHOP;
    if (insn->op == FROM32 || insn->op == FROM64) {
        int64_t n = insn->op == FROM32 ? (int32_t)b : (int64_t)b;
        r.value = insn->wide ? f64_from_int(&env, n) : f32_from_int(&env, n);
    } else if (insn->wide) {
        run64(&env, insn->op, a, b, &r);
    } else {
        run32(&env, insn->op, (uint32_t)a, (uint32_t)b, &r);
    }
    r.mxcsr = (mxcsr & ~(uint32_t)FLOAT_EXCEPTIONS) | env.flags;
    return r;
}

/* --- Random operands --- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A value with few or many significant bits, near the exponents where things happen. */
static uint64_t random_operand(uint64_t *state, bool wide)
{
    static const int anchors[] = {0,    0,         1,         1023,      1023,       2046,      2047,
                                  2047, 1023 + 31, 1023 + 63, 1023 + 52, 1023 - 126, 1023 - 149};
    unsigned fraction = wide ? 52 : 23, top = wide ? 2047 : 255;
    uint64_t r = next_random(state), m = next_random(state) >> 12;
    int exponent = anchors[r % (sizeof anchors / sizeof *anchors)];
    if (!wide)
        exponent = exponent == 2046   ? 254
                   : exponent == 2047 ? 255
                   : exponent > 1     ? exponent - 1023 + 127
                                      : exponent;
    if (r >> 8 & 1)
        exponent += (int)(r >> 16 & 7) - 4;
    else if (r >> 9 & 1)
        exponent = (int)(r >> 16 & 2047);
    switch (r >> 10 & 7) {
    case 0: m = 0; break;
    case 1: m = ~UINT64_C(0) >> 12; break;
    case 2: m = UINT64_C(1) << (r >> 32) % 52; break;
    case 3: m >>= (r >> 32) % 52; break;
    case 4: m &= ~UINT64_C(0) << (r >> 32) % 52; break;
    default: break;
    }
    m >>= 52 - fraction;
    uint64_t sign = (r >> 63) << (wide ? 63 : 31);
    return sign | (uint64_t)((unsigned)exponent & top) << fraction | m;
}

/* --- One case --- */

struct trial {
    const struct instruction *insn;
    bool first; /* of this instruction */
    uint32_t mxcsr;
    uint64_t a, b;
};

static void random_trial(struct trial *t, uint64_t *seed)
{
    uint64_t r = next_random(seed);
    uint64_t flags = r & 0x10 ? r >> 8 & 0x3f : 0;
    t->mxcsr = (uint32_t)(0x1f80 | (r & 3) << 13 | (r >> 2 & 1) << 15 | (r >> 3 & 1) << 6 | flags);
    t->a = random_operand(seed, t->insn->wide);
    t->b = random_operand(seed, t->insn->wide);
    if (t->insn->op == FROM32 || t->insn->op == FROM64)
        t->b = next_random(seed) >> (r >> 32 & 63);
}

typedef void visit_fn(void *context, const struct trial *t);

static void visit_all(visit_fn *visit, void *context, uint64_t cases, uint64_t seed)
{
    for (unsigned k = 0; k < sizeof instructions / sizeof *instructions; k++) {
        struct trial t = {.insn = &instructions[k]};
        for (uint64_t i = 0; i < cases; i++) {
            t.first = i == 0;
            random_trial(&t, &seed);
            visit(context, &t);
        }
    }
}

/* --- The same result on every host --- */

static void digest_value(uint64_t *digest, uint64_t value)
{
    for (unsigned i = 0; i < 64; i += 8)
        *digest = (*digest ^ (value >> i & 0xff)) * UINT64_C(0x100000001b3);
}

static void digest_trial(void *context, const struct trial *t)
{
    struct result r = run_software(t->insn, t->mxcsr, t->a, t->b);
    digest_value(context, r.value);
    digest_value(context, r.rax);
    digest_value(context, r.mxcsr);
}

/* The digest of all results was taken where test_against_host passes. */
START_TEST(test_digest)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    visit_all(digest_trial, &digest, 2000, 1);
    ck_assert_uint_eq(digest, UINT64_C(0x2b7101de6d7c85f1));
}
END_TEST

/* --- Against the host --- */

#if defined(__x86_64__) && defined(__linux__)

/* ldmxcsr [rdi]; movq xmm0,rsi; movq xmm1,rdx; mov rcx,rdx; xor eax,eax; instruction with rcx for integers;
   movq [r8],xmm0; stmxcsr [rdi]; ret */
typedef uint64_t code_fn(uint32_t *mxcsr, uint64_t a, uint64_t b, uint64_t unused, uint64_t *result);

static void emit(uint8_t *p, const struct instruction *insn)
{
    static const uint8_t before[] = {0x0f, 0xae, 0x17, 0x66, 0x48, 0x0f, 0x6e, 0xc6, 0x66,
                                     0x48, 0x0f, 0x6e, 0xca, 0x48, 0x89, 0xd1, 0x31, 0xc0};
    static const uint8_t flags[] = {0x9c, 0x58}; /* pushf; pop rax */
    static const uint8_t after[] = {0x66, 0x41, 0x0f, 0xd6, 0x00, 0x0f, 0xae, 0x1f, 0xc3};
    memcpy(p, before, sizeof before);
    p += sizeof before;
    memcpy(p, insn->code, insn->size);
    p += insn->size;
    if (insn->op == COMIS || insn->op == UCOMIS) {
        memcpy(p, flags, sizeof flags);
        p += sizeof flags;
    }
    memcpy(p, after, sizeof after);
}

static struct result run_host(code_fn *code, const struct instruction *insn, uint32_t mxcsr, uint64_t a,
                              uint64_t b)
{
    struct result r = {0, 0, mxcsr};
    r.rax = code(&r.mxcsr, a, b, 0, &r.value);
    if (insn->op == COMIS || insn->op == UCOMIS)
        r.rax &= 0x45;
    bool single = insn->op == CONVERT ? insn->wide : !insn->wide;
    if (single && insn->op != COMIS && insn->op != UCOMIS && !(insn->op >= TO32 && insn->op <= CHOP64))
        r.value = (uint32_t)r.value;
    return r;
}

struct comparison {
    uint8_t *buffer;
    code_fn *code;
    uint64_t failed;
};

static void compare_trial(void *context, const struct trial *t)
{
    struct comparison *c = context;
    if (t->first)
        emit(c->buffer, t->insn);
    struct result soft = run_software(t->insn, t->mxcsr, t->a, t->b);
    struct result host = run_host(c->code, t->insn, t->mxcsr, t->a, t->b);
    if (soft.value == host.value && soft.rax == host.rax && soft.mxcsr == host.mxcsr)
        return;
    if (c->failed++ >= 20)
        return;
    printf("%s a %llx b %llx mxcsr %x: host %llx %llx %x soft %llx %llx %x\n", t->insn->name,
           (unsigned long long)t->a, (unsigned long long)t->b, t->mxcsr, (unsigned long long)host.value,
           (unsigned long long)host.rax, host.mxcsr, (unsigned long long)soft.value,
           (unsigned long long)soft.rax, soft.mxcsr);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

START_TEST(test_against_host)
{
    struct comparison c = {0};
    c.buffer = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c.buffer == MAP_FAILED) {
        puts("SSE against host: skipped, no executable memory");
        return;
    }
    memcpy(&c.code, &c.buffer, sizeof c.code);
    visit_all(compare_trial, &c, setting("LATHE_SILICON_CASES", 10000), setting("LATHE_SILICON_SEED", 1));
    munmap(c.buffer, 4096);
    fflush(stdout);
    ck_assert_uint_eq(c.failed, 0);
}
END_TEST
#else
START_TEST(test_against_host)
{
    puts("SSE against host: skipped, the host is not x86-64 Linux");
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("softfloat silicon");
    TCase *tests = tcase_create("host");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, test_digest);
    tcase_add_test(tests, test_against_host);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
