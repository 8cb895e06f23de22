/* SPDX-License-Identifier: MIT */
/* --kernel: recognition, placement in memory, what each protocol's entry finds, and damaged files. */
#include "devices/pc/kernel_image.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/mem/physmap.h"
#include "devices/pc/kernel_loader.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { MIB = 1 << 20, RAM = 16 * MIB, INITRD_BYTES = 5000 };

struct bench {
    struct memory memory;
    struct physmap map;
    struct kernel_memory ranges;
    char kernel[64], initrd[64];
    struct error err;
};

static void write_file(char *path, const void *bytes, size_t size)
{
    strcpy(path, "/tmp/lathe-kernel-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

static void setup(struct bench *t, const void *kernel, size_t size)
{
    uint8_t initrd[INITRD_BYTES];
    *t = (struct bench){0};
    ck_assert(memory_init(&t->memory, RAM, &t->err));
    physmap_init(&t->map, &t->memory);
    physmap_add(&t->map, &(struct physmap_region){.name = "RAM",
                                                  .kind = PHYSMAP_MEMORY,
                                                  .size = RAM,
                                                  .reads = true,
                                                  .writes = true,
                                                  .offset = memory_take(&t->memory, RAM)});
    t->ranges = (struct kernel_memory){{{0, 0x9FC00, 1}, {0x9FC00, 0x400, 2}, {MIB, RAM - MIB, 1}}, 3};
    memset(initrd, 0x77, sizeof initrd);
    write_file(t->kernel, kernel, size);
    write_file(t->initrd, initrd, sizeof initrd);
}

static void teardown(struct bench *t)
{
    physmap_free(&t->map);
    memory_free(&t->memory);
    unlink(t->kernel);
    unlink(t->initrd);
}

static uint32_t peek(struct bench *t, uint64_t address)
{
    return (uint32_t)physmap_read(&t->map, address, 4);
}

static struct kernel_image *open_it(struct bench *t, const char *append)
{
    struct kernel_image *image = kernel_image_open(t->kernel, t->initrd, append, &t->err);
    ck_assert_msg(image, "%s", t->err.text);
    return image;
}

static void check_refused(const void *bytes, size_t size, const char *text)
{
    struct bench t;
    setup(&t, bytes, size);
    struct kernel_image *image = kernel_image_open(t.kernel, NULL, NULL, &t.err);
    ck_assert_ptr_null(image);
    ck_assert_msg(strstr(t.err.text, text) != NULL, "'%s' is not in '%s'", text, t.err.text);
    ck_assert_ptr_null(strchr(t.err.text, '\n'));
    teardown(&t);
}

/* --- bzImage ------------------------------------------------------------------------------------------- */

enum { SETUP_BYTES = 5 * 512, BZIMAGE_BYTES = SETUP_BYTES + 3000 };

static void make_bzimage(uint8_t *file, unsigned version)
{
    memset(file, 0, BZIMAGE_BYTES);
    file[0x1F1] = 4;
    store_le16(file + 0x1FE, 0xAA55);
    memcpy(file + 0x202, "HdrS", 4);
    store_le16(file + 0x206, (uint16_t)version);
    file[0x211] = 1;                      /* LOADED_HIGH */
    store_le32(file + 0x22C, 0x00BFFFFF); /* initrd_addr_max */
    store_le32(file + 0x238, 100);        /* cmdline_size */
    memset(file + SETUP_BYTES, 0x33, 3000);
}

START_TEST(bzimage_is_placed_as_the_protocol_says)
{
    struct bench t;
    struct kernel_entry entry;
    uint8_t file[BZIMAGE_BYTES];
    make_bzimage(file, 0x20C);
    store_le32(file + 0x1F4, (3000 + 15) / 16); /* a last paragraph of eight bytes */
    setup(&t, file, sizeof file);
    struct kernel_image *image = open_it(&t, "console=ttyS0 vga=0x317");
    ck_assert_int_eq(kernel_image_kind(image), KERNEL_BZIMAGE);
    ck_assert_msg(kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err), "%s", t.err.text);
    ck_assert(!entry.protected_mode);
    ck_assert_uint_eq(entry.cs, entry.segment + 0x20);
    ck_assert_uint_eq(entry.ip, 0);
    uint32_t setup_at = entry.segment << 4;
    ck_assert_uint_eq(peek(&t, setup_at + 0x202), load_le32("HdrS"));
    ck_assert_uint_eq(physmap_read(&t.map, setup_at + 0x210, 1), 0xFF);
    ck_assert_uint_eq(physmap_read(&t.map, setup_at + 0x211, 1), 0x81);
    ck_assert_uint_eq(physmap_read(&t.map, setup_at + 0x1FA, 2), 0x317);
    char command_line[64];
    physmap_read_bytes(&t.map, peek(&t, setup_at + 0x228), command_line, sizeof command_line);
    ck_assert_str_eq(command_line, "console=ttyS0 vga=0x317");
    ck_assert_uint_eq(peek(&t, MIB), 0x33333333);
    ck_assert_uint_eq(peek(&t, MIB + 2996), 0x33333333);
    ck_assert_uint_eq(peek(&t, MIB + 3000), 0);
    uint32_t initrd = peek(&t, setup_at + 0x218);
    ck_assert_uint_eq(peek(&t, setup_at + 0x21C), INITRD_BYTES);
    ck_assert_uint_eq(initrd % 4096, 0);
    ck_assert_uint_le(initrd + INITRD_BYTES, 0x00C00000); /* below initrd_addr_max */
    ck_assert_uint_gt(initrd, 8 * MIB);                   /* and as high as that allows */
    ck_assert_uint_eq(peek(&t, initrd), 0x77777777);
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

/* The machine was reset, and `shortened` (the kernel or its initrd) is no more what it was. */
static void check_change_is_refused(struct bench *t, const char *shortened, off_t size)
{
    struct kernel_entry entry;
    uint8_t file[BZIMAGE_BYTES];
    make_bzimage(file, 0x20C);
    setup(t, file, sizeof file);
    struct kernel_image *image = open_it(t, NULL);
    ck_assert_msg(kernel_image_place(image, &t->map, &t->ranges, &entry, &t->err), "%s", t->err.text);
    ck_assert_int_eq(truncate(shortened, size), 0);
    ck_assert(!kernel_image_place(image, &t->map, &t->ranges, &entry, &t->err));
    ck_assert_ptr_nonnull(strstr(t->err.text, "has changed"));
    kernel_image_free(image);
    teardown(t);
}

START_TEST(files_that_change_are_refused)
{
    struct bench t = {0};
    check_change_is_refused(&t, t.initrd, INITRD_BYTES - 1);
    check_change_is_refused(&t, t.kernel, BZIMAGE_BYTES - 1);
}
END_TEST

START_TEST(bzimage_refusals)
{
    uint8_t file[BZIMAGE_BYTES];
    make_bzimage(file, 0x20C);
    check_refused(file, SETUP_BYTES, "truncated");
    store_le32(file + 0x1F4, (3000 + 15) / 16 + 1);
    check_refused(file, sizeof file, "header says");
    make_bzimage(file, 0x105);
    check_refused(file, sizeof file, "protocol");
    struct bench t;
    char longer[128];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    make_bzimage(file, 0x20C);
    setup(&t, file, sizeof file);
    ck_assert_ptr_null(kernel_image_open(t.kernel, NULL, longer, &t.err));
    ck_assert_ptr_nonnull(strstr(t.err.text, "100"));
    teardown(&t);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    struct bench t;
    struct kernel_entry entry;
    uint8_t file[BZIMAGE_BYTES];
    make_bzimage(file, 0x20C);
    store_le32(file + 0x260, 15 * MIB); /* init_size: leaves no room for the initrd */
    setup(&t, file, sizeof file);
    struct kernel_image *image = open_it(&t, NULL);
    ck_assert(!kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err));
    ck_assert_ptr_nonnull(strstr(t.err.text, "initrd"));
    t.ranges.count = 2; /* no RAM above 1 MiB at all */
    ck_assert(!kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err));
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

/* --- Multiboot ----------------------------------------------------------------------------------------- */

enum { KLUDGE_AT = 0x40, KLUDGE_BYTES = 4096 };

static void make_kludge(uint8_t *file, uint32_t flags)
{
    uint8_t *h = file + KLUDGE_AT;
    memset(file, 0x11, KLUDGE_BYTES);
    store_le32(h, 0x1BADB002);
    store_le32(h + 4, flags);
    store_le32(h + 8, 0 - 0x1BADB002U - flags);
    store_le32(h + 12, 2 * MIB + KLUDGE_AT); /* header_addr */
    store_le32(h + 16, 2 * MIB);             /* load_addr */
    store_le32(h + 20, 2 * MIB + 2048);      /* load_end_addr */
    store_le32(h + 24, 2 * MIB + 8192);      /* bss_end_addr */
    store_le32(h + 28, 2 * MIB + 0x80);      /* entry_addr */
}

START_TEST(multiboot_information)
{
    struct bench t;
    struct kernel_entry entry;
    uint8_t file[KLUDGE_BYTES];
    make_kludge(file, 0x10003);
    setup(&t, file, sizeof file);
    memset(t.memory.host + 2 * MIB, 0xEE, 8192);
    struct kernel_image *image = open_it(&t, "a b");
    ck_assert(kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err));
    ck_assert(entry.protected_mode);
    ck_assert_uint_eq(entry.eax, 0x2BADB002);
    ck_assert_uint_eq(entry.ip, 2 * MIB + 0x80);
    ck_assert_uint_eq(peek(&t, 2 * MIB + 2044), 0x11111111);
    ck_assert_uint_eq(peek(&t, 2 * MIB + 2048), 0); /* bss is cleared */
    ck_assert_uint_eq(peek(&t, 2 * MIB + 8188), 0);
    uint32_t info = entry.ebx;
    ck_assert_uint_eq(peek(&t, info), 1 | 4 | 8 | 64 | 512);
    ck_assert_uint_eq(peek(&t, info + 4), 639);
    ck_assert_uint_eq(peek(&t, info + 8), 15 * 1024);
    char command_line[80];
    physmap_read_bytes(&t.map, peek(&t, info + 16), command_line, sizeof command_line);
    ck_assert_ptr_nonnull(strstr(command_line, t.kernel));
    ck_assert_ptr_nonnull(strstr(command_line, " a b"));
    uint32_t module = peek(&t, info + 24);
    ck_assert_uint_eq(peek(&t, info + 20), 1);
    ck_assert_uint_eq(peek(&t, module + 4) - peek(&t, module), INITRD_BYTES);
    ck_assert_uint_ge(peek(&t, module), 2 * MIB + 8192);
    ck_assert_uint_eq(peek(&t, peek(&t, module)), 0x77777777);
    ck_assert_uint_eq(peek(&t, info + 44), 3 * 24);
    ck_assert_uint_eq(peek(&t, peek(&t, info + 48)), 20);
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

START_TEST(multiboot_refusals)
{
    uint8_t file[KLUDGE_BYTES];
    make_kludge(file, 0x10003);
    store_le32(file + KLUDGE_AT + 20, 2 * MIB + 2 * KLUDGE_BYTES); /* more than the file has */
    check_refused(file, sizeof file, "shorter");
    make_kludge(file, 0x10003);
    store_le32(file + KLUDGE_AT + 16, 3 * MIB); /* load_addr above header_addr */
    check_refused(file, sizeof file, "impossible");
    make_kludge(file, 0x10043);
    check_refused(file, sizeof file, "0040h");
    make_kludge(file, 0x3); /* neither kludge nor ELF */
    check_refused(file, sizeof file, "no kernel");
}
END_TEST

/* --- ELF ------------------------------------------------------------------------------------------------ */

#if LATHE_HAVE_ELF
enum { ELF_BYTES = 0x300, ELF_CODE = 0x200, ELF_NOTE = 0x180 };

/* ELF32 with one load segment at 1 MiB, linked at C0100000h, and a note segment with a PVH entry. */
static void make_elf(uint8_t *file, bool note)
{
    static const uint8_t ident[] = {0x7F, 'E', 'L', 'F', 1, 1, 1};
    memset(file, 0, ELF_BYTES);
    memcpy(file, ident, sizeof ident);
    store_le16(file + 16, 2);          /* ET_EXEC */
    store_le16(file + 18, 3);          /* EM_386 */
    store_le32(file + 20, 1);          /* version */
    store_le32(file + 24, 0xC0100010); /* entry */
    store_le32(file + 28, 52);         /* program headers */
    store_le16(file + 40, 52);
    store_le16(file + 42, 32);
    store_le16(file + 44, note ? 2 : 1);
    uint8_t *load = file + 52, *notes = load + 32;
    store_le32(load, 1); /* PT_LOAD */
    store_le32(load + 4, ELF_CODE);
    store_le32(load + 8, 0xC0100000);
    store_le32(load + 12, MIB);
    store_le32(load + 16, 0x100);
    store_le32(load + 20, 0x1000);
    memset(file + ELF_CODE, 0x44, 0x100);
    store_le32(notes, 4); /* PT_NOTE */
    store_le32(notes + 4, ELF_NOTE);
    store_le32(notes + 16, 20);
    store_le32(notes + 20, 20);
    store_le32(notes + 28, 4);
    store_le32(file + ELF_NOTE, 4);
    store_le32(file + ELF_NOTE + 4, 4);
    store_le32(file + ELF_NOTE + 8, 18);
    memcpy(file + ELF_NOTE + 12, "Xen", 4);
    store_le32(file + ELF_NOTE + 16, MIB + 0x20);
}

START_TEST(pvh_start_information)
{
    struct bench t;
    struct kernel_entry entry;
    uint8_t file[ELF_BYTES];
    make_elf(file, true);
    setup(&t, file, sizeof file);
    memcpy(t.memory.host + 0xF5A50, "RSD PTR ", 8);
    struct kernel_image *image = open_it(&t, "quiet");
    ck_assert_int_eq(kernel_image_kind(image), KERNEL_PVH);
    ck_assert(kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err));
    ck_assert(entry.protected_mode);
    ck_assert_uint_eq(entry.ip, MIB + 0x20);
    ck_assert_uint_eq(peek(&t, MIB), 0x44444444);
    ck_assert_uint_eq(peek(&t, entry.ebx), 0x336EC578);
    ck_assert_uint_eq(peek(&t, entry.ebx + 4), 1);
    ck_assert_uint_eq(peek(&t, entry.ebx + 12), 1);
    ck_assert_uint_eq(peek(&t, peek(&t, entry.ebx + 16) + 8), INITRD_BYTES);
    ck_assert_uint_eq(peek(&t, peek(&t, entry.ebx + 24)), load_le32("quie"));
    ck_assert_uint_eq(peek(&t, entry.ebx + 32), 0xF5A50);
    ck_assert_uint_eq(peek(&t, entry.ebx + 48), 3);
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

START_TEST(multiboot_elf_enters_at_the_physical_address)
{
    struct bench t;
    struct kernel_entry entry;
    uint8_t file[ELF_BYTES];
    make_elf(file, false);
    store_le32(file + ELF_CODE, 0x1BADB002);
    store_le32(file + ELF_CODE + 4, 0);
    store_le32(file + ELF_CODE + 8, 0 - 0x1BADB002U);
    setup(&t, file, sizeof file);
    struct kernel_image *image = open_it(&t, NULL);
    ck_assert_int_eq(kernel_image_kind(image), KERNEL_MULTIBOOT);
    ck_assert(kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err));
    ck_assert_uint_eq(entry.ip, MIB + 0x10);
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

START_TEST(elf_refusals)
{
    uint8_t file[ELF_BYTES];
    make_elf(file, false);
    check_refused(file, sizeof file, "neither");
    make_elf(file, true);
    check_refused(file, ELF_CODE + 16, "truncated");
    make_elf(file, true);
    store_le16(file + 18, 40); /* Arm */
    check_refused(file, sizeof file, "another processor");
    make_elf(file, true);
    store_le32(file + 52 + 12, 0xFFFFF000); /* runs past 4 GiB */
    store_le32(file + 52 + 20, 0x10000);
    check_refused(file, sizeof file, "4 GiB");
    make_elf(file, true);
    store_le16(file + 44, 0xFFFF);
    check_refused(file, sizeof file, "damaged");
}
END_TEST

/* Whatever a damaged file says, nothing reads or writes out of bounds: for the sanitizers. */
START_TEST(damaged_elf_files_do_no_harm)
{
    for (unsigned at = 16; at < 120; at++) {
        struct bench t;
        struct kernel_entry entry;
        uint8_t file[ELF_BYTES];
        make_elf(file, true);
        file[at] ^= 0xFF;
        setup(&t, file, sizeof file);
        struct kernel_image *image = kernel_image_open(t.kernel, t.initrd, NULL, &t.err);
        if (image)
            kernel_image_place(image, &t.map, &t.ranges, &entry, &t.err);
        kernel_image_free(image);
        teardown(&t);
    }
}
END_TEST
/* --- The device ----------------------------------------------------------------------------------------- */

enum { COMMAND = 0, DATA = 4, LIST = 0x8000, ROM_BYTES = 4096 };

static void on_failed(void *self)
{
    ++*(unsigned *)self;
}

static struct kernel_loader *new_loader(struct bench *t, const struct kernel_image *image, unsigned *failures)
{
    return kernel_loader_new(&(struct kernel_loader_config){
        .physmap = &t->map, .image = image, .rom_size = ROM_BYTES, .failed = on_failed, .self = failures});
}

/* The memory map as the option ROM leaves it, and the command. */
static void command_load(struct bench *t, struct kernel_loader *loader, unsigned ranges)
{
    physmap_write(&t->map, LIST, 4, ranges);
    for (unsigned i = 0; i < t->ranges.count; i++) {
        const struct kernel_range *range = &t->ranges.range[i];
        physmap_write(&t->map, LIST + 4 + 20 * i, 8, range->base);
        physmap_write(&t->map, LIST + 12 + 20 * i, 8, range->size);
        physmap_write(&t->map, LIST + 20 + 20 * i, 4, range->type);
    }
    kernel_loader_ports.write(loader, DATA, 4, LIST);
    kernel_loader_ports.write(loader, COMMAND, 1, 1);
}

START_TEST(the_loader_answers_with_the_entry)
{
    struct bench t;
    unsigned failures = 0;
    uint8_t file[ELF_BYTES];
    make_elf(file, true);
    setup(&t, file, sizeof file);
    struct kernel_image *image = open_it(&t, "quiet");
    struct kernel_loader *loader = new_loader(&t, image, &failures),
                         *other = new_loader(&t, image, &failures);
    ck_assert_uint_eq(kernel_loader_ports.read(loader, COMMAND, 1), 0);
    kernel_loader_ports.write(loader, COMMAND, 1, 0x77); /* no command */
    ck_assert_uint_eq(kernel_loader_ports.read(loader, COMMAND, 1), 0);
    command_load(&t, loader, t.ranges.count);
    ck_assert_uint_eq(kernel_loader_ports.read(loader, COMMAND, 1), 2);
    ck_assert_uint_eq(kernel_loader_ports.read(loader, DATA, 4), MIB + 0x20);
    ck_assert(state_round_trip(&kernel_loader_state, loader, other));
    ck_assert_uint_eq(kernel_loader_ports.read(other, DATA, 4), 0);                    /* EAX */
    ck_assert_uint_eq(peek(&t, kernel_loader_ports.read(other, DATA, 4)), 0x336EC578); /* EBX */
    ck_assert_uint_eq(kernel_loader_ports.read(other, DATA, 4), 0);                    /* and no more */
    kernel_loader_reset(loader);
    ck_assert_uint_eq(kernel_loader_ports.read(loader, COMMAND, 1), 0);
    ck_assert_uint_eq(failures, 0);
    kernel_loader_free(loader);
    kernel_loader_free(other);
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

START_TEST(the_loader_fails_without_memory)
{
    struct bench t;
    unsigned failures = 0;
    uint8_t file[ELF_BYTES];
    make_elf(file, true);
    setup(&t, file, sizeof file);
    struct kernel_image *image = open_it(&t, NULL);
    struct kernel_loader *loader = new_loader(&t, image, &failures);
    command_load(&t, loader, 1);
    ck_assert_uint_eq(kernel_loader_ports.read(loader, COMMAND, 1), 0xFF);
    ck_assert_uint_eq(kernel_loader_ports.read(loader, DATA, 4), 0);
    ck_assert_uint_eq(failures, 1);
    command_load(&t, loader, UINT32_MAX); /* more than there can be: the rest of memory is no map either */
    ck_assert_uint_eq(kernel_loader_ports.read(loader, COMMAND, 1), 2);
    kernel_loader_free(loader);
    kernel_image_free(image);
    teardown(&t);
}
END_TEST

#endif

int main(void)
{
    const TTest *const tests[] = {
        bzimage_is_placed_as_the_protocol_says,
        files_that_change_are_refused,
        bzimage_refusals,
        what_does_not_fit_is_refused,
        multiboot_information,
        multiboot_refusals,
#if LATHE_HAVE_ELF
        pvh_start_information,
        multiboot_elf_enters_at_the_physical_address,
        elf_refusals,
        damaged_elf_files_do_no_harm,
        the_loader_answers_with_the_entry,
        the_loader_fails_without_memory,
#endif
    };
    return suite_run("kernel image", tests, sizeof tests / sizeof tests[0]);
}
