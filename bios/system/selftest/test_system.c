/* SPDX-License-Identifier: MIT */
/* Memory services, A20, block move, configuration, CPU reset and resume, serial and printer status, PCI BIOS,
 * APM. */
#include "system/selftest/selftest.h"

enum { SMAP = 0x534d4150 };

struct range {
    uint32_t base, base_high, size, size_high, kind;
};

static void test_map(void)
{
    static struct range range;
    uint32_t next = 0, ranges = 0, end = 0, high = 0;
    do {
        struct cpu_regs r = {.eax = 0xe820, .ebx = next, .ecx = 20, .edx = SMAP, .flags = IF};
        r.edi = (uint32_t)(uintptr_t)&range;
        interrupt(0x15, &r);
        check(!(r.flags & CF) && r.eax == SMAP && r.ecx == 20, "E820 answers");
        if (r.flags & CF)
            return;
        check(range.base_high || range.base >= end, "E820 ascending");
        end = range.base + range.size;
        if (ranges == 0)
            check(range.base == 0 && range.size == (uint32_t)MEM16(0x413) << 10 && range.kind == 1,
                  "E820 first range");
        if (range.base == 0x100000)
            high = range.size;
        next = r.ebx;
        ranges++;
    } while (next && ranges < 20);
    CHECK(ranges >= 5 && ranges < 20);
    struct cpu_regs e801 = call(0x15, 0xe801, 0, 0, 0);
    uint32_t kib = (e801.eax & 0xffff) + ((e801.ebx & 0xffff) << 6);
    check(!(e801.flags & CF) && kib <= high >> 10 && kib + 64 > high >> 10, "E801 agrees with E820");
    struct cpu_regs e88 = call(0x15, 0x8800, 0, 0, 0);
    check(!(e88.flags & CF) && (e88.eax & 0xffff) >= (kib < 0xfc00 ? kib : 0xfc00), "88h agrees with E820");
    struct cpu_regs bad = call(0x15, 0xe820, 0, 20, 0);
    check(bad.flags & CF, "E820 wants SMAP");
}

static void describe(uint8_t *d, uint32_t base)
{
    d[0] = 0xff;
    d[1] = 0xff;
    d[2] = (uint8_t)base;
    d[3] = (uint8_t)(base >> 8);
    d[4] = (uint8_t)(base >> 16);
    d[5] = 0x93;
    d[6] = 0;
    d[7] = (uint8_t)(base >> 24);
}

static bool move(uint32_t to, uint32_t from, uint16_t words)
{
    static uint8_t gdt[48];
    struct cpu_regs r = {.eax = 0x8700, .ecx = words, .flags = IF};
    describe(gdt + 16, from);
    describe(gdt + 24, to);
    r.esi = (uint32_t)(uintptr_t)gdt;
    interrupt(0x15, &r);
    return !(r.flags & CF) && (r.eax & 0xff00) == 0;
}

static void test_move(void)
{
    static uint32_t a[64], b[64];
    for (uint32_t i = 0; i < 64; i++)
        a[i] = i * 0x01234567;
    CHECK(move(0x200000, (uint32_t)(uintptr_t)a, 128));
    CHECK(move((uint32_t)(uintptr_t)b, 0x200000, 128));
    bool same = true;
    for (uint32_t i = 0; i < 64; i++)
        same = same && a[i] == b[i];
    CHECK(same);
}

static void test_a20(void)
{
    struct cpu_regs r = call(0x15, 0x2402, 0, 0, 0);
    uint32_t before = r.eax & 0xff;
    call(0x15, 0x2400, 0, 0, 0);
    CHECK((call(0x15, 0x2402, 0, 0, 0).eax & 0xff) == 0);
    call(0x15, 0x2401, 0, 0, 0);
    CHECK((call(0x15, 0x2402, 0, 0, 0).eax & 0xff) == 1);
    if (!before)
        call(0x15, 0x2400, 0, 0, 0);
}

static void test_apm(void)
{
    struct cpu_regs r = call(0x15, 0x5300, 0, 0, 0);
    CHECK(!(r.flags & CF) && (r.eax & 0xffff) == 0x0102 && (r.ebx & 0xffff) == 0x504d);
    CHECK(call(0x15, 0x530a, 1, 0, 0).flags & CF); /* not connected */
    CHECK(!(call(0x15, 0x5301, 0, 0, 0).flags & CF));
    CHECK((call(0x15, 0x530a, 1, 0, 0).ebx >> 8 & 0xff) == 1);
    CHECK((call(0x15, 0x530b, 0, 0, 0).eax >> 8 & 0xff) == 0x80);
    CHECK(!(call(0x15, 0x5304, 0, 0, 0).flags & CF));
}

/* Descriptor of INT 15h AH=89h number n. */
static void gdt_set(uint32_t *gdt, unsigned n, uint32_t base, uint16_t limit, uint8_t access, uint8_t flags)
{
    gdt[2 * n] = base << 16 | limit;
    gdt[2 * n + 1] =
        (base & 0xff000000) | (uint32_t)flags << 20 | (uint32_t)access << 8 | (base >> 16 & 0xff);
}

static void pic_again(void)
{
    static const uint8_t words[8][2] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x08}, {0xa1, 0x70},
                                        {0x21, 0x04}, {0xa1, 0x02}, {0x21, 0x01}, {0xa1, 0x01}};
    for (unsigned i = 0; i < 8; i++)
        out8(words[i][0], words[i][1]);
}

/* INT 15h AH=89h, and from there a far call into 32-bit code at F0000h + offset. */
static bool protected_call(uint32_t offset, struct cpu_regs *r)
{
    static uint32_t gdt[2 * 9];
    uint8_t mask1 = in8(0x21), mask2 = in8(0xa1);
    gdt_set(gdt, 1, (uint32_t)(uintptr_t)gdt, sizeof gdt - 1, 0x93, 0);
    gdt_set(gdt, 2, 0, 0x3ff, 0x93, 0);
    gdt_set(gdt, 3, 0, 0xffff, 0x93, 0);
    gdt_set(gdt, 4, 0, 0xffff, 0x93, 0);
    gdt_set(gdt, 5, 0, 0xffff, 0x93, 0);
    gdt_set(gdt, 6, 0, 0xffff, 0x9b, 0);
    gdt_set(gdt, 8, 0xf0000, 0xffff, 0x9b, 4);
    __asm__ volatile("cli");
    bool entered = call_protected(gdt, offset, r);
    pic_again();
    out8(0x21, mask1);
    out8(0xa1, mask2);
    __asm__ volatile("sti");
    return entered;
}

static void test_apm32(void)
{
    struct cpu_regs r = call(0x15, 0x5303, 0, 0, 0);
    CHECK(!(r.flags & CF) && (r.eax & 0xffff) == 0xf000 && (r.ecx & 0xffff) == 0xf000 &&
          (r.edx & 0xffff) == 0xf000);
    struct cpu_regs p = {.eax = 0x530a, .ebx = 1};
    CHECK(protected_call(r.ebx, &p));
    CHECK(!(p.flags & CF) && (p.ebx >> 8 & 0xff) == 1);
    p = (struct cpu_regs){.eax = 0x5304, .ebx = 0};
    CHECK(protected_call(r.ebx, &p) && !(p.flags & CF));
}

static uint32_t find_bios32(void)
{
    uint32_t found = 0;
    for (uint32_t at = 0; at < 0x10000 && !found; at += 16) {
        uint32_t word;
        __asm__ volatile("movw $0xf000, %%dx\n\tmovw %%dx, %%es\n\tmovl %%es:(%1), %0\n\txorw %%dx, "
                         "%%dx\n\tmovw %%dx, %%es"
                         : "=&r"(word)
                         : "r"(at)
                         : "edx");
        if (word == 0x5f32335f) {
            __asm__ volatile("movw $0xf000, %%dx\n\tmovw %%dx, %%es\n\tmovl %%es:4(%1), %0\n\txorw %%dx, "
                             "%%dx\n\tmovw %%dx, %%es"
                             : "=&r"(found)
                             : "r"(at)
                             : "edx");
        }
    }
    return found;
}

static void test_pci(void)
{
    struct cpu_regs r = call(0x1a, 0xb101, 0, 0, 0);
    CHECK(!(r.flags & CF) && r.edx == 0x20494350 && (r.ebx & 0xffff) == 0x0210);
    r = call(0x1a, 0xb10a, 0, 0, 0);
    struct cpu_regs host = {.eax = 0xb10a, .ebx = 0, .edi = 0, .flags = IF};
    interrupt(0x1a, &host);
    CHECK(host.ecx == 0x12378086);
    struct cpu_regs find = {.eax = 0xb102, .ecx = 0x7010, .edx = 0x8086, .esi = 0, .flags = IF};
    interrupt(0x1a, &find);
    CHECK(!(find.flags & CF) && (find.ebx & 0xffff) == 0x0009);
    struct cpu_regs none = {.eax = 0xb102, .ecx = 0x7010, .edx = 0x8086, .esi = 1, .flags = IF};
    interrupt(0x1a, &none);
    CHECK((none.flags & CF) && (none.eax >> 8 & 0xff) == 0x86);
    struct cpu_regs odd = {.eax = 0xb10a, .edi = 2, .flags = IF};
    interrupt(0x1a, &odd);
    CHECK((odd.flags & CF) && (odd.eax >> 8 & 0xff) == 0x87);
}

static void test_bios32(void)
{
    uint32_t entry = find_bios32();
    CHECK(entry > 0xf0000);
    struct cpu_regs p = {.eax = 0x49435024, .ebx = 0};
    CHECK(protected_call(entry - 0xf0000, &p));
    CHECK((p.eax & 0xff) == 0 && p.ebx == 0xf0000 && p.ecx == 0x10000);
    struct cpu_regs q = {.eax = 0xb101};
    CHECK(protected_call(p.edx, &q));
    CHECK(!(q.flags & CF) && q.edx == 0x20494350);
}

void test_system(void)
{
    CHECK((call(0x12, 0, 0, 0, 0).eax & 0xffff) == MEM16(0x413));
    CHECK((call(0x11, 0, 0, 0, 0).eax & 0xffff) == MEM16(0x410));
    struct cpu_regs r = call(0x15, 0xc000, 0, 0, 0);
    CHECK(!(r.flags & CF) && r.es == 0xf000 && (r.ebx & 0xffff) == 0xe6f5);
    CHECK(call(0x15, 0xc100, 0, 0, 0).es == MEM16(0x40e));
    CHECK((call(0x15, 0x7700, 0, 0, 0).eax & 0xff00) == 0x8600);
    test_map();
    test_a20();
    test_move();
    CHECK((call(0x14, 0x00e3, 0, 0, 0).eax & 0x6000) == 0x6000); /* 9600 8N1: transmitter empty */
    CHECK((call(0x14, 0x0300, 0, 0, 7).eax & 0x8000) == 0x8000); /* no such port */
    test_apm();
    test_apm32();
    test_pci();
    test_bios32();
}

/* Last, and after the other results are out: QEMU forgets the shutdown code and starts POST instead. */
void test_resume(void)
{
    CHECK(resume_by_reset(0x0a));
    CHECK(resume_by_reset(0x05));
    __asm__ volatile("cli");
    test_move();
}
