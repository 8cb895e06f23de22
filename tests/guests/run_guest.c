/* SPDX-License-Identifier: MIT */
/* Runs one bare-metal test image (tests/guests/asm) on a processor with memory and two ports, without a board
 * or firmware: the image lies at 7C00h as a whole. Exit status 0 where the guest reports success. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/x86/protection.h"
#include "jit/jit.h"
#include "tests/support/cpu_fixture.h"

enum { IMAGE_AT = 0x7C00, IMAGE_BYTES = 36 * 512, EXIT_PASS = 0x10, EXIT_FAIL = 0x40 };
enum { INSN_LIMIT = 20000000, SLICE = 10000 };

struct guest {
    struct cpu_fixture fixture;
    struct jit *jit;
    bool ended;
    uint8_t value;
};

static uint32_t no_read(void *self, uint32_t offset, unsigned size)
{
    (void)self;
    (void)offset;
    (void)size;
    return UINT32_MAX;
}

static void write_exit(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct guest *guest = self;
    (void)offset;
    (void)size;
    guest->ended = true;
    guest->value = (uint8_t)value;
    cpu_stop(guest->fixture.cpu);
}

static void write_text(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)self;
    (void)offset;
    (void)size;
    putchar((int)(value & 0xFF));
}

static const struct port_ops exit_ops = {.read = no_read, .write = write_exit, .min_size = 1, .max_size = 4};
static const struct port_ops text_ops = {.read = no_read, .write = write_text, .min_size = 1, .max_size = 1};

static bool load_image(struct guest *guest, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *image = alloc_zeroed(IMAGE_BYTES);
    size_t size = file ? fread(image, 1, IMAGE_BYTES, file) : 0;
    if (file)
        fclose(file);
    cpu_fixture_load(&guest->fixture, IMAGE_AT, image, size);
    alloc_free(image);
    return size > 0;
}

static void start(struct guest *guest)
{
    struct cpu *cpu = guest->fixture.cpu;
    segment_set_real(cpu, SEG_CS, 0);
    cpu->rip = IMAGE_AT;
    cpu_derive(cpu);
    while (!guest->ended && guest->fixture.clock.insns < INSN_LIMIT && cpu->activity == CPU_RUNNING)
        cpu_run(cpu, guest->fixture.clock.insns + SLICE);
}

static int report(const struct guest *guest, const char *path)
{
    const struct cpu *cpu = guest->fixture.cpu;
    if (guest->ended && guest->value == EXIT_PASS)
        return EXIT_SUCCESS;
    if (guest->ended)
        printf("%s: check %d failed\n", path, guest->value - EXIT_FAIL);
    else
        printf("%s: stuck at %04X:%08llX, %u shutdowns\n", path, cpu->seg[SEG_CS].selector,
               (unsigned long long)cpu->rip, guest->fixture.shutdowns);
    return EXIT_FAILURE;
}

/* Translating engines translate everything at once. */
static bool attach_engine(struct guest *guest, const char *name)
{
    struct error err = {0};
    struct jit_options options = {.threshold = 0, .unlinked = !strcmp(name, "unlinked")};
    if (!strcmp(name, "interp"))
        return true;
    guest->jit = jit_new(guest->fixture.cpu, &options, &err);
    if (!guest->jit)
        printf("%s\n", err.text);
    return guest->jit != NULL;
}

int main(int argc, char **argv)
{
    struct guest *guest = alloc_zeroed(sizeof *guest);
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: run_guest IMAGE [CPU [interp|jit|unlinked]]\n");
        return EXIT_FAILURE;
    }
    cpu_fixture_init(&guest->fixture, argc >= 3 ? argv[2] : "pentiumpro");
    int status = EXIT_FAILURE;
    if (attach_engine(guest, argc == 4 ? argv[3] : "interp") &&
        portmap_add(guest->fixture.ports, "exit", 0xF4, 4, &exit_ops, guest, NULL) &&
        portmap_add(guest->fixture.ports, "text", 0xE9, 1, &text_ops, guest, NULL) &&
        load_image(guest, argv[1])) {
        start(guest);
        status = report(guest, argv[1]);
    }
    jit_free(guest->jit);
    cpu_fixture_free(&guest->fixture);
    alloc_free(guest);
    return status;
}
