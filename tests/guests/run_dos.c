/* SPDX-License-Identifier: MIT */
/* Boots a DOS floppy on a processor that no firmware of ours runs on: the BIOS services are done here, in the
 * test, wherever the guest comes to their interrupt vectors. Passes where DOS gets to its prompt and lists
 * its directory. Status 77 where the image is not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "tests/support/cpu_fixture.h"

enum { MEMORY = 2 << 20, SECTOR = 512, IMAGE_MAX = 1474560, TEXT_MAX = 1 << 16, STATUS_SKIPPED = 77 };
enum { ROM_SEG = 0xF000, STUBS = 0xE000, STUB_BYTES = 4, DISK_TABLE = 0xEFC7, SERVICE_PORT = 0x80 };
enum { BDA_EQUIPMENT = 0x410, BDA_MEMORY = 0x413, BDA_TICKS = 0x46C, BOOT = 0x7C00 };
enum { KIB = 640, EQUIPMENT = 0x21, SLICE = 20000, INSN_LIMIT = 400000000, INSNS_PER_TICK = 100000 };

struct dos {
    struct cpu_fixture fixture;
    uint8_t image[IMAGE_MAX];
    size_t image_bytes;
    unsigned sectors, heads;
    char text[TEXT_MAX];
    size_t text_length, seen; /* `seen`: how much of the text an answer has been given to */
    const char *keys;         /* still to be typed */
    unsigned commands;
    int surprise; /* vector of an exception that DOS does not handle, or -1 */
    bool passed;
};

/* --- Registers, and the flags that the stub's IRET will restore. ------------------------------------ */

static unsigned high(const struct dos *dos, enum gpr reg)
{
    return dos->fixture.cpu->gpr[reg] >> 8 & 0xFF;
}

static unsigned low(const struct dos *dos, enum gpr reg)
{
    return dos->fixture.cpu->gpr[reg] & 0xFF;
}

static void set(struct dos *dos, enum gpr reg, unsigned value)
{
    dos->fixture.cpu->gpr[reg] = value & 0xFFFF;
}

static void set_high(struct dos *dos, enum gpr reg, unsigned value)
{
    set(dos, reg, value << 8 | low(dos, reg));
}

static void set_flag(struct dos *dos, uint32_t flag, bool value)
{
    const struct cpu *cpu = dos->fixture.cpu;
    gpa_t at = cpu->seg[SEG_SS].base + ((cpu->gpr[GPR_SP] + 4) & 0xFFFF);
    uint64_t flags = cpu_fixture_peek(&dos->fixture, at, 2) & ~(uint64_t)flag;
    cpu_fixture_poke(&dos->fixture, at, 2, flags | (value ? flag : 0));
}

static void answer(struct dos *dos, unsigned ah, bool error)
{
    set_high(dos, GPR_AX, ah);
    set_flag(dos, EFLAGS_CF, error);
}

/* --- Services ------------------------------------------------------------------------------------------ */

static void put(struct dos *dos, unsigned character)
{
    if (dos->text_length < TEXT_MAX - 1 && character)
        dos->text[dos->text_length++] = (char)character;
}

static void video(struct dos *dos)
{
    switch (high(dos, GPR_AX)) {
    case 0x03:
        set(dos, GPR_CX, 0x0607);
        set(dos, GPR_DX, 0);
        break;
    case 0x08: set(dos, GPR_AX, 0x0720); break;
    case 0x09:
    case 0x0A:
    case 0x0E: put(dos, low(dos, GPR_AX)); break;
    case 0x0F:
        set(dos, GPR_AX, 0x5003);
        set(dos, GPR_BX, low(dos, GPR_BX));
        break;
    default: break;
    }
}

/* Reads or writes sectors of drive A:, whose image changes in memory only. */
static bool transfer(struct dos *dos, bool write)
{
    unsigned cylinder = high(dos, GPR_CX), head = high(dos, GPR_DX), sector = low(dos, GPR_CX) & 63;
    size_t at = (((size_t)cylinder * dos->heads + head) * dos->sectors + sector - 1) * SECTOR;
    size_t bytes = (size_t)low(dos, GPR_AX) * SECTOR;
    gpa_t memory = dos->fixture.cpu->seg[SEG_ES].base + (dos->fixture.cpu->gpr[GPR_BX] & 0xFFFF);
    if (low(dos, GPR_DX) || !sector || sector > dos->sectors || head >= dos->heads ||
        at + bytes > dos->image_bytes)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        if (write)
            dos->image[at + i] = (uint8_t)cpu_fixture_peek(&dos->fixture, memory + i, 1);
        else
            cpu_fixture_poke(&dos->fixture, memory + i, 1, dos->image[at + i]);
    }
    return true;
}

static void disk_parameters(struct dos *dos)
{
    set(dos, GPR_BX, dos->sectors == 18 ? 4 : 1);
    set(dos, GPR_CX,
        (unsigned)(dos->image_bytes / SECTOR / dos->sectors / dos->heads - 1) << 8 | dos->sectors);
    set(dos, GPR_DX, (dos->heads - 1) << 8 | 1);
    segment_set_real(dos->fixture.cpu, SEG_ES, ROM_SEG);
    set(dos, GPR_DI, DISK_TABLE);
    set(dos, GPR_AX, 0);
    set_flag(dos, EFLAGS_CF, false);
}

static void disk(struct dos *dos)
{
    unsigned function = high(dos, GPR_AX);
    bool floppy = low(dos, GPR_DX) == 0, good;
    switch (function) {
    case 0x00:
    case 0x01:
    case 0x04: answer(dos, 0, false); break;
    case 0x02:
    case 0x03:
        good = transfer(dos, function == 0x03);
        answer(dos, good ? 0 : 4, !good);
        break;
    case 0x08:
        if (floppy)
            disk_parameters(dos);
        else
            answer(dos, 1, true);
        break;
    case 0x15: answer(dos, floppy ? 1 : 0, false); break;
    default: answer(dos, 1, true); break;
    }
}

/* The scan code does not matter to DOS. */
static unsigned key_code(char c)
{
    return 0x1C00u | (unsigned char)c;
}

static void keyboard(struct dos *dos)
{
    unsigned function = high(dos, GPR_AX) & 0xEF;
    bool waiting = dos->keys && *dos->keys;
    if (function == 0x02) {
        set(dos, GPR_AX, 0);
    } else if (function == 0x01) {
        set_flag(dos, EFLAGS_ZF, !waiting);
        if (waiting)
            set(dos, GPR_AX, key_code(*dos->keys));
    } else if (function == 0x00 && waiting) {
        set(dos, GPR_AX, key_code(*dos->keys++));
    } else if (function == 0x00) {
        dos->fixture.cpu->next_rip = dos->fixture.cpu->rip; /* asks again */
    }
}

static void time_of_day(struct dos *dos)
{
    uint64_t ticks = cpu_fixture_peek(&dos->fixture, BDA_TICKS, 4);
    set_flag(dos, EFLAGS_CF, high(dos, GPR_AX) > 4);
    switch (high(dos, GPR_AX)) {
    case 0x00:
        set(dos, GPR_AX, 0);
        set(dos, GPR_CX, (unsigned)(ticks >> 16));
        set(dos, GPR_DX, (unsigned)ticks);
        break;
    case 0x02:
        set(dos, GPR_CX, 0x1200);
        set(dos, GPR_DX, 0);
        break;
    case 0x04:
        set(dos, GPR_CX, 0x2000);
        set(dos, GPR_DX, 0x0101);
        break;
    default: break;
    }
}

static void serve(struct dos *dos, unsigned vector)
{
    switch (vector) {
    case 0x10: video(dos); break;
    case 0x11: set(dos, GPR_AX, EQUIPMENT); break;
    case 0x12: set(dos, GPR_AX, KIB); break;
    case 0x13: disk(dos); break;
    case 0x15: answer(dos, 0x86, true); break;
    case 0x16: keyboard(dos); break;
    case 0x1A: time_of_day(dos); break;
    case 0x00:
    case 0x06:
    case 0x08:
    case 0x0D:
    case 0x19: dos->surprise = (int)vector; break;
    default: break;
    }
}

/* Each vector has a stub of its own: OUT, IRET. */
static void write_service(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct dos *dos = self;
    const struct cpu *cpu = dos->fixture.cpu;
    (void)offset;
    (void)size;
    (void)value;
    if (cpu->seg[SEG_CS].selector == ROM_SEG && cpu->rip >= STUBS)
        serve(dos, (unsigned)(cpu->rip - STUBS) / STUB_BYTES);
}

static uint32_t read_nothing(void *self, uint32_t offset, unsigned size)
{
    (void)self;
    (void)offset;
    (void)size;
    return UINT32_MAX;
}

static const struct port_ops service_ops = {
    .read = read_nothing, .write = write_service, .min_size = 1, .max_size = 1};

/* --- The run ------------------------------------------------------------------------------------------- */

static void build_rom(struct dos *dos)
{
    static const uint8_t stub[STUB_BYTES] = {0xE6, SERVICE_PORT, 0xCF, 0x90}; /* OUT 80h,AL; IRET; NOP */
    uint8_t table[11] = {0xDF, 0x02, 0x25, 2, (uint8_t)dos->sectors, 0x1B, 0xFF, 0x6C, 0xF6, 0x0F, 0x08};
    gpa_t rom = ROM_SEG << 4;
    for (unsigned vector = 0; vector < 256; vector++) {
        cpu_fixture_load(&dos->fixture, rom + STUBS + STUB_BYTES * vector, stub, STUB_BYTES);
        cpu_fixture_poke(&dos->fixture, 4 * vector, 4,
                         (uint32_t)ROM_SEG << 16 | (STUBS + STUB_BYTES * vector));
    }
    cpu_fixture_load(&dos->fixture, rom + DISK_TABLE, table, sizeof table);
    cpu_fixture_poke(&dos->fixture, 4 * 0x1E, 4, (uint32_t)ROM_SEG << 16 | DISK_TABLE);
    cpu_fixture_poke(&dos->fixture, BDA_EQUIPMENT, 2, EQUIPMENT);
    cpu_fixture_poke(&dos->fixture, BDA_MEMORY, 2, KIB);
}

static bool read_image(struct dos *dos, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    dos->image_bytes = fread(dos->image, 1, sizeof dos->image, file);
    fclose(file);
    dos->sectors = load_le16(dos->image + 0x18);
    dos->heads = load_le16(dos->image + 0x1A);
    return dos->sectors && dos->heads;
}

/* Types the next command once the prompt is there. */
static void converse(struct dos *dos)
{
    static const char *const commands[] = {"ver /r\r", "dir\r"};
    const char *new_text = dos->text + dos->seen;
    if (!strstr(new_text, "A:\\>"))
        return;
    if (dos->commands == 2) {
        dos->passed = strstr(new_text, "COMMAND") && strstr(new_text, "KERNEL") && strstr(new_text, "free");
        dos->commands++;
        return;
    }
    dos->seen = dos->text_length;
    dos->keys = commands[dos->commands++];
}

static void run(struct dos *dos)
{
    struct cpu *cpu = dos->fixture.cpu;
    const struct clock *clock = &dos->fixture.clock;
    cpu_fixture_load(&dos->fixture, BOOT, dos->image, SECTOR);
    segment_set_real(cpu, SEG_CS, 0);
    cpu->rip = BOOT;
    cpu->gpr[GPR_DX] = 0;
    cpu_derive(cpu);
    while (clock->insns < INSN_LIMIT && dos->commands <= 2 && dos->surprise < 0 &&
           cpu->activity == CPU_RUNNING) {
        cpu_run(cpu, clock->insns + SLICE);
        cpu_fixture_poke(&dos->fixture, BDA_TICKS, 4, clock->insns / INSNS_PER_TICK);
        converse(dos);
    }
}

static int report(const struct dos *dos)
{
    const struct cpu *cpu = dos->fixture.cpu;
    if (dos->passed)
        return EXIT_SUCCESS;
    printf("%s\n", dos->text);
    if (dos->surprise >= 0)
        printf("[vector %02Xh, which DOS does not expect]\n", (unsigned)dos->surprise);
    printf("[at %04X:%04llX after %llu instructions]\n", cpu->seg[SEG_CS].selector,
           (unsigned long long)cpu->rip, (unsigned long long)dos->fixture.clock.insns);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc != 3 || !cpu_model_find(argv[1])) {
        fprintf(stderr, "usage: run_dos CPU IMAGE\n");
        return EXIT_FAILURE;
    }
    struct dos *dos = alloc_zeroed(sizeof *dos);
    int status = STATUS_SKIPPED;
    dos->surprise = -1;
    cpu_fixture_init_sized(&dos->fixture, argv[1], MEMORY);
    if (!read_image(dos, argv[2])) {
        printf("skipped: there is no floppy image %s\n", argv[2]);
    } else if (portmap_add(dos->fixture.ports, "services", SERVICE_PORT, 1, &service_ops, dos, NULL)) {
        build_rom(dos);
        run(dos);
        status = report(dos);
    }
    cpu_fixture_free(&dos->fixture);
    alloc_free(dos);
    return status;
}
