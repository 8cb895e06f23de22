/* SPDX-License-Identifier: MIT */
/* Serial links: specifications, files, sockets, against a machine whose ROM echoes COM1 plus one. */
#include "frontends/serial/serial_link.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frontends/embed/lathe.h"
#include "tests/support/suite.h"

enum { ROM_BYTES = 65536, MS = 1000000 };

struct bench {
    char directory[32], rom[64], path[64];
    struct lathe *lathe;
    struct serial_link *link;
};

static const uint8_t echo[] = {
    0xBA, 0xFB, 0x03, 0xB0, 0x03, 0xEE,             /* LCR: 8 data bits */
    0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xFB, /* wait for LSR.DR */
    0xBA, 0xF8, 0x03, 0xEC, 0xFE, 0xC0, 0xEE,       /* in, inc, out */
    0xEB, 0xEF,
};

static void on_serial(void *self, unsigned port, uint8_t byte)
{
    struct bench *t = self;
    if (port == 0)
        serial_link_put(t->link, byte);
}

static void setup(struct bench *t, const char *kind)
{
    static uint8_t rom[ROM_BYTES];
    char spec[96], notice[256];
    struct error err = {{0}};
    *t = (struct bench){.directory = "/tmp/lathe-serial-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(t->directory));
    snprintf(t->rom, sizeof t->rom, "%s/rom", t->directory);
    snprintf(t->path, sizeof t->path, "%s/line", t->directory);
    memcpy(rom, echo, sizeof echo);
    memcpy(rom + 0xFFF0, "\xEA\x00\x00\x00\xF0", 5);
    FILE *file = fopen(t->rom, "wb");
    ck_assert(file && fwrite(rom, sizeof rom, 1, file) == 1 && !fclose(file));
    t->lathe = lathe_new();
    ck_assert(lathe_set(t->lathe, "bios", t->rom));
    ck_assert_msg(lathe_power_on(t->lathe), "%s", lathe_error(t->lathe));
    lathe_on_serial(t->lathe, on_serial, t);
    snprintf(spec, sizeof spec, "%s:%s", kind, t->path);
    t->link = serial_link_open(spec, notice, sizeof notice, &err);
    ck_assert_msg(t->link, "%s", err.text);
}

static void teardown(struct bench *t)
{
    serial_link_close(t->link);
    lathe_free(t->lathe);
    unlink(t->rom);
    unlink(t->path);
    rmdir(t->directory);
}

static void run(struct bench *t, unsigned slices)
{
    for (unsigned i = 0; i < slices; i++) {
        ck_assert_int_eq(lathe_run(t->lathe, LATHE_NO_LIMIT, lathe_time_ns(t->lathe) + 5 * MS), LATHE_LIMIT);
        ck_assert_int_eq(serial_link_poll(t->link, t->lathe, 0), SERIAL_NOTHING);
    }
}

START_TEST(specifications)
{
    static const char *const good[] = {"stdio",  "null",           "pty", "file:x", "unix:x",
                                       "tcp::1", "tcp:localhost:1"};
    static const char *const bad[] = {"", "file", "file:", "unix:", "tcp:", "stdin", "pty:x", "com1"};
    struct error err;
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(serial_link_check(good[i], &err), "%s", good[i]);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!serial_link_check(bad[i], &err), "%s", bad[i]);
}
END_TEST

START_TEST(what_the_guest_sends_is_in_the_file)
{
    struct bench t;
    char text[16] = {0};
    setup(&t, "file");
    run(&t, 2);
    lathe_serial_send(t.lathe, 0, "HAL", 3);
    run(&t, 40);
    FILE *file = fopen(t.path, "rb");
    ck_assert(file && fread(text, 1, sizeof text - 1, file) == 3);
    fclose(file);
    ck_assert_str_eq(text, "IBM");
    teardown(&t);
}
END_TEST

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    return fd;
}

START_TEST(a_socket_serves_one_peer_after_the_other)
{
    struct bench t;
    setup(&t, "unix");
    for (unsigned peer = 0; peer < 2; peer++) {
        char text[300], wanted[300];
        memset(text, 'A', sizeof text);
        memset(wanted, 'B', sizeof wanted);
        int fd = connect_to(t.path);
        ck_assert_int_eq(write(fd, text, sizeof text),
                         sizeof text); /* more than the port holds: nothing is lost */
        run(&t, 200);
        ck_assert_int_eq(read(fd, text, sizeof text), sizeof text);
        ck_assert_mem_eq(text, wanted, sizeof text);
        close(fd);
        run(&t, 2);
    }
    teardown(&t);
}
END_TEST

START_TEST(a_dead_socket_file_is_replaced_and_a_live_one_is_not)
{
    struct bench t;
    struct error err;
    char spec[96], notice[64];
    setup(&t, "unix");
    snprintf(spec, sizeof spec, "unix:%s", t.path);
    ck_assert_ptr_null(serial_link_open(spec, notice, sizeof notice, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "in use"));
    serial_link_close(t.link);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, t.path, strlen(t.path) + 1);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(stale, (struct sockaddr *)(void *)&address, sizeof address), 0);
    close(stale);
    t.link = serial_link_open(spec, notice, sizeof notice, &err);
    ck_assert_msg(t.link, "%s", err.text);
    teardown(&t);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {specifications, what_the_guest_sends_is_in_the_file,
                                  a_socket_serves_one_peer_after_the_other,
                                  a_dead_socket_file_is_replaced_and_a_live_one_is_not};
    return suite_run("serial links", tests, sizeof tests / sizeof tests[0]);
}
