/* SPDX-License-Identifier: MIT */
/* All chips of a PC wired together, under a guest that writes nonsense everywhere: nothing breaks, the same
 * nonsense gives the same state, and a saved machine goes on like the one that it was saved from. */
#include <string.h>

#include "core/base/sha256.h"
#include "devices/chipset/dma_8237.h"
#include "devices/chipset/i440fx.h"
#include "devices/chipset/pic_8259.h"
#include "devices/chipset/piix.h"
#include "devices/chipset/piix4_pm.h"
#include "devices/chipset/pit_8254.h"
#include "devices/chipset/port_61h.h"
#include "devices/chipset/port_92h.h"
#include "devices/chipset/rtc_mc146818.h"
#include "devices/input/kbc_8042.h"
#include "devices/input/keyboard.h"
#include "devices/input/mouse.h"
#include "devices/serial/uart_16550.h"
#include "tests/support/fake_clock.h"
#include "tests/support/suite.h"

enum { RAM = 2 << 20, STEPS = 20000, SEEDS = 300 };

struct board {
    struct clock clock;
    struct memory memory;
    struct physmap map;
    struct portmap *ports;
    struct pci_bus *pci;
    struct i440fx *bridge;
    struct piix *piix;
    struct piix4_pm *pm;
    struct pic *pic;
    struct pit *pit;
    struct rtc *rtc;
    struct dma *dma;
    struct port_61h *port61;
    struct port_92h *port92;
    struct kbc *kbc;
    struct keyboard *keyboard;
    struct mouse *mouse;
    struct uart *uart;
    struct state_set state;
    uint64_t seed;
};

static void pirq(void *self, unsigned input, bool level)
{
    struct board *b = self;
    if (b->piix)
        piix_set_pirq(b->piix, input, level);
}

static void out2(void *self, unsigned input, bool level)
{
    struct board *b = self;
    if (b->port61)
        port_61h_input(b->port61, input, level);
}

static void new_bridges(struct board *b)
{
    struct pci_config pci = {.ports = b->ports, .physmap = &b->map};
    for (unsigned i = 0; i < 4; i++)
        pci.pirq[i] = (struct irq_line){pirq, b, i};
    b->pci = pci_new(&pci);
    mem_t ram = memory_take(&b->memory, RAM);
    b->bridge = i440fx_new(&(struct i440fx_config){.physmap = &b->map, .ram = ram, .ram_size = RAM});
    pci_attach(b->pci, &b->bridge->pci, 0, 0);
    b->pm = piix4_pm_new(&(struct piix4_pm_config){
        .clock = &b->clock, .ports = b->ports, .sci = pic_line(b->pic, PIC_BANK_SYSTEM, 9)});
    struct piix_config piix = {.model = PIIX4, .apmc = {piix4_pm_apmc, b->pm}};
    for (unsigned i = 0; i < 16; i++)
        piix.irq[i] = pic_line(b->pic, PIC_BANK_PCI, i);
    b->piix = piix_new(&piix);
    pci_attach(b->pci, &b->piix->pci, 1, 0);
    pci_attach(b->pci, &b->pm->pci, 1, 3);
    pci_forward_cf8(b->pci, &piix_reset_ports, b->piix);
}

static void new_timers(struct board *b)
{
    struct pit_config pit = {.clock = &b->clock};
    pit.out[0] = pic_line(b->pic, PIC_BANK_ISA, 0);
    pit.out[2] = (struct irq_line){out2, b, PORT_61H_OUT2};
    b->pit = pit_new(&pit);
    b->port61 = port_61h_new(&(struct port_61h_config){.clock = &b->clock, .pit = b->pit});
    b->rtc = rtc_new(&(struct rtc_config){.clock = &b->clock,
                                          .irq = pic_line(b->pic, PIC_BANK_ISA, 8),
                                          .nmi_mask = port_61h_line(b->port61, PORT_61H_NMI_MASK)});
}

static void new_input(struct board *b)
{
    b->port92 = port_92h_new(&(struct port_92h_config){0});
    b->kbc = kbc_new(&(struct kbc_config){.clock = &b->clock,
                                          .keyboard_irq = pic_line(b->pic, PIC_BANK_ISA, 1),
                                          .aux_irq = pic_line(b->pic, PIC_BANK_ISA, 12),
                                          .a20 = port_92h_a20_line(b->port92)});
    b->keyboard = keyboard_new(
        &(struct keyboard_config){.clock = &b->clock, .ready = kbc_ready_line(b->kbc, KBC_KEYBOARD)});
    b->mouse =
        mouse_new(&(struct mouse_config){.clock = &b->clock, .ready = kbc_ready_line(b->kbc, KBC_AUX)});
    struct ps2_device keyboard = keyboard_device(b->keyboard), mouse = mouse_device(b->mouse);
    kbc_attach(b->kbc, KBC_KEYBOARD, &keyboard);
    kbc_attach(b->kbc, KBC_AUX, &mouse);
    b->uart = uart_new(
        &(struct uart_config){.clock = &b->clock, .name = "com1", .irq = pic_line(b->pic, PIC_BANK_ISA, 4)});
}

static void map_ports(struct board *b)
{
    const struct {
        uint32_t base, count;
        const struct port_ops *ops;
        void *self;
    } ranges[] = {{0x00, 16, &dma_low_ports, b->dma},    {0x20, 2, &pic_master_ports, b->pic},
                  {0x40, 4, &pit_ports, b->pit},         {0x60, 1, &kbc_data_ports, b->kbc},
                  {0x61, 1, &port_61h_ports, b->port61}, {0x64, 1, &kbc_command_ports, b->kbc},
                  {0x70, 2, &rtc_ports, b->rtc},         {0x80, 16, &dma_page_ports, b->dma},
                  {0x92, 1, &port_92h_ports, b->port92}, {0xA0, 2, &pic_slave_ports, b->pic},
                  {0xB2, 2, &piix_apm_ports, b->piix},   {0xC0, 32, &dma_high_ports, b->dma},
                  {0x3F8, 8, &uart_ports, b->uart},      {0x4D0, 2, &pic_elcr_ports, b->pic},
                  {0xCF8, 8, &pci_config_ports, b->pci}};
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        ck_assert(portmap_add(b->ports, "chip", ranges[i].base, ranges[i].count, ranges[i].ops,
                              ranges[i].self, NULL));
}

static void list_state(struct board *b)
{
    const struct {
        const char *name;
        const struct state_desc *desc;
        void *self;
    } parts[] = {{"pci", &pci_bus_state, b->pci},
                 {"i440fx", &i440fx_state, b->bridge},
                 {"piix", &piix_state, b->piix},
                 {"pm", &piix4_pm_state, b->pm},
                 {"pic", &pic_state, b->pic},
                 {"pit", &pit_state, b->pit},
                 {"rtc", &rtc_state, b->rtc},
                 {"dma", &dma_state, b->dma},
                 {"port61", &port_61h_state, b->port61},
                 {"port92", &port_92h_state, b->port92},
                 {"kbc", &kbc_state, b->kbc},
                 {"keyboard", &keyboard_state, b->keyboard},
                 {"mouse", &mouse_state, b->mouse},
                 {"com1", &uart_state, b->uart}};
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        state_set_add(&b->state, parts[i].name, parts[i].desc, parts[i].self);
}

static struct board *new_board(uint64_t seed)
{
    struct board *b = calloc(1, sizeof *b);
    b->seed = seed;
    fake_clock_init(&b->clock);
    ck_assert(memory_init(&b->memory, RAM, NULL));
    physmap_init(&b->map, &b->memory);
    b->ports = portmap_new(NULL);
    b->pic = pic_new(&(struct pic_config){0});
    b->dma = dma_new(&(struct dma_config){.physmap = &b->map});
    new_bridges(b);
    new_timers(b);
    new_input(b);
    map_ports(b);
    list_state(b);
    return b;
}

static void free_board(struct board *b)
{
    state_set_free(&b->state);
    uart_free(b->uart);
    mouse_free(b->mouse);
    keyboard_free(b->keyboard);
    kbc_free(b->kbc);
    rtc_free(b->rtc);
    port_61h_free(b->port61);
    port_92h_free(b->port92);
    pit_free(b->pit);
    piix_free(b->piix);
    piix4_pm_free(b->pm);
    i440fx_free(b->bridge);
    pci_free(b->pci);
    dma_free(b->dma);
    pic_free(b->pic);
    portmap_free(b->ports);
    physmap_free(&b->map);
    memory_free(&b->memory);
    ck_assert(!b->clock.first);
    free(b);
}

/* xorshift64*, for choosing nonsense. */
static uint32_t random_bits(struct board *b)
{
    b->seed ^= b->seed >> 12;
    b->seed ^= b->seed << 25;
    b->seed ^= b->seed >> 27;
    return (uint32_t)(b->seed * 0x2545F4914F6CDD1Dull >> 32);
}

static uint16_t random_port(struct board *b)
{
    static const uint16_t bases[] = {0x00, 0x20, 0x40, 0x60,  0x60,  0x61,  0x64,  0x70,  0x80,  0x92,
                                     0xA0, 0xB2, 0xC0, 0x3F8, 0x3F8, 0x4D0, 0xCF8, 0xCFC, 0x600, 0x700};
    uint32_t r = random_bits(b);
    return (uint16_t)(bases[r % (sizeof bases / sizeof bases[0])] + (r >> 16 & (r & 0x100 ? 31 : 3)));
}

static void outside(struct board *b)
{
    uint32_t r = random_bits(b);
    switch (r & 7) {
    case 0: keyboard_key(b->keyboard, (enum key_code)(r >> 8 & 0xFF), r >> 16 & 1); break;
    case 1:
        mouse_move(b->mouse, (int)(r >> 8 & 0x3FF) - 512, (int)(r >> 20) - 2048, (int)(r >> 4 & 15) - 8);
        break;
    case 2: mouse_buttons(b->mouse, r >> 8); break;
    case 3: uart_receive(b->uart, (uint8_t)(r >> 8)); break;
    case 4: uart_set_modem(b->uart, (uint8_t)(r >> 8)); break;
    case 5: pic_set_irq(b->pic, r >> 8 & 63, r >> 16 & 1); break;
    case 6: pci_set_intx(&b->pm->pci, r >> 8 & 1); break;
    default: dma_set_dreq(b->dma, r >> 8 & 7, r >> 16 & 1); break;
    }
}

static void transfer(struct board *b)
{
    uint8_t bytes[64];
    uint32_t r = random_bits(b);
    memset(bytes, (int)(r & 0xFF), sizeof bytes);
    dma_transfer(b->dma, r >> 8 & 7, r >> 12 & 1 ? DMA_TO_MEMORY : DMA_FROM_MEMORY, bytes, r >> 16 & 63);
}

/* A PCI write aimed at registers that exist, so that ranges get moved about. */
static void configure(struct board *b)
{
    static const uint8_t registers[] = {0x04, 0x40, 0x58, 0x59, 0x5C, 0x60, 0x63, 0x72, 0x80, 0x90, 0xD2};
    uint32_t r = random_bits(b);
    unsigned slot = r & 1, function = slot && (r & 2) ? 3 : 0;
    uint32_t value = r & 4 ? random_bits(b) : (random_bits(b) & 0x7C0) | 1;
    portmap_write(b->ports, 0xCF8, 4,
                  0x80000000u | slot << 11 | function << 8 | registers[(r >> 8) % sizeof registers]);
    portmap_write(b->ports, (uint16_t)(0xCFC + (r >> 28 & 3)), 1u << (r >> 24 & 3) % 3, value);
}

/* Half of all values mean something to one chip or another. */
static uint32_t random_value(struct board *b)
{
    static const uint8_t known[] = {0x11, 0x01, 0x20, 0x0B, 0x34, 0x36, 0xB6, 0x74, 0xC2, 0xE2, 0x00, 0xF4,
                                    0xF3, 0xD4, 0xE8, 0xF0, 0x60, 0x64, 0xAE, 0xA8, 0x47, 0x03, 0x83, 0x0F,
                                    0xC8, 0x64, 0x50, 0x46, 0x56, 0xF1, 0x52, 0x26, 0x0A, 0x0C, 0x68, 0x02};
    uint32_t r = random_bits(b);
    return r & 1 ? known[(r >> 1) % sizeof known] : r;
}

static void one_step(struct board *b)
{
    uint32_t r = random_bits(b);
    unsigned size = 1u << (r >> 8 & 3) % 3;
    switch (r & 15) {
    case 0: outside(b); break;
    case 1: fake_clock_advance(&b->clock, random_bits(b) >> (8 + (r >> 28))); break;
    case 2: fake_clock_jump(&b->clock, random_bits(b) >> 12); break;
    case 3: pic_acknowledge(b->pic); break;
    case 4: transfer(b); break;
    case 5: configure(b); break;
    case 6:
    case 7:
    case 8: portmap_read(b->ports, random_port(b), size); break;
    default: portmap_write(b->ports, random_port(b), r >> 12 & 3 ? 1 : size, random_value(b)); break;
    }
}

static void run(struct board *b, unsigned steps)
{
    while (steps--)
        one_step(b);
}

static void hash(struct board *b, uint8_t digest[SHA256_BYTES])
{
    struct buffer bytes = {0};
    struct sha256 sha;
    state_set_save(&b->state, &bytes);
    sha256_init(&sha);
    sha256_update(&sha, bytes.data, bytes.size);
    memory_hash(&b->memory, &sha);
    sha256_final(&sha, digest);
    buffer_free(&bytes);
}

static bool same_state(struct board *a, struct board *b)
{
    uint8_t first[SHA256_BYTES], second[SHA256_BYTES];
    hash(a, first);
    hash(b, second);
    return !memcmp(first, second, sizeof first);
}

START_TEST(same_noise_same_state)
{
    struct board *a = new_board(12345), *b = new_board(12345);
    run(a, STEPS);
    for (unsigned i = 0; i < STEPS / 100; i++) {
        uint8_t digest[SHA256_BYTES];
        run(b, 100);
        hash(b, digest); /* looking at the state does not change it */
    }
    ck_assert(same_state(a, b));
    run(b, 1);
    ck_assert(!same_state(a, b) || a->seed != b->seed);
    free_board(a);
    free_board(b);
}
END_TEST

/* Loads into `to` what `from` is now; the clock is moved to the same time first. */
static void transplant(struct board *from, struct board *to)
{
    struct buffer state = {0}, memory = {0};
    state_set_save(&from->state, &state);
    memory_save(&from->memory, &memory);
    fake_clock_to(&to->clock, clock_now(&from->clock));
    struct reader reader = {state.data, state.size, 0, false};
    ck_assert(state_set_load(&to->state, &reader, NULL));
    reader = (struct reader){memory.data, memory.size, 0, false};
    ck_assert(memory_load(&to->memory, &reader, NULL));
    to->seed = from->seed;
    buffer_free(&state);
    buffer_free(&memory);
}

START_TEST(saved_machine_goes_on)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct board *a = new_board(seed * 777), *b = new_board(1);
        run(a, 300);
        transplant(a, b);
        ck_assert(same_state(a, b));
        run(a, 500);
        run(b, 500);
        ck_assert(same_state(a, b));
        free_board(a);
        free_board(b);
    }
}
END_TEST

START_TEST(many_seeds)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct board *b = new_board(seed);
        run(b, STEPS / 10);
        free_board(b);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {same_noise_same_state, saved_machine_goes_on, many_seeds};
    return suite_run("chipset_noise", tests, sizeof tests / sizeof tests[0]);
}
