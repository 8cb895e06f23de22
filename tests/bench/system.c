/* SPDX-License-Identifier: MIT */
/* What exercises the operating system and the MMU: system calls, context switches, new address spaces, page
 * faults, code that changes under the processor. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static void fail(void)
{
    static const char text[] = "#failed\n";
    _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

static uint32_t run_getpid(uint32_t count)
{
    uint32_t same = 0;
    long pid = syscall(SYS_getpid);
    for (uint32_t i = 0; i < count * 100; i++)
        same += syscall(SYS_getpid) == pid;
    return same;
}

/* The child's half: sends back what it gets, plus one. */
static void echo(int in, int out)
{
    uint8_t byte;
    while (read(in, &byte, 1) == 1) {
        byte++;
        if (write(out, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

static uint32_t run_pipe(uint32_t count)
{
    int there[2], back[2];
    uint8_t byte = 0;
    if (pipe(there) != 0 || pipe(back) != 0)
        fail();
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        echo(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    for (uint32_t i = 0; i < count * 10; i++) {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            fail();
    }
    close(there[1]);
    close(back[0]);
    waitpid(child, NULL, 0);
    return byte;
}

static uint32_t wait_for(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        fail();
    return (uint32_t)WEXITSTATUS(status);
}

static uint32_t run_fork(uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit((int)(i & 63));
        sum += wait_for(child);
    }
    return sum;
}

/* The program runs itself with no arguments, which ends it at once with status 2. */
static uint32_t run_exec(uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            close(STDERR_FILENO);
            execl("/proc/self/exe", "system", (char *)NULL);
            _exit(1);
        }
        sum += wait_for(child);
    }
    return sum;
}

enum { TOUCHED_BYTES = 4 << 20, PAGE_BYTES = 4096 };

/* Fresh pages, touched once: a page fault each. */
static uint32_t run_touch(uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *area = mmap(NULL, TOUCHED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            fail();
        for (uint32_t at = 0; at < TOUCHED_BYTES; at += PAGE_BYTES) {
            area[at] = (uint8_t)i;
            sum += area[at + 1] + area[at];
        }
        munmap(area, TOUCHED_BYTES);
    }
    return sum;
}

/* MOV EAX, imm32; RET: the immediate is patched before each call. */
static uint32_t run_selfmod(uint32_t count)
{
    static const uint8_t code[] = {0xB8, 0, 0, 0, 0, 0xC3};
    uint8_t *area =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        fail();
    memcpy(area, code, sizeof code);
    uint32_t (*function)(void), sum = 0;
    void *entry = area;
    memcpy(&function, &entry, sizeof function);
    for (uint32_t i = 0; i < count * 100; i++) {
        memcpy(area + 1, &i, sizeof i);
        __builtin___clear_cache((char *)area, (char *)area + sizeof code);
        sum += function();
    }
    munmap(area, PAGE_BYTES);
    return sum;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = {
        {"getpid", run_getpid}, {"pipe", run_pipe},       {"fork", run_fork}, {"exec", run_exec},
        {"touch", run_touch},   {"selfmod", run_selfmod}, {NULL, NULL},
    };
    return bench_main(argc, argv, "system", kernels);
}
