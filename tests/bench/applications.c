/* SPDX-License-Identifier: MIT */
/* Debian's i386 programs at fixed work. The current directory holds them: bin/, their libraries in lib/, what
 * they work on in data/ (tools/guests/make-bench). Check sums are over all that they print.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* OpenSSL takes the same code on every processor: what SSE2 allows. */
static char *const environment[] = {"HOME=/", "LC_ALL=C", "OPENSSL_CONF=/dev/null",
                                    "OPENSSL_ia32cap=0x0780811f:0", NULL};

static void fail(void)
{
    static const char text[] = "#failed\n";
    _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

enum { ARGUMENTS = 16, LOADER_ARGUMENTS = 3 };

/* The program by the loader beside it, so that it finds its libraries wherever the directory is. */
static void become(const char *const *command, int output)
{
    const char *argv[ARGUMENTS] = {"lib/ld-linux.so.2", "--library-path", "lib"};
    for (unsigned i = 0; command[i] && i + LOADER_ARGUMENTS < ARGUMENTS - 1; i++)
        argv[i + LOADER_ARGUMENTS] = command[i];
    dup2(output, STDOUT_FILENO);
    execve(argv[0], (char *const *)argv, environment);
    _exit(127);
}

static uint32_t add_byte(uint32_t sum, uint8_t byte)
{
    return (sum ^ byte) * 16777619u;
}

static uint32_t run_once(const char *const *command, uint32_t sum)
{
    int out[2], status;
    uint8_t text[4096];
    ssize_t length;
    if (pipe2(out, O_CLOEXEC) != 0)
        fail();
    pid_t child = fork();
    if (child == 0)
        become(command, out[1]);
    close(out[1]);
    while ((length = read(out[0], text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++)
            sum = add_byte(sum, text[i]);
    }
    close(out[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail();
    return add_byte(sum, 0);
}

static uint32_t repeat(uint32_t count, const char *const *command)
{
    uint32_t sum = 2166136261u;
    for (uint32_t i = 0; i < count; i++)
        sum = run_once(command, sum);
    return sum;
}

#define COMMAND(...)                                                                                         \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

static uint32_t run_gzip(uint32_t count)
{
    return repeat(count, COMMAND("bin/gzip", "-nc", "data/file"));
}

static uint32_t run_gunzip(uint32_t count)
{
    return repeat(count, COMMAND("bin/gzip", "-t", "data/file.gz"));
}

static uint32_t run_bzip2(uint32_t count)
{
    return repeat(count, COMMAND("bin/bzip2", "-c", "data/file"));
}

static uint32_t run_bunzip2(uint32_t count)
{
    return repeat(count, COMMAND("bin/bzip2", "-t", "data/file.bz2"));
}

static uint32_t run_sha256(uint32_t count)
{
    return repeat(count, COMMAND("bin/openssl", "dgst", "-sha256", "data/file", "data/file", "data/file"));
}

static uint32_t run_aes(uint32_t count)
{
    return repeat(count, COMMAND("bin/openssl", "enc", "-aes-128-cbc", "-nosalt", "-K",
                                 "00112233445566778899aabbccddeeff", "-iv",
                                 "0123456789abcdef0123456789abcdef", "-in", "data/file"));
}

/* Primality tests of a private key's factors, its other numbers, and what they make of each other. */
static uint32_t run_rsa(uint32_t count)
{
    return repeat(count, COMMAND("bin/openssl", "rsa", "-check", "-noout", "-in", "data/key.pem"));
}

static uint32_t run_lua(uint32_t count)
{
    return repeat(count, COMMAND("bin/lua5.4", "data/work.lua"));
}

static uint32_t run_sqlite(uint32_t count)
{
    return repeat(count, COMMAND("bin/sqlite3", ":memory:", ".read data/work.sql"));
}

/* The collector's thresholds would depend on the machine's memory. */
static uint32_t run_cc1(uint32_t count)
{
    return repeat(count, COMMAND("bin/cc1", "-quiet", "-fpreprocessed", "-O2", "--param=ggc-min-expand=30",
                                 "--param=ggc-min-heapsize=8192", "data/program.i", "-o", "-"));
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = {
        {"gzip", run_gzip},     {"gunzip", run_gunzip}, {"bzip2", run_bzip2}, {"bunzip2", run_bunzip2},
        {"sha256", run_sha256}, {"aes", run_aes},       {"rsa", run_rsa},     {"lua", run_lua},
        {"sqlite", run_sqlite}, {"cc1", run_cc1},       {NULL, NULL},
    };
    return bench_main(argc, argv, "applications", kernels);
}
