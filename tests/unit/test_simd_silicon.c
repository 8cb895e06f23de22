/* SPDX-License-Identifier: MIT */
/* MMX and SSE against the host's processor, on x86-64 Linux hosts. Every row of the instruction table that
 * belongs to these extensions runs natively and through Lathe's decoder and operation, with the same bytes,
 * registers, memory (at the same address, sometimes misaligned, sometimes across a page), MXCSR and x87
 * state. Registers, memory, flags, MXCSR, tags and the exception must agree bit for bit, in a 32-bit code
 * segment and, with REX prefixes, in a 64-bit one. The host's faults arrive as signals. Environment:
 * LATHE_SILICON_CASES=N cases a form, LATHE_SILICON_SEED=N, LATHE_SILICON_ONLY=mnemonic. */
#define _GNU_SOURCE 1 /* MAP_FIXED_NOREPLACE, REG_RIP */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/x86/decode.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

/* The host's pages, at addresses that are the guest's too: code and states, then two pages of operands. */
enum {
    BASE = 0x300000,
    STATES = BASE + 0x1000,
    OPERANDS = BASE + 0x2000,
    MIDDLE = OPERANDS + 0x1000, /* between the two pages */
    END = BASE + 0x4000,
    WINDOW = 64, /* bytes before and behind an operand that are compared */
    FX_SIZE = 512,
    NO_FAULT = -1,
};

/* What an instruction works on, laid out for the machine code below. */
struct state {
    uint8_t fx[FX_SIZE]; /* FXSAVE image: x87, MMX, XMM, MXCSR */
    uint64_t gpr[16];
    uint64_t flags;
};

struct states {
    _Alignas(64) struct state in, out;
    uint64_t host_sp;
    uint32_t mxcsr_default;
};

enum fx_offset { FX_CONTROL = 0, FX_STATUS = 2, FX_TAG = 4, FX_MXCSR = 24, FX_ST = 32, FX_XMM = 160 };

/* --- Forms: rows of the table, and how to write them down as bytes --- */

struct form {
    const struct insn_row *row;
    uint8_t prefix; /* mandatory one, or 0 */
    uint8_t opcode[3], opcode_size;
    int digit; /* ModRM.reg, or -1 */
    int exact; /* ModRM, or -1 */
    bool modrm, immediate, memory, registers;
};

static void parse_encoding(struct form *form)
{
    char text[40];
    snprintf(text, sizeof text, "%s", form->row->encoding);
    form->digit = form->exact = -1;
    for (char *rest = NULL, *token = strtok_r(text, " ", &rest); token; token = strtok_r(NULL, " ", &rest)) {
        unsigned long byte = strtoul(token, NULL, 16);
        if (token[0] == '/') {
            form->modrm = true;
            if (token[1] == '=')
                form->exact = (int)strtoul(token + 2, NULL, 16);
            else if (token[1] != 'r')
                form->digit = token[1] - '0';
        } else if (strcmp(token, "NP") != 0) {
            if (!form->opcode_size && !form->prefix && (byte == 0x66 || byte == 0xF2 || byte == 0xF3))
                form->prefix = (uint8_t)byte;
            else
                form->opcode[form->opcode_size++] = (uint8_t)byte;
        }
    }
}

static struct form form_of(const struct insn_row *row)
{
    struct form form = {.row = row, .memory = true, .registers = true};
    parse_encoding(&form);
    for (const char *at = row->operands; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
        form.immediate |= *at == 'I';
        form.memory &= !strchr("NUR", *at);
        form.registers &= *at != 'M';
    }
    if (form.exact >= 0 || !form.modrm)
        form.memory = false;
    return form;
}

/* Bits of CPUID leaf 1: EDX, or ECX where 32 is added. */
static bool host_has(enum insn_feature feature)
{
    static const uint8_t bits[FEATURE_COUNT] = {
        [FEATURE_MMX] = 23,        [FEATURE_SSE] = 25,           [FEATURE_SSE2] = 26,
        [FEATURE_SSE3] = 32 + 0,   [FEATURE_SSSE3] = 32 + 9,     [FEATURE_SSE41] = 32 + 19,
        [FEATURE_SSE42] = 32 + 20, [FEATURE_MOVBE] = 32 + 22,    [FEATURE_POPCNT] = 32 + 23,
        [FEATURE_AES] = 32 + 25,   [FEATURE_PCLMULQDQ] = 32 + 1,
    };
    unsigned eax, ebx, ecx, edx;
    if (!bits[feature] || !__get_cpuid(1, &eax, &ebx, &ecx, &edx))
        return false;
    return (bits[feature] < 32 ? edx >> bits[feature] : ecx >> (bits[feature] - 32)) & 1;
}

/* --- Random operands --- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A number of the format near the exponents where things happen. */
static uint64_t random_float(uint64_t *seed, unsigned fraction, unsigned exponent_bits)
{
    uint64_t r = next_random(seed), m = next_random(seed) >> (64 - fraction);
    unsigned top = (1u << exponent_bits) - 1, bias = top >> 1;
    const unsigned anchors[] = {0,       0,   1,   bias,    bias, bias + 31, bias + 63, bias + fraction,
                                top - 1, top, top, bias / 2};
    unsigned exponent = anchors[r % 12];
    if (r >> 8 & 1)
        exponent += (unsigned)(r >> 16 & 7) - 4;
    else if (r >> 9 & 1)
        exponent = (unsigned)(r >> 16);
    switch (r >> 10 & 7) {
    case 0: m = 0; break;
    case 1: m = (UINT64_C(1) << fraction) - 1; break;
    case 2: m = UINT64_C(1) << (r >> 32) % fraction; break;
    case 3: m >>= (r >> 32) % fraction; break;
    default: break;
    }
    return (r >> 63) << (fraction + exponent_bits) | (uint64_t)(exponent & top) << fraction | m;
}

static uint64_t random_bytes_at_edges(uint64_t *seed)
{
    static const uint8_t edges[8] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0xFE, 0x00, 0xFF};
    uint64_t r = next_random(seed), value = 0;
    for (unsigned i = 0; i < 64; i += 8)
        value |= (uint64_t)edges[r >> i & 7] << i;
    return value;
}

static uint64_t random_word(uint64_t *seed, unsigned kind)
{
    switch (kind & 7) {
    case 0:
    case 1: return random_float(seed, 23, 8) | random_float(seed, 23, 8) << 32;
    case 2:
    case 3: return random_float(seed, 52, 11);
    case 4: return random_bytes_at_edges(seed);
    case 5: return next_random(seed) >> (next_random(seed) & 63);
    case 6: return next_random(seed) & 0x0F0F0F0F0F0F0F0F;
    default: return next_random(seed);
    }
}

/* --- Trials --- */

struct trial {
    const struct form *form;
    enum cpu_mode mode;
    bool memory;
    uint8_t bytes[16];
    unsigned size;
    uint32_t address; /* of the memory operand */
    uint8_t window[2 * WINDOW];
};

/* Memory operands are at [rDI]. */
static void encode(struct trial *t, uint64_t *seed)
{
    const struct form *form = t->form;
    uint64_t r = next_random(seed);
    unsigned modrm = t->memory ? 7 : 0xC0 | (r & 7);
    modrm |= form->digit >= 0 ? (unsigned)form->digit << 3 : (unsigned)(r >> 3 & 7) << 3;
    if (form->exact >= 0)
        modrm = (unsigned)form->exact;
    t->size = 0;
    if (form->prefix)
        t->bytes[t->size++] = form->prefix;
    if (t->mode == MODE_64 && (r >> 8 & 3))
        t->bytes[t->size++] = (uint8_t)(0x40 | (r >> 10 & (t->memory ? 0xE : 0xF)));
    for (unsigned i = 0; i < form->opcode_size; i++)
        t->bytes[t->size++] = form->opcode[i];
    if (form->modrm)
        t->bytes[t->size++] = (uint8_t)modrm;
    if (form->immediate)
        t->bytes[t->size++] = (uint8_t)(r & 0x10000 ? r >> 17 & 31 : r >> 17);
}

static void random_x87(struct state *s, uint64_t *seed)
{
    uint64_t r = next_random(seed);
    struct x87 x87;
    x87_fninit(&x87);
    x87.top = r & 7;
    x87.tag = (uint8_t)(r >> 8);
    x87.status = (uint16_t)(r >> 16 & (X87_C0 | X87_C1 | X87_C2 | X87_C3));
    if ((r >> 32 & 31) == 0) { /* an error waits */
        x87.status |= FLOAT_PE;
        x87.control &= (uint16_t)~FLOAT_PE;
    }
    for (unsigned i = 0; i < 8; i++) {
        x87.mantissa[i] = random_word(seed, (unsigned)(r >> 40));
        x87.sign_exponent[i] = (uint16_t)next_random(seed);
    }
    x87_fxsave(&x87, false, s->fx);
}

static uint32_t random_mxcsr(uint64_t *seed)
{
    uint64_t r = next_random(seed);
    uint32_t masks = r >> 32 & 3 ? 0x1F80 : r >> 34 & 0x1F80;
    return (uint32_t)(masks | (r & 3) << 13 | (r >> 2 & 1) << 15 | (r >> 3 & 1) << 6 |
                      (r & 0x10 ? r >> 8 & 0x3F : 0));
}

static uint32_t random_address(uint64_t *seed)
{
    uint32_t r = (uint32_t)next_random(seed);
    switch (r >> 8 & 7) {
    case 0: return MIDDLE - 16 + (r & 31);
    case 1: return OPERANDS + 256 + (r & 15);
    default: return OPERANDS + 256 + (r & 7) * 16;
    }
}

/* LDMXCSR: AMD's MXCSR bit 17 (no #GP for misaligned operands) is not Intel's. */
static void tame_window(struct trial *t)
{
    if (!strcmp(t->form->row->mnemonic, "LDMXCSR"))
        t->window[WINDOW + 2] &= 0xFD;
}

static void random_trial(struct trial *t, struct state *s, uint64_t *seed)
{
    unsigned kind = (unsigned)next_random(seed);
    memset(s, 0, sizeof *s);
    encode(t, seed);
    random_x87(s, seed);
    store_le32(s->fx + FX_MXCSR, random_mxcsr(seed));
    for (unsigned i = 0; i < 32; i++)
        store_le64(s->fx + FX_XMM + 8 * i, random_word(seed, kind));
    if (kind >> 8 & 1) /* equal lanes */
        memcpy(s->fx + FX_XMM + (kind >> 12 & 15) * 16, s->fx + FX_XMM + (kind >> 16 & 15) * 16, 12);
    for (unsigned i = 0; i < sizeof t->window; i += 8)
        store_le64(t->window + i, random_word(seed, kind));
    tame_window(t);
    for (unsigned i = 0; i < 16; i++) {
        s->gpr[i] = random_word(seed, (unsigned)next_random(seed));
        if (t->mode == MODE_32)
            s->gpr[i] = i < 8 ? (uint32_t)s->gpr[i] : 0;
    }
    t->address = random_address(seed);
    s->gpr[GPR_DI] = t->address;
    s->flags = 0x202 | (next_random(seed) & EFLAGS_OSZAPC);
}

/* --- On the host --- */

static int host_fault;
static uint64_t host_resume;

/* Goes on behind the instruction, with the registers as it left them. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)number;
    (void)info;
    host_fault = (int)uc->uc_mcontext.gregs[REG_TRAPNO];
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)host_resume;
}

static struct states *states(void)
{
    return (struct states *)(uintptr_t)STATES;
}

struct code {
    uint8_t *at;
};

static void emit(struct code *c, const void *bytes, unsigned size)
{
    memcpy(c->at, bytes, size);
    c->at += size;
}

static void emit_absolute(struct code *c, const char *opcode, unsigned size, unsigned reg,
                          const void *address)
{
    uint8_t modrm[2] = {(uint8_t)(reg << 3 | 4), 0x25};
    emit(c, opcode, size);
    emit(c, modrm, 2);
    store_le32(c->at, (uint32_t)(uintptr_t)address);
    c->at += 4;
}

/* REX.W MOV between a register and memory; opcode 8B loads, 89 stores. */
static void emit_move(struct code *c, uint8_t opcode, unsigned reg, const void *address)
{
    char bytes[2] = {(char)(reg & 8 ? 0x4C : 0x48), (char)opcode};
    emit_absolute(c, bytes, 2, reg & 7, address);
}

static void emit_trial(const struct trial *t)
{
    struct states *s = states();
    struct code c = {(uint8_t *)(uintptr_t)BASE};
    emit(&c, "\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57", 10); /* PUSH RBX, RBP, R12-R15 */
    emit_move(&c, 0x89, GPR_SP, &s->host_sp);
    emit_absolute(&c, "\x0F\xAE", 2, 1, s->in.fx); /* FXRSTOR */
    emit_absolute(&c, "\xFF", 1, 6, &s->in.flags); /* PUSH */
    emit(&c, "\x9D", 1);                           /* POPFQ */
    for (unsigned i = 0; i < 16; i++)
        emit_move(&c, 0x8B, i, &s->in.gpr[i]);
    emit(&c, t->bytes, t->size);
    host_resume = (uint64_t)(uintptr_t)c.at;
    for (unsigned i = 0; i < 16; i++)
        emit_move(&c, 0x89, i, &s->out.gpr[i]);
    emit_move(&c, 0x8B, GPR_SP, &s->host_sp);
    emit(&c, "\x9C", 1);                                    /* PUSHFQ */
    emit_absolute(&c, "\x8F", 1, 0, &s->out.flags);         /* POP */
    emit_absolute(&c, "\x0F\xAE", 2, 0, s->out.fx);         /* FXSAVE */
    emit(&c, "\xDB\xE3\xFC", 3);                            /* FNINIT, CLD */
    emit_absolute(&c, "\x0F\xAE", 2, 2, &s->mxcsr_default); /* LDMXCSR */
    emit(&c, "\x41\x5F\x41\x5E\x41\x5D\x41\x5C\x5D\x5B\xC3", 11);
}

/* The faulting vector, or NO_FAULT. */
static int run_host(const struct trial *t, const struct state *in, struct state *out, uint8_t *window)
{
    uint8_t *memory = (uint8_t *)(uintptr_t)t->address - WINDOW;
    void *code = (void *)(uintptr_t)BASE;
    void (*run)(void);
    memcpy(&run, &code, sizeof run);
    states()->in = *in;
    memcpy(memory, t->window, sizeof t->window);
    emit_trial(t);
    host_fault = NO_FAULT;
    run();
    *out = states()->out;
    out->flags &= EFLAGS_OSZAPC;
    memcpy(window, memory, sizeof t->window);
    return host_fault;
}

/* --- In Lathe --- */

static const struct insn *end_of_run(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu;
    (void)insn;
    return NULL;
}

static void set_mode(struct cpu *cpu, enum cpu_mode mode)
{
    for (unsigned i = 0; i <= SEG_GS; i++)
        cpu->seg[i] = (struct segment){.limit = UINT32_MAX,
                                       .attributes = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE |
                                                     SEG_ATTR_DB | SEG_ATTR_G};
    cpu->seg[SEG_CS].attributes |= SEG_ATTR_CODE;
    cpu->efer = mode == MODE_64 ? EFER_LME | EFER_LMA : 0;
    if (mode == MODE_64)
        cpu->seg[SEG_CS].attributes = (uint16_t)((cpu->seg[SEG_CS].attributes & ~SEG_ATTR_DB) | SEG_ATTR_L);
    cpu->cr0 |= CR0_PE | CR0_NE;
    cpu->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu_derive(cpu);
    for (unsigned i = 0; i <= SEG_GS; i++)
        cpu_derive_segment(cpu, (enum seg_index)i);
}

static void load_state(struct cpu *cpu, const struct state *s)
{
    x87_fxrstor(&cpu->x87, false, s->fx);
    cpu->mxcsr = load_le32(s->fx + FX_MXCSR);
    for (unsigned i = 0; i < 16; i++) {
        cpu->gpr[i] = s->gpr[i];
        cpu->xmm[i][0] = load_le64(s->fx + FX_XMM + 16 * i);
        cpu->xmm[i][1] = load_le64(s->fx + FX_XMM + 16 * i + 8);
    }
    cpu_set_eflags(cpu, (uint32_t)s->flags);
}

static void store_state(const struct cpu *cpu, struct state *s)
{
    memset(s, 0, sizeof *s);
    x87_fxsave(&cpu->x87, false, s->fx);
    store_le32(s->fx + FX_MXCSR, cpu->mxcsr);
    for (unsigned i = 0; i < 16; i++) {
        s->gpr[i] = cpu->gpr[i];
        store_le64(s->fx + FX_XMM + 16 * i, cpu->xmm[i][0]);
        store_le64(s->fx + FX_XMM + 16 * i + 8, cpu->xmm[i][1]);
    }
    s->flags = cpu_get_eflags(cpu) & EFLAGS_OSZAPC;
}

static int run_lathe(struct cpu_fixture *f, const struct trial *t, const struct state *in, struct state *out,
                     uint8_t *window)
{
    struct cpu *cpu = f->cpu;
    struct insn insns[2] = {{.offset = 0}, {.fn = end_of_run}};
    cpu_fixture_load(f, t->address - WINDOW, t->window, sizeof t->window);
    load_state(cpu, in);
    ck_assert_int_eq(decode_insn(cpu->decoder, t->mode, t->bytes, t->size, &insns[0]), DECODE_OK);
    ck_assert_uint_eq(insns[0].length, t->size);
    insns[0].left = 1;
    for (const struct insn *insn = insns; insn;)
        insn = insn->fn(cpu, insn);
    store_state(cpu, out);
    for (unsigned i = 0; i < sizeof t->window; i++)
        window[i] = (uint8_t)cpu_fixture_peek(f, t->address - WINDOW + i, 1);
    int64_t fault = cpu_fixture_take_fault(f);
    return fault < 0 ? NO_FAULT : (int)(fault >> 16);
}

/* --- Comparison --- */

struct comparison {
    struct cpu_fixture *f;
    bool amd;
    uint64_t trials, forms, failed;
};

static void print_state(const char *who, const struct state *s, int fault, const uint8_t *window)
{
    printf("  %s fault %d mxcsr %04x fsw %04x tag %02x flags %03x", who, fault, load_le32(s->fx + FX_MXCSR),
           load_le16(s->fx + FX_STATUS), s->fx[FX_TAG], (unsigned)s->flags);
    for (unsigned i = 0; i < 16; i++)
        printf("%s%llx", i ? " " : "\n    gpr ", (unsigned long long)s->gpr[i]);
    for (unsigned i = 0; i < 8; i++)
        printf("%s%04x:%016llx", i % 4 ? " " : "\n    st  ", load_le16(s->fx + FX_ST + 16 * i + 8),
               (unsigned long long)load_le64(s->fx + FX_ST + 16 * i));
    for (unsigned i = 0; i < 16; i++)
        printf("%s%016llx_%016llx", i % 4 ? " " : "\n    xmm ",
               (unsigned long long)load_le64(s->fx + FX_XMM + 16 * i + 8),
               (unsigned long long)load_le64(s->fx + FX_XMM + 16 * i));
    for (unsigned i = 0; i < 32; i++)
        printf("%s%02x", i ? i % 8 ? "" : " " : "\n    mem ", window[WINDOW + i]);
    putchar('\n');
}

/* RCP and RSQRT: results within 1.5 * 2^-12 of each other, relatively, count as equal. */
static bool is_approximate(const struct insn_row *row)
{
    return !strncmp(row->mnemonic, "RCP", 3) || !strncmp(row->mnemonic, "RSQRT", 5);
}

static bool close_enough(uint32_t a, uint32_t b)
{
    int64_t distance = (int64_t)a - (int64_t)b;
    bool finite = (a & 0x7F800000) && (a & 0x7F800000) != 0x7F800000;
    return a == b || (finite && distance > -0x1800 && distance < 0x1800);
}

static bool same_xmm(const struct trial *t, const struct state *a, const struct state *b)
{
    if (!is_approximate(t->form->row))
        return !memcmp(a->fx + FX_XMM, b->fx + FX_XMM, 256);
    for (unsigned i = 0; i < 256; i += 4) {
        if (!close_enough(load_le32(a->fx + FX_XMM + i), load_le32(b->fx + FX_XMM + i)))
            return false;
    }
    return true;
}

/* FIP, FDP and FOP are left out: makers differ in when FXSAVE shows them. */
static bool same_x87(const struct state *a, const struct state *b)
{
    for (unsigned i = 0; i < 8; i++) {
        if (memcmp(a->fx + FX_ST + 16 * i, b->fx + FX_ST + 16 * i, 10) != 0)
            return false;
    }
    return !memcmp(a->fx, b->fx, FX_TAG + 1);
}

static bool same(const struct trial *t, const struct state *a, const struct state *b)
{
    return !memcmp(a->gpr, b->gpr, sizeof a->gpr) && a->flags == b->flags && same_x87(a, b) &&
           same_xmm(t, a, b) && load_le32(a->fx + FX_MXCSR) == load_le32(b->fx + FX_MXCSR);
}

static bool is_cvtpi2ps_from_memory(const struct trial *t)
{
    return t->memory && !strcmp(t->form->row->mnemonic, "CVTPI2PS");
}

/* Where makers differ Lathe follows Intel's manual; on an AMD host these bits of Lathe's result are replaced
 * by the host's. */
static void forgive_amd(const struct trial *t, const struct state *host, struct state *lathe, int vector)
{
    uint32_t theirs = load_le32(host->fx + FX_MXCSR), ours = load_le32(lathe->fx + FX_MXCSR);
    unsigned unmasked = ~(ours >> 7) & ours & (FLOAT_OE | FLOAT_UE);
    /* With an unmasked overflow or underflow AMD leaves PE alone; Intel sets it where the result is inexact
     * (SDM 1 appendix E). */
    if (vector == VECTOR_XM && unmasked)
        store_le32(lathe->fx + FX_MXCSR, (ours & ~(uint32_t)FLOAT_PE) | (theirs & FLOAT_PE));
    /* CVTPI2PS with an operand in memory makes the registers MMX's on Intel's processors only. */
    if (is_cvtpi2ps_from_memory(t)) {
        memcpy(lathe->fx, host->fx, FX_TAG + 1);
        memcpy(lathe->fx + FX_ST, host->fx + FX_ST, FX_XMM - FX_ST);
    }
}

static void compare_trial(struct comparison *c, const struct trial *t, const struct state *in)
{
    struct state host, lathe;
    uint8_t host_window[2 * WINDOW], lathe_window[2 * WINDOW];
    int host_vector = run_host(t, in, &host, host_window);
    int lathe_vector = run_lathe(c->f, t, in, &lathe, lathe_window);
    c->trials++;
    if (c->amd && host_vector == lathe_vector)
        forgive_amd(t, &host, &lathe, host_vector);
    if (c->amd && lathe_vector == VECTOR_MF && is_cvtpi2ps_from_memory(t))
        return; /* to AMD this is no MMX instruction, so it does not wait for x87 errors */
    if (host_vector == lathe_vector && same(t, &host, &lathe) &&
        !memcmp(host_window, lathe_window, sizeof host_window))
        return;
    if (c->failed++ >= 12)
        return;
    printf("%s (%s) %s-bit:", t->form->row->mnemonic, t->form->row->encoding,
           t->mode == MODE_64 ? "64" : "32");
    for (unsigned i = 0; i < t->size; i++)
        printf(" %02x", t->bytes[i]);
    printf(" at %x\n", t->address);
    print_state("before", in, NO_FAULT, t->window);
    print_state("host  ", &host, host_vector, host_window);
    print_state("lathe ", &lathe, lathe_vector, lathe_window);
}

static void compare_form(struct comparison *c, const struct form *form, uint64_t cases, uint64_t *seed)
{
    static const enum cpu_mode modes[] = {MODE_32, MODE_64};
    for (unsigned m = 0; m < 2; m++) {
        set_mode(c->f->cpu, modes[m]);
        for (uint64_t i = 0; i < cases; i++) {
            struct trial t = {.form = form, .mode = modes[m]};
            struct state in;
            t.memory = form->memory && (!form->registers || i & 1);
            random_trial(&t, &in, seed);
            compare_trial(c, &t, &in);
        }
    }
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void catch_signals(void)
{
    static uint8_t stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static const int numbers[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL};
    sigaltstack(&alternate, NULL);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

START_TEST(against_host)
{
    struct cpu_fixture f;
    struct comparison c = {.f = &f, .amd = __builtin_cpu_is("amd")};
    uint64_t cases = setting("LATHE_SILICON_CASES", 150), seed = setting("LATHE_SILICON_SEED", 1);
    const char *only = getenv("LATHE_SILICON_ONLY");
    void *pages = mmap((void *)(uintptr_t)BASE, END - BASE, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (pages != (void *)(uintptr_t)BASE) {
        puts("SIMD against host: skipped, no executable memory at 3 MiB");
        return;
    }
    states()->mxcsr_default = 0x1F80;
    catch_signals();
    cpu_fixture_init(&f, "max");
    for (unsigned i = 0; i < insn_table_rows; i++) {
        if (!host_has((enum insn_feature)insn_table[i].feature) ||
            (only && strcmp(only, insn_table[i].mnemonic) != 0))
            continue;
        struct form form = form_of(&insn_table[i]);
        compare_form(&c, &form, cases, &seed);
        c.forms++;
    }
    printf("%llu forms, %llu cases, %llu differ\n", (unsigned long long)c.forms, (unsigned long long)c.trials,
           (unsigned long long)c.failed);
    fflush(stdout);
    cpu_fixture_free(&f);
    munmap(pages, END - BASE);
    ck_assert_uint_eq(c.failed, 0);
}
END_TEST
#else
START_TEST(against_host)
{
    puts("SIMD against host: skipped, the host is not x86-64 Linux");
}
END_TEST
#endif

int main(void)
{
    const TTest *const tests[] = {against_host};
    return suite_run("simd silicon", tests, sizeof tests / sizeof *tests);
}
