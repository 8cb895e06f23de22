/* SPDX-License-Identifier: MIT */
/* Media: opening, recognition, error lines, overlays, locks. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buffer.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/media/floppy_geometry.h"
#include "devices/media/media.h"
#include "devices/media/media_probe.h"

static char dir[64];
static char path[128];

static void setup(void)
{
    strcpy(dir, "/tmp/lathe-media-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/image", dir);
}

static void teardown(void)
{
    unlink(path);
    rmdir(dir);
}

static void make_file(uint64_t size, uint64_t at, const void *bytes, size_t count)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    if (count) {
        fseek(f, (long)at, SEEK_SET);
        fwrite(bytes, 1, count, f);
    }
    fclose(f);
    ck_assert_int_eq(truncate(path, (off_t)size), 0);
}

static struct media *open_kind(enum media_kind kind, bool snapshot, struct error *err)
{
    struct media_config config = {.path = path, .kind = kind, .snapshot = snapshot};
    return media_open(&config, err);
}

static void expect_error(enum media_kind kind, const char *part)
{
    struct error err = {{0}};
    ck_assert_ptr_null(open_kind(kind, false, &err));
    ck_assert_msg(strstr(err.text, part), "'%s' is not in '%s'", part, err.text);
    ck_assert_msg(strstr(err.text, dir), "no path in '%s'", err.text);
}

static void expect_probe(enum media_kind expected)
{
    enum media_kind kind = MEDIA_UNKNOWN;
    struct error err = {{0}};
    ck_assert_msg(media_probe(path, &kind, &err), "%s", err.text);
    ck_assert_int_eq(kind, expected);
}

START_TEST(errors_say_what_is_wrong)
{
    expect_error(MEDIA_FLOPPY, "no such file");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    expect_error(MEDIA_DISK, "is a directory");
    rmdir(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_error(MEDIA_DISK, "neither a file nor a block device");
    unlink(path);
    make_file(0, 0, NULL, 0);
    expect_error(MEDIA_DISK, "is empty");
    make_file(100, 0, NULL, 0);
    expect_error(MEDIA_DISK, "less than one sector");
    make_file(1474560 + 100, 0, NULL, 0);
    expect_error(MEDIA_FLOPPY, "not a multiple of 512");
    expect_error(MEDIA_DISK, "not a multiple of 512");
    make_file(8 << 20, 0, NULL, 0);
    expect_error(MEDIA_FLOPPY, "too large for a floppy");
    make_file(1 << 20, 0, "QFI\xFB", 4);
    expect_error(MEDIA_DISK, "qcow2");
    make_file(1 << 20, 0,
              "\x7F"
              "ELF",
              4);
    expect_error(MEDIA_DISK, "--kernel");
}
END_TEST

START_TEST(floppy_formats_by_size)
{
    static const struct {
        unsigned kib, cylinders, heads, sectors, density, drive;
    } cases[] = {
        {160, 40, 1, 8, FLOPPY_DD, 1},   {180, 40, 1, 9, FLOPPY_DD, 1},   {320, 40, 2, 8, FLOPPY_DD, 1},
        {360, 40, 2, 9, FLOPPY_DD, 1},   {720, 80, 2, 9, FLOPPY_DD, 3},   {1200, 80, 2, 15, FLOPPY_HD, 2},
        {1440, 80, 2, 18, FLOPPY_HD, 4}, {2880, 80, 2, 36, FLOPPY_ED, 5}, {1680, 80, 2, 21, FLOPPY_HD, 4},
        {1722, 82, 2, 21, FLOPPY_HD, 4}, {820, 82, 2, 10, FLOPPY_DD, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct floppy_geometry g;
        ck_assert(floppy_geometry_find((uint64_t)cases[i].kib * 1024, NULL, &g));
        ck_assert_uint_eq(g.cylinders, cases[i].cylinders);
        ck_assert_uint_eq(g.heads, cases[i].heads);
        ck_assert_uint_eq(g.sectors, cases[i].sectors);
        ck_assert_uint_eq(g.density, cases[i].density);
        ck_assert_uint_eq(g.drive, cases[i].drive);
        ck_assert_uint_eq(floppy_geometry_size(&g), cases[i].kib * 1024);
    }
}
END_TEST

START_TEST(small_image_is_the_start_of_a_floppy)
{
    uint8_t boot[512] = {0xEB, 0xFE}, got[512];
    struct floppy_geometry g;
    boot[510] = 0x55;
    boot[511] = 0xAA;
    make_file(512, 0, boot, sizeof boot);
    expect_probe(MEDIA_FLOPPY);
    struct error err;
    struct media *media = open_kind(MEDIA_FLOPPY, false, &err);
    ck_assert_msg(media != NULL, "%s", err.text);
    ck_assert_uint_eq(media->size, 1474560);
    ck_assert(floppy_geometry_of(media, &g));
    ck_assert_uint_eq(g.sectors, 18);
    memset(got, 0xEE, sizeof got);
    ck_assert(media_read(media, 1474560 - 512, got, 512));
    ck_assert_uint_eq(got[0] | got[511], 0);
    ck_assert(media_write(media, 1024, boot, 512));
    ck_assert(media_read(media, 1024, got, 512));
    ck_assert_mem_eq(got, boot, 512);
    ck_assert(!media_read(media, 1474560, got, 512));
    ck_assert(!media_write(media, 1474560 - 256, got, 512));
    media_close(media);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 1536);
}
END_TEST

START_TEST(bpb_decides_where_the_size_does_not)
{
    uint8_t boot[512] = {0xEB, 0x3C, 0x90};
    struct floppy_geometry g;
    store_le16(boot + 11, 512);
    store_le16(boot + 19, 720);
    store_le16(boot + 24, 9);
    store_le16(boot + 26, 2);
    ck_assert(floppy_geometry_find(100 * 512, boot, &g));
    ck_assert_uint_eq(g.cylinders, 40);
    ck_assert_uint_eq(g.drive, FLOPPY_DRIVE_360K);
    ck_assert(floppy_geometry_find(810 * 512, boot, &g)); /* larger than it says: not believed */
    ck_assert_uint_eq(g.sectors, 18);
    ck_assert(!floppy_geometry_find(0, NULL, &g));
    ck_assert(!floppy_geometry_find(1000, NULL, &g));
}
END_TEST

START_TEST(recognises_content)
{
    uint8_t mbr[512] = {0}, mb[12];
    make_file(4 << 20, 0x202, "HdrS", 4);
    expect_probe(MEDIA_UNKNOWN); /* HdrS without the boot signature */
    uint8_t kernel[0x206] = {0};
    kernel[510] = 0x55, kernel[511] = 0xAA;
    memcpy(kernel + 0x202, "HdrS", 4);
    make_file(5000000, 0, kernel, sizeof kernel);
    expect_probe(MEDIA_KERNEL);
    make_file(1234, 0,
              "\x7F"
              "ELF",
              4);
    expect_probe(MEDIA_KERNEL);
    store_le32(mb, 0x1BADB002);
    store_le32(mb + 4, 1 << 16);
    store_le32(mb + 8, 0u - 0x1BADB002 - (1 << 16));
    make_file(100000, 4096, mb, 12);
    expect_probe(MEDIA_KERNEL);
    mb[8]++;
    make_file(100000, 4096, mb, 12);
    expect_probe(MEDIA_UNKNOWN);
    make_file(600 * 1024, 0x8001, "CD001", 5);
    expect_probe(MEDIA_CDROM);
    mbr[510] = 0x55, mbr[511] = 0xAA;
    mbr[446 + 4] = 0x83;
    store_le32(mbr + 446 + 8, 1);
    store_le32(mbr + 446 + 12, 100);
    make_file(1 << 20, 0, mbr, 512);
    expect_probe(MEDIA_DISK);
    make_file(64 << 20, 0, NULL, 0);
    expect_probe(MEDIA_DISK);
    make_file(1474560, 0, NULL, 0);
    expect_probe(MEDIA_FLOPPY);
    make_file(1 << 20, 0, "hello", 5);
    expect_probe(MEDIA_UNKNOWN);
}
END_TEST

START_TEST(one_writer_only)
{
    struct error err;
    make_file(1474560, 0, NULL, 0);
    struct media *first = open_kind(MEDIA_FLOPPY, false, &err);
    ck_assert_ptr_nonnull(first);
    expect_error(MEDIA_FLOPPY, "in use by another machine");
    media_close(first);
    struct media *a = open_kind(MEDIA_FLOPPY, true, &err), *b = open_kind(MEDIA_FLOPPY, true, &err);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    expect_error(MEDIA_FLOPPY, "in use by another machine");
    media_close(a);
    media_close(b);
}
END_TEST

START_TEST(snapshot_keeps_the_file)
{
    uint8_t got[1024], ones[512];
    struct error err;
    memset(ones, 1, sizeof ones);
    make_file(10 << 20, 4096, ones, 512);
    struct media *media = open_kind(MEDIA_DISK, true, &err);
    ck_assert_ptr_nonnull(media);
    ck_assert(!media->read_only);
    for (uint64_t at = 3584; at < (1 << 20); at += 8192)
        ck_assert(media_write(media, at, ones, 512));
    ck_assert(media_read(media, 3584, got, 1024));
    ck_assert_mem_eq(got, ones, 512);
    ck_assert_mem_eq(got + 512, ones, 512);
    ck_assert(media_read(media, 3072, got, 512));
    ck_assert_uint_eq(got[0], 0);
    ck_assert(media_flush(media));

    struct buffer saved = {0}, again = {0};
    media_save(media, &saved);
    media_close(media);
    media = open_kind(MEDIA_DISK, true, &err);
    ck_assert(media_read(media, 3584, got, 512));
    ck_assert_uint_eq(got[0], 0);
    struct reader in = {.data = saved.data, .size = saved.size};
    ck_assert(media_load(media, &in, &err));
    ck_assert(media_read(media, 3584, got, 512));
    ck_assert_mem_eq(got, ones, 512);
    media_save(media, &again);
    ck_assert_uint_eq(saved.size, again.size);
    ck_assert_mem_eq(saved.data, again.data, saved.size);
    struct reader cut = {.data = saved.data, .size = saved.size - 1};
    ck_assert(!media_load(media, &cut, &err));
    media_close(media);
    buffer_free(&saved);
    buffer_free(&again);
}
END_TEST

START_TEST(bytes_of_the_program_are_never_changed)
{
    static const uint8_t bytes[1024] = {1, 2, 3};
    uint8_t got[512], zeros[512] = {0};
    struct media *media = media_from_bytes("demo", MEDIA_FLOPPY, bytes, sizeof bytes, NULL);
    ck_assert(media_write(media, 0, zeros, 512));
    ck_assert(media_read(media, 0, got, 512));
    ck_assert_uint_eq(got[0], 0);
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert(media_write(media, 512, zeros, 512)); /* the last, partial cluster */
    media_close(media);
    media = media_from_bytes("cd", MEDIA_CDROM, bytes, sizeof bytes, NULL);
    ck_assert(!media_write(media, 0, zeros, 512));
    ck_assert(media_flush(media));
    media_close(media);
}
END_TEST

START_TEST(read_only_refuses_writes)
{
    uint8_t bytes[512] = {0};
    struct error err;
    make_file(1 << 20, 0, NULL, 0);
    struct media_config config = {.path = path, .kind = MEDIA_DISK, .read_only = true};
    struct media *media = media_open(&config, &err);
    ck_assert_ptr_nonnull(media);
    ck_assert(media->read_only);
    ck_assert(!media_write(media, 0, bytes, 512));
    media_close(media);
    make_file(1025 * 512, 0x8001, "CD001", 5);
    media = open_kind(MEDIA_CDROM, false, &err);
    ck_assert_ptr_nonnull(media);
    ck_assert(media->read_only);
    ck_assert_uint_eq(media->size % 2048, 0);
    ck_assert(media_read(media, media->size - 512, bytes, 512));
    media_close(media);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("media");
    TCase *tcase = tcase_create("media");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, errors_say_what_is_wrong);
    tcase_add_test(tcase, floppy_formats_by_size);
    tcase_add_test(tcase, small_image_is_the_start_of_a_floppy);
    tcase_add_test(tcase, bpb_decides_where_the_size_does_not);
    tcase_add_test(tcase, recognises_content);
    tcase_add_test(tcase, one_writer_only);
    tcase_add_test(tcase, snapshot_keeps_the_file);
    tcase_add_test(tcase, bytes_of_the_program_are_never_changed);
    tcase_add_test(tcase, read_only_refuses_writes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
