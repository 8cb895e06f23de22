/* SPDX-License-Identifier: MIT */
/* XSAVE, XSAVEOPT, XRSTOR, XGETBV, XSETBV and FXSAVE in 64-bit mode (SDM 1, 10.5 and chapter 13); on x86-64
 * hosts random areas against the host's processor too. */
#define _GNU_SOURCE 1 /* sigsetjmp */
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/x86/access.h"
#include "core/x86/control.h"
#include "core/x86/cpuid.h"
#include "core/x86/decode.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"
#include "core/x86/xcr0.h"
#include "tests/support/cpu_fixture.h"
#include "tests/support/suite.h"

enum { AREA = 0x3000, MXCSR = 24, XMM = 160, BV = 512 };

static const uint8_t xsave[] = {0x0f, 0xae, 0x27}, xrstor[] = {0x0f, 0xae, 0x2f},
                     xsaveopt[] = {0x0f, 0xae, 0x37};
static const uint8_t fxsave[] = {0x0f, 0xae, 0x07}, fxsave64[] = {0x48, 0x0f, 0xae, 0x07};
static const uint8_t xgetbv[] = {0x0f, 0x01, 0xd0}, xsetbv[] = {0x0f, 0x01, 0xd1};

static struct cpu_fixture f;
static struct cpu *cpu;

/* Flat 32- or 64-bit code at CPL 0, XSAVE enabled for both components, the area at [rDI]. */
static void set_mode(enum cpu_mode mode)
{
    for (unsigned i = 0; i <= SEG_GS; i++)
        cpu->seg[i] = (struct segment){.limit = UINT32_MAX,
                                       .attributes = SEG_ATTR_P | SEG_ATTR_S | SEG_ATTR_WRITABLE |
                                                     SEG_ATTR_DB | SEG_ATTR_G};
    unsigned code = cpu->seg[SEG_CS].attributes | SEG_ATTR_CODE;
    if (mode == MODE_64)
        code = (code & ~(unsigned)SEG_ATTR_DB) | SEG_ATTR_L;
    cpu->seg[SEG_CS].attributes = (uint16_t)code;
    cpu->efer = mode == MODE_64 ? EFER_LME | EFER_LMA : 0;
    cpu->cr0 |= CR0_PE | CR0_NE;
    cpu->cr4 |= CR4_OSFXSR | CR4_OSXSAVE;
    cpu->xcr0 = XCR0_ALL;
    cpu_derive(cpu);
    for (unsigned i = 0; i <= SEG_GS; i++)
        cpu_derive_segment(cpu, (enum seg_index)i);
}

static void set_up(void)
{
    cpu_fixture_init(&f, "max");
    cpu = f.cpu;
    set_mode(MODE_32);
    x87_fninit(&cpu->x87);
    cpu->gpr[GPR_AX] = XCR0_ALL;
    cpu->gpr[GPR_DI] = AREA;
}

static void tear_down(void)
{
    cpu_fixture_free(&f);
}

/* The fault's vector, or -1. */
static int run(const uint8_t *code, unsigned size)
{
    struct insn insn = {.left = 1};
    uint8_t bytes[INSN_MAX_LENGTH] = {0};
    memcpy(bytes, code, size);
    enum decode_result decoded =
        decode_insn(cpu->decoder, (enum cpu_mode)cpu->mode, bytes, sizeof bytes, &insn);
    ck_assert_int_eq(decoded, DECODE_OK);
    if (insn.fn == exec_undefined)
        return VECTOR_UD;
    insn_table[insn.row].op(cpu, &insn);
    int64_t fault = cpu_fixture_take_fault(&f);
    return fault < 0 ? -1 : (int)(fault >> 16);
}

#define RUN(code) run(code, sizeof(code))

static uint64_t area(unsigned at)
{
    return cpu_fixture_peek(&f, AREA + at, 8);
}

START_TEST(availability)
{
    static const uint8_t *const all[] = {xsave, xrstor, xsaveopt};
    cpu->cr0 |= CR0_EM; /* of no concern */
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(run(all[i], 3), -1);
        cpu->cr0 |= CR0_TS;
        ck_assert_int_eq(run(all[i], 3), VECTOR_NM);
        cpu->cr4 &= ~(uint64_t)CR4_OSXSAVE;
        ck_assert_int_eq(run(all[i], 3), VECTOR_UD);
        cpu->cr4 |= CR4_OSXSAVE;
        cpu->cr0 &= ~CR0_TS;
        cpu->gpr[GPR_DI] = AREA + 32;
        ck_assert_int_eq(run(all[i], 3), VECTOR_GP);
        cpu->gpr[GPR_DI] = AREA;
    }
    static const uint8_t prefixed[][4] = {
        {0x66, 0x0f, 0xae, 0x27}, {0xf3, 0x0f, 0xae, 0x2f}, {0xf0, 0x0f, 0xae, 0x27}};
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(run(prefixed[i], 4), VECTOR_UD);
}
END_TEST

/* The area is checked up to the header's end. */
START_TEST(limits)
{
    cpu->seg[SEG_DS].limit = AREA + XSAVE_AREA_SIZE - 1;
    cpu_derive_segment(cpu, SEG_DS);
    ck_assert_int_eq(RUN(xsave), -1);
    ck_assert_int_eq(RUN(xrstor), -1);
    cpu->seg[SEG_DS].limit--;
    cpu_derive_segment(cpu, SEG_DS);
    ck_assert_int_eq(RUN(xsave), VECTOR_GP);
    ck_assert_int_eq(RUN(xrstor), VECTOR_GP);
}
END_TEST

START_TEST(xcr0)
{
    cpu->gpr[GPR_CX] = 0;
    cpu->gpr[GPR_AX] = cpu->gpr[GPR_DX] = 7;
    ck_assert_int_eq(RUN(xgetbv), -1);
    ck_assert_uint_eq(cpu->gpr[GPR_AX], 3);
    ck_assert_uint_eq(cpu->gpr[GPR_DX], 0);
    static const struct {
        uint32_t eax, edx, ecx, cpl;
        int fault;
    } cases[] = {{1, 0, 0, 0, -1},        {3, 0, 0, 0, -1},        {2, 0, 0, 0, VECTOR_GP},
                 {0, 0, 0, 0, VECTOR_GP}, {7, 0, 0, 0, VECTOR_GP}, {3, 1, 0, 0, VECTOR_GP},
                 {3, 0, 1, 0, VECTOR_GP}, {3, 0, 0, 3, VECTOR_GP}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        cpu->gpr[GPR_AX] = cases[i].eax;
        cpu->gpr[GPR_DX] = cases[i].edx;
        cpu->gpr[GPR_CX] = cases[i].ecx;
        cpu->cpl = (uint8_t)cases[i].cpl;
        cpu->xcr0 = XCR0_X87;
        ck_assert_msg(RUN(xsetbv) == cases[i].fault, "case %u", i);
        ck_assert_uint_eq(cpu->xcr0, cases[i].fault < 0 ? cases[i].eax : XCR0_X87);
    }
    cpu->cpl = 0;
    cpu->gpr[GPR_CX] = 1;
    ck_assert_int_eq(RUN(xgetbv), VECTOR_GP);
    cpu->cr4 &= ~(uint64_t)CR4_OSXSAVE;
    ck_assert_int_eq(RUN(xgetbv), VECTOR_UD);
    ck_assert_int_eq(RUN(xsetbv), VECTOR_UD);
}
END_TEST

START_TEST(reset_and_cr4)
{
    cpu_reset(cpu, true);
    ck_assert_uint_eq(cpu->xcr0, XCR0_ALL); /* INIT keeps it */
    cpu_reset(cpu, false);
    ck_assert_uint_eq(cpu->xcr0, XCR0_X87);
    ck_assert_uint_eq(cpuid_read(cpu, 1, 0).ecx >> 26 & 3, 1);
    ck_assert(control_write_cr4(cpu, CR4_OSXSAVE));
    ck_assert_uint_eq(cpuid_read(cpu, 1, 0).ecx >> 26 & 3, 3);
    ck_assert_uint_eq(cpuid_read(cpu, 0xD, 0).eax, 3);
    ck_assert_uint_eq(cpuid_read(cpu, 0xD, 0).ebx, 576);
    ck_assert_uint_eq(cpuid_read(cpu, 0xD, 0).ecx, 576);
    ck_assert_uint_eq(cpuid_read(cpu, 0xD, 1).eax, 1);
    ck_assert_uint_eq(cpuid_read(cpu, 0xD, 2).eax, 0);
    struct cpu_fixture old;
    cpu_fixture_init(&old, "x86-64-v2");
    ck_assert(!control_write_cr4(old.cpu, CR4_OSXSAVE));
    cpu_fixture_free(&old);
}
END_TEST

static void fill(uint8_t value)
{
    uint8_t bytes[0x300];
    memset(bytes, value, sizeof bytes);
    cpu_fixture_load(&f, AREA, bytes, sizeof bytes);
}

/* Components in their initial state are written by XSAVE, left out by XSAVEOPT; XSTATE_BV says so. */
START_TEST(initial_states)
{
    fill(0xAA);
    ck_assert_int_eq(RUN(xsaveopt), -1);
    ck_assert_uint_eq(area(0), UINT64_C(0xAAAAAAAAAAAAAAAA));
    ck_assert_uint_eq(area(XMM), UINT64_C(0xAAAAAAAAAAAAAAAA));
    ck_assert_uint_eq(area(MXCSR), UINT64_C(0x0000FFFF00001F80)); /* written all the same */
    ck_assert_uint_eq(area(BV), UINT64_C(0xAAAAAAAAAAAAAAA8));
    ck_assert_uint_eq(area(BV + 8), UINT64_C(0xAAAAAAAAAAAAAAAA));
    ck_assert_int_eq(RUN(xsave), -1);
    ck_assert_uint_eq(area(0), 0x037F);
    ck_assert_uint_eq(area(XMM), 0);
    ck_assert_uint_eq(area(BV), UINT64_C(0xAAAAAAAAAAAAAAA8));
    cpu->xmm[7][1] = 1;
    ck_assert_int_eq(RUN(xsaveopt), -1);
    ck_assert_uint_eq(area(BV), UINT64_C(0xAAAAAAAAAAAAAAAA));
    ck_assert_uint_eq(area(XMM + 7 * 16 + 8), 1);
    cpu->x87.sign_exponent[3] = 1;
    ck_assert_int_eq(RUN(xsaveopt), -1);
    ck_assert_uint_eq(area(BV), UINT64_C(0xAAAAAAAAAAAAAAAB));
    cpu->xmm[7][1] = cpu->x87.sign_exponent[3] = 0;
    cpu->xmm[8][0] = 1; /* not in this mode */
    ck_assert_int_eq(RUN(xsaveopt), -1);
    ck_assert_uint_eq(area(BV), UINT64_C(0xAAAAAAAAAAAAAAA8));
    cpu->x87.fop = 1;
    ck_assert_int_eq(RUN(xsave), -1);
    ck_assert_uint_eq(area(BV), UINT64_C(0xAAAAAAAAAAAAAAA9));
}
END_TEST

/* EDX:EAX and XCR0 choose; the rest of the area stays. */
START_TEST(requested_components)
{
    cpu->xmm[0][0] = 5;
    cpu->x87.fop = 0x123;
    fill(0);
    cpu->gpr[GPR_AX] = XCR0_SSE;
    ck_assert_int_eq(RUN(xsave), -1);
    ck_assert_uint_eq(area(0), 0);
    ck_assert_uint_eq(area(XMM), 5);
    ck_assert_uint_eq(area(BV), XCR0_SSE);
    fill(0);
    cpu->gpr[GPR_AX] = XCR0_X87;
    ck_assert_int_eq(RUN(xsave), -1);
    ck_assert_uint_eq(area(0), UINT64_C(0x012300000000037F));
    ck_assert_uint_eq(area(XMM) | area(MXCSR), 0);
    ck_assert_uint_eq(area(BV), XCR0_X87);
    fill(0);
    cpu->gpr[GPR_AX] = UINT32_MAX;
    cpu->xcr0 = XCR0_X87;
    ck_assert_int_eq(RUN(xsave), -1);
    ck_assert_uint_eq(area(XMM) | area(MXCSR), 0);
    ck_assert_uint_eq(area(BV), XCR0_X87);
}
END_TEST

START_TEST(restore)
{
    cpu->xmm[0][0] = cpu->xmm[8][0] = 5;
    cpu->x87.fop = 0x123;
    cpu->x87.mantissa[2] = 9;
    fill(0);
    cpu_fixture_poke(&f, AREA + MXCSR, 4, 0x1FA0);
    cpu->gpr[GPR_AX] = XCR0_SSE; /* absent in XSTATE_BV: initial, but MXCSR comes from memory */
    ck_assert_int_eq(RUN(xrstor), -1);
    ck_assert_uint_eq(cpu->xmm[0][0], 0);
    ck_assert_uint_eq(cpu->xmm[8][0], 5);
    ck_assert_uint_eq(cpu->mxcsr, 0x1FA0);
    ck_assert_uint_eq(cpu->x87.fop, 0x123);
    cpu->gpr[GPR_AX] = XCR0_X87;
    cpu_fixture_poke(&f, AREA + MXCSR, 4, 0x1F80);
    ck_assert_int_eq(RUN(xrstor), -1);
    ck_assert(x87_is_initial(&cpu->x87));
    ck_assert_uint_eq(cpu->mxcsr, 0x1FA0);
    cpu_fixture_poke(&f, AREA + BV, 8, XCR0_ALL);
    cpu_fixture_poke(&f, AREA, 8, UINT64_C(0x0456000000000340));
    cpu_fixture_poke(&f, AREA + XMM, 8, 77);
    ck_assert_int_eq(RUN(xrstor), -1);
    ck_assert_uint_eq(cpu->x87.fop, 0x456);
    ck_assert_uint_eq(cpu->xmm[0][0], 0);
    cpu->gpr[GPR_AX] = XCR0_SSE;
    ck_assert_int_eq(RUN(xrstor), -1);
    ck_assert_uint_eq(cpu->xmm[0][0], 77);
    ck_assert_uint_eq(cpu->mxcsr, 0x1F80);
}
END_TEST

START_TEST(bad_headers)
{
    static const struct {
        unsigned at;
        uint64_t value;
        int fault;
    } cases[] = {{BV, 4, VECTOR_GP},
                 {BV, UINT64_C(1) << 63, VECTOR_GP},
                 {BV + 8, 1, VECTOR_GP},
                 {BV + 16, 1, VECTOR_GP},
                 {BV + 8, UINT64_C(1) << 63, VECTOR_GP},
                 {BV + 24, 1, -1},
                 {BV + 56, 1, -1},
                 {MXCSR, 0x10000, VECTOR_GP},
                 {MXCSR, 0xFFFF, -1}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(0);
        cpu_fixture_poke(&f, AREA + cases[i].at, 8, cases[i].value);
        cpu->xmm[1][0] = cpu->x87.fop = 3;
        ck_assert_msg(RUN(xrstor) == cases[i].fault, "case %u", i);
        ck_assert_uint_eq(cpu->xmm[1][0], cases[i].fault < 0 ? 0 : 3);
        ck_assert_uint_eq(cpu->x87.fop, cases[i].fault < 0 ? 0 : 3);
    }
    fill(0); /* MXCSR is not looked at for the x87 alone; XSTATE_BV against XCR0 always is */
    cpu_fixture_poke(&f, AREA + MXCSR, 4, 0x10000);
    cpu->gpr[GPR_AX] = XCR0_X87;
    ck_assert_int_eq(RUN(xrstor), -1);
    cpu_fixture_poke(&f, AREA + BV, 8, XCR0_SSE);
    ck_assert_int_eq(RUN(xrstor), -1);
    cpu->xcr0 = XCR0_X87;
    ck_assert_int_eq(RUN(xrstor), VECTOR_GP);
}
END_TEST

/* 64-bit mode has 16 XMM registers; REX.W chooses 64-bit pointers without selectors. */
START_TEST(long_layout)
{
    set_mode(MODE_64);
    for (unsigned i = 0; i < 16; i++)
        cpu->xmm[i][1] = i + 1;
    cpu->x87.fip = UINT64_C(0x123456789A);
    cpu->x87.fcs = 0x33;
    cpu->x87.fdp = UINT64_C(0x7FFF00001000);
    cpu->x87.fds = 0x2B;
    fill(0);
    ck_assert_int_eq(RUN(fxsave), -1);
    ck_assert_uint_eq(area(8), UINT64_C(0x00333456789A));
    ck_assert_uint_eq(area(16), UINT64_C(0x002B00001000));
    ck_assert_uint_eq(area(XMM + 15 * 16 + 8), 16);
    ck_assert_uint_eq(area(416), 0);
    ck_assert_int_eq(RUN(fxsave64), -1);
    ck_assert_uint_eq(area(8), UINT64_C(0x123456789A));
    ck_assert_uint_eq(area(16), UINT64_C(0x7FFF00001000));
    static const uint8_t xsave64[] = {0x48, 0x0f, 0xae, 0x27}, xrstor64[] = {0x48, 0x0f, 0xae, 0x2f};
    fill(0);
    ck_assert_int_eq(RUN(xsave64), -1);
    ck_assert_uint_eq(area(8), UINT64_C(0x123456789A));
    ck_assert_uint_eq(area(XMM + 15 * 16 + 8), 16);
    memset(cpu->xmm, 0, sizeof cpu->xmm);
    x87_fninit(&cpu->x87);
    ck_assert_int_eq(RUN(xrstor64), -1);
    ck_assert_uint_eq(cpu->x87.fdp, UINT64_C(0x7FFF00001000));
    ck_assert_uint_eq(cpu->x87.fds, 0);
    ck_assert_uint_eq(cpu->xmm[15][1], 16);
    set_mode(MODE_32); /* eight of them elsewhere */
    fill(0);
    cpu->xmm[8][0] = 99;
    ck_assert_int_eq(RUN(fxsave), -1);
    ck_assert_uint_eq(area(XMM + 7 * 16 + 8), 8);
    ck_assert_uint_eq(area(XMM + 8 * 16), 0);
}
END_TEST

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>

/* --- Against the host --- */

static sigjmp_buf host_faulted;

static void on_fault(int number)
{
    (void)number;
    siglongjmp(host_faulted, 1);
}

#define ALL_VECTORS                                                                                          \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",        \
        "xmm12", "xmm13", "xmm14", "xmm15", "memory"

struct area {
    _Alignas(64) uint8_t byte[XSAVE_AREA_SIZE];
};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 16 ^ *state << 32;
}

enum host_op { HOST_XSAVE, HOST_XSAVEOPT, HOST_XRSTOR };

static const uint32_t mxcsr_default = 0x1F80;

/* Loads `before`, runs the operation on `area`, stores to `after`; the compiler's FPU state is put back. */
static void host_run(enum host_op op, const struct area *before, struct area *area, uint32_t mask,
                     struct area *after)
{
    __asm__ volatile("fxrstor64 %0" : : "m"(*before) : ALL_VECTORS);
    if (op == HOST_XSAVE)
        __asm__ volatile("xsave64 %0" : "+m"(*area) : "a"(mask), "d"(0));
    else if (op == HOST_XSAVEOPT)
        __asm__ volatile("xsaveopt64 %0" : "+m"(*area) : "a"(mask), "d"(0));
    else
        __asm__ volatile("xrstor64 %0" : : "m"(*area), "a"(mask), "d"(0) : ALL_VECTORS);
    __asm__ volatile("fxsave64 %0\n\tfninit\n\tldmxcsr %1" : "=m"(*after) : "m"(mxcsr_default) : ALL_VECTORS);
}

/* An FXSAVE image, or a whole area: mostly valid; components are all zeros at times. */
static struct area random_area(uint64_t *seed)
{
    struct area a;
    for (unsigned i = 0; i < sizeof a.byte; i += 8)
        store_le64(a.byte + i, next_random(seed));
    uint64_t r = next_random(seed);
    store_le16(a.byte, (uint16_t)(0x37F | (r & 0xC00)));
    store_le16(a.byte + 2, (uint16_t)(r >> 16 & 0x7F7F) & 0x7F00);
    a.byte[5] = 0;
    store_le16(a.byte + 6, load_le16(a.byte + 6) & 0x7FF);
    store_le64(a.byte + 8, load_le64(a.byte + 8) & UINT64_C(0x7FFFFFFFFFFF));
    store_le64(a.byte + 16, load_le64(a.byte + 16) & UINT64_C(0x7FFFFFFFFFFF));
    store_le32(a.byte + MXCSR, 0x1F80 | (r >> 32 & 0x603F));
    for (unsigned i = 0; i < 8; i++)
        memset(a.byte + 32 + 16 * i + 10, 0, 6);
    if (!(r & 3))
        memset(a.byte + XMM, 0, 256);
    if (!(r & 12)) {
        memset(a.byte, 0, MXCSR);
        memset(a.byte + 32, 0, 128);
        store_le16(a.byte, 0x37F);
    }
    memset(a.byte + BV, 0, 64);
    a.byte[BV] = r >> 48 & 3;
    if ((r >> 50 & 15) == 0)
        a.byte[BV + 3 + (r >> 54 & 31)] |= (uint8_t)(1 << (r >> 60 & 7)); /* below: the host's AVX */
    if ((r >> 40 & 15) == 0)
        a.byte[MXCSR + 2] = 1;
    return a;
}

static struct area fx_of_lathe(void)
{
    struct area a = {{0}};
    x87_fxsave(&cpu->x87, true, a.byte);
    store_le32(a.byte + MXCSR, cpu->mxcsr);
    for (unsigned i = 0; i < 16; i++) {
        store_le64(a.byte + XMM + 16 * i, cpu->xmm[i][0]);
        store_le64(a.byte + XMM + 16 * i + 8, cpu->xmm[i][1]);
    }
    return a;
}

static void fx_to_lathe(const struct area *a)
{
    x87_fxrstor(&cpu->x87, true, a->byte);
    cpu->mxcsr = load_le32(a->byte + MXCSR);
    for (unsigned i = 0; i < 16; i++) {
        cpu->xmm[i][0] = load_le64(a->byte + XMM + 16 * i);
        cpu->xmm[i][1] = load_le64(a->byte + XMM + 16 * i + 8);
    }
}

/* What makers and the host's other features decide: MXCSR_MASK; FOP, FIP and FDP, which AMD's processors
 * keep only while an error waits. */
static void hide(struct area *a)
{
    memset(a->byte + 6, 0, 18);
    memset(a->byte + 28, 0, 4);
    memset(a->byte + 416, 0, 96);
}

/* All zeros, the XMM registers may still count as in use (SDM 1, 13.6), as they do on a host whose kernel
 * switched tasks after they were loaded: XSAVEOPT then stores the zeros. */
static void level_in_use(struct area *host, const struct area *lathe)
{
    static const uint8_t zeros[256];
    if (!(host->byte[BV] & ~lathe->byte[BV] & 2) || memcmp(host->byte + XMM, zeros, sizeof zeros))
        return;
    host->byte[BV] &= (uint8_t)~2;
    memcpy(host->byte + XMM, lathe->byte + XMM, sizeof zeros);
}

static void compare_once(enum host_op op, uint64_t *seed)
{
    static const uint8_t code[][4] = {
        {0x48, 0x0f, 0xae, 0x27}, {0x48, 0x0f, 0xae, 0x37}, {0x48, 0x0f, 0xae, 0x2f}};
    struct area before = random_area(seed), host = random_area(seed), host_after = {{0}}, lathe;
    uint32_t mask = next_random(seed) & 3;
    store_le32(before.byte + MXCSR, load_le32(before.byte + MXCSR) & 0xFFFF);
    memset(before.byte + BV, 0, 64);
    cpu_fixture_load(&f, AREA, host.byte, sizeof host.byte);
    fx_to_lathe(&before);
    cpu->gpr[GPR_AX] = mask;
    int fault = run(code[op], 4);
    for (unsigned i = 0; i < sizeof lathe.byte; i++)
        lathe.byte[i] = (uint8_t)cpu_fixture_peek(&f, AREA + i, 1);
    struct area lathe_after = fx_of_lathe();
    if (sigsetjmp(host_faulted, 1)) {
        __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr_default));
        ck_assert_int_eq(fault, VECTOR_GP);
        return;
    }
    host_run(op, &before, &host, mask, &host_after);
    hide(&lathe_after);
    hide(&lathe);
    hide(&host_after);
    hide(&host);
    level_in_use(&host, &lathe);
    ck_assert_int_eq(fault, -1);
    ck_assert_mem_eq(lathe_after.byte, host_after.byte, BV);
    ck_assert_mem_eq(lathe.byte, host.byte, sizeof lathe.byte);
}

static bool host_has_xsave(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx >> 27 & 1 &&
           __get_cpuid_count(13, 1, &eax, &ebx, &ecx, &edx) && eax & 1;
}

START_TEST(against_host)
{
    uint64_t seed = 1;
    if (!host_has_xsave()) {
        puts("XSAVE against host: skipped, the host has no XSAVEOPT");
        return;
    }
    signal(SIGSEGV, on_fault);
    set_mode(MODE_64);
    for (unsigned i = 0; i < 30000; i++)
        compare_once((enum host_op)(i % 3), &seed);
    signal(SIGSEGV, SIG_DFL);
}
END_TEST
#else
START_TEST(against_host)
{
    puts("XSAVE against host: skipped, the host is not x86-64 Linux");
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("xsave");
    TCase *tcase = tcase_create("xsave");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    const TTest *const tests[] = {availability,         limits,  xcr0,        reset_and_cr4, initial_states,
                                  requested_components, restore, bad_headers, long_layout,   against_host};
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
