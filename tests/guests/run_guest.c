/* SPDX-License-Identifier: MIT */
/* Runs one bare-metal test image (tests/guests/asm) on a processor with memory and a few ports, without a
 * board or firmware: the image lies at 7C00h as a whole. Exit status 0 where the guest reports success.
 *
 *   B2h, B3h  APM control and status: a write to B2h pulses SMI#
 *   E0h       read: 5Ah, by which a guest knows this runner; write: INTR with that vector
 *   E1h       write: NMI
 *   E4h       write, 4 bytes: an event later on; see enum delayed_event
 *   ECh       write, 4 bytes: after the next shutdown, INIT# and on in real mode at this address
 *   E9h       text
 *   F4h       exit
 *   F8h       read: the number given
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "core/base/state.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "jit/jit.h"
#include "tests/support/cpu_fixture.h"

enum { IMAGE_AT = 0x7C00, IMAGE_BYTES = 36 * 512, EXIT_PASS = 0x10, EXIT_FAIL = 0x40 };
enum { INSN_LIMIT = 20000000, SLICE = 10000, CHECKED_SLICE = 701, RUNNER_MARK = 0x5A };

/* Bits 0-7 of what is written to E4h; bits 8-15 are INTR's vector, bits 16-31 a number of instructions. */
enum delayed_event { EVENT_NONE, EVENT_INTR, EVENT_NMI, EVENT_SMI };

struct guest {
    struct cpu_fixture fixture;
    struct jit *jit;
    bool ended;
    uint8_t value, apm[2];
    enum delayed_event event;
    uint64_t event_at;
    uint8_t event_vector;
    uint32_t after_shutdown; /* 0: a shutdown fails the test */
    uint8_t number;
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

static uint32_t read_apm(void *self, uint32_t offset, unsigned size)
{
    (void)size;
    return ((struct guest *)self)->apm[offset];
}

static void write_apm(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct guest *guest = self;
    (void)size;
    guest->apm[offset] = (uint8_t)value;
    if (offset == 0)
        cpu_pulse_smi(guest->fixture.cpu);
}

static void raise_intr(struct guest *guest, uint8_t vector)
{
    guest->fixture.intr_vector = vector;
    cpu_set_intr(guest->fixture.cpu, true);
}

static uint32_t read_mark(void *self, uint32_t offset, unsigned size)
{
    (void)self;
    (void)size;
    return offset == 0 ? RUNNER_MARK : 0xFF;
}

static void write_pins(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct guest *guest = self;
    (void)size;
    if (offset == 0)
        raise_intr(guest, (uint8_t)value);
    else
        cpu_pulse_nmi(guest->fixture.cpu);
}

static void write_event(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct guest *guest = self;
    (void)offset;
    (void)size;
    guest->event = (enum delayed_event)(value & 0xFF);
    guest->event_vector = value >> 8 & 0xFF;
    guest->event_at = cpu_insns_now(guest->fixture.cpu) + 1 + (value >> 16);
    cpu_stop(guest->fixture.cpu);
}

static void write_after_shutdown(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset;
    (void)size;
    ((struct guest *)self)->after_shutdown = value;
}

static uint32_t read_number(void *self, uint32_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return ((struct guest *)self)->number;
}

static void no_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)self;
    (void)offset;
    (void)size;
    (void)value;
}

static const struct port_ops number_ops = {
    .read = read_number, .write = no_write, .min_size = 1, .max_size = 1};
static const struct port_ops exit_ops = {.read = no_read, .write = write_exit, .min_size = 1, .max_size = 4};
static const struct port_ops text_ops = {.read = no_read, .write = write_text, .min_size = 1, .max_size = 1};
static const struct port_ops apm_ops = {.read = read_apm, .write = write_apm, .min_size = 1, .max_size = 1};
static const struct port_ops pin_ops = {.read = read_mark, .write = write_pins, .min_size = 1, .max_size = 1};
static const struct port_ops event_ops = {
    .read = no_read, .write = write_event, .min_size = 4, .max_size = 4};
static const struct port_ops shutdown_ops = {
    .read = no_read, .write = write_after_shutdown, .min_size = 4, .max_size = 4};

static bool add_ports(struct guest *guest)
{
    struct portmap *ports = guest->fixture.ports;
    return portmap_add(ports, "exit", 0xF4, 4, &exit_ops, guest, NULL) &&
           portmap_add(ports, "text", 0xE9, 1, &text_ops, guest, NULL) &&
           portmap_add(ports, "apm", 0xB2, 2, &apm_ops, guest, NULL) &&
           portmap_add(ports, "pins", 0xE0, 2, &pin_ops, guest, NULL) &&
           portmap_add(ports, "event", 0xE4, 4, &event_ops, guest, NULL) &&
           portmap_add(ports, "shutdown", 0xEC, 4, &shutdown_ops, guest, NULL) &&
           portmap_add(ports, "number", 0xF8, 1, &number_ops, guest, NULL);
}

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

static void fire_event(struct guest *guest)
{
    enum delayed_event event = guest->event;
    guest->event = EVENT_NONE;
    if (event == EVENT_INTR)
        raise_intr(guest, guest->event_vector);
    else if (event == EVENT_NMI)
        cpu_pulse_nmi(guest->fixture.cpu);
    else
        cpu_pulse_smi(guest->fixture.cpu);
}

static void real_mode_at(struct cpu *cpu, uint32_t address)
{
    segment_set_real(cpu, SEG_CS, 0);
    cpu->rip = address;
    cpu_derive(cpu);
}

/* A halted processor waits for the event; a shut down one gets INIT#. False where nothing can go on. */
static bool revive(struct guest *guest)
{
    struct cpu *cpu = guest->fixture.cpu;
    if (cpu->activity == CPU_SHUTDOWN && guest->after_shutdown) {
        cpu_reset(cpu, true);
        real_mode_at(cpu, guest->after_shutdown);
        guest->after_shutdown = 0;
        return true;
    }
    if (cpu->activity == CPU_SHUTDOWN || guest->event == EVENT_NONE)
        return false;
    fire_event(guest);
    return true;
}

/* Runs for up to `slice` instructions. False where nothing can go on. */
static bool advance(struct guest *guest, uint64_t slice)
{
    struct cpu *cpu = guest->fixture.cpu;
    const struct clock *clock = &guest->fixture.clock;
    if (guest->ended || clock->insns >= INSN_LIMIT)
        return false;
    if (guest->event != EVENT_NONE && clock->insns >= guest->event_at)
        fire_event(guest);
    if (cpu_is_idle(cpu) && !revive(guest))
        return false;
    uint64_t until = clock->insns + slice;
    if (guest->event != EVENT_NONE && guest->event_at < until)
        until = guest->event_at;
    cpu_run(cpu, until);
    return true;
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

struct image {
    const char *path, *model;
    uint8_t number;
};

static void remove_guest(struct guest *guest)
{
    jit_free(guest->jit);
    cpu_fixture_free(&guest->fixture);
    alloc_free(guest);
}

/* With the image in memory and the processor at its start, or NULL. */
static struct guest *make_guest(const struct image *image, const char *engine)
{
    struct guest *guest = alloc_zeroed(sizeof *guest);
    cpu_fixture_init(&guest->fixture, image->model);
    guest->number = image->number;
    if (!attach_engine(guest, engine) || !add_ports(guest) || !load_image(guest, image->path)) {
        remove_guest(guest);
        return NULL;
    }
    real_mode_at(guest->fixture.cpu, IMAGE_AT);
    return guest;
}

static int run_image(const struct image *image, const char *engine)
{
    struct guest *guest = make_guest(image, engine);
    if (!guest)
        return EXIT_FAILURE;
    while (advance(guest, SLICE))
        ;
    int status = report(guest, image->path);
    remove_guest(guest);
    return status;
}

/* --- Lockstep ---------------------------------------------------------------------------------------------
 */

static bool is_same(struct guest *a, struct guest *b, const struct state_desc *desc)
{
    return a->fixture.clock.insns == b->fixture.clock.insns && a->ended == b->ended &&
           state_equal(desc, a->fixture.cpu, b->fixture.cpu) &&
           !memcmp(a->fixture.memory.host, b->fixture.memory.host, FIXTURE_MEMORY);
}

static void tell_difference(struct guest *a, struct guest *b, const struct state_desc *desc)
{
    unsigned left = 20;
    printf("the engines differ after %llu and %llu instructions\n",
           (unsigned long long)a->fixture.clock.insns, (unsigned long long)b->fixture.clock.insns);
    state_print_differences(desc, a->fixture.cpu, b->fixture.cpu, "cpu", &left, stdout);
}

static bool run_both(struct guest *a, struct guest *b)
{
    struct state_set states = {0};
    cpu_register_state(a->fixture.cpu, &states);
    const struct state_desc *desc = states.parts[0].desc;
    bool same = true;
    while (same && advance(a, CHECKED_SLICE))
        same = advance(b, CHECKED_SLICE) && is_same(a, b, desc);
    if (!same)
        tell_difference(a, b, desc);
    state_set_free(&states);
    return same;
}

static int check_image(const struct image *image)
{
    int status = EXIT_FAILURE;
    struct guest *interpreted = make_guest(image, "interp"), *translated = make_guest(image, "jit");
    if (interpreted && translated && run_both(interpreted, translated))
        status = report(translated, image->path);
    if (interpreted)
        remove_guest(interpreted);
    if (translated)
        remove_guest(translated);
    return status;
}

int main(int argc, char **argv)
{
    const char *model = argc > 2 ? argv[2] : "pentiumpro", *engine = argc > 3 ? argv[3] : "interp";
    uint8_t number = argc > 4 ? (uint8_t)strtoul(argv[4], NULL, 10) : 0;
    if (argc < 2 || argc > 5 || !cpu_model_find(model)) {
        fprintf(stderr, "usage: run_guest IMAGE [CPU [interp|jit|unlinked|check [NUMBER]]]\n");
        return EXIT_FAILURE;
    }
    const struct image image = {argv[1], model, number};
    return strcmp(engine, "check") ? run_image(&image, engine) : check_image(&image);
}
