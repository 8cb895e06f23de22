/* SPDX-License-Identifier: MIT */
/* The "pc" board: Intel 440FX with PIIX3 and the power management function of PIIX4, two serial ports, floppy
 * and IDE controllers, and a VGA on PCI.
 *
 *   PCI  00.0 82441FX host bridge   01.0 PIIX3 ISA bridge   01.1 PIIX3 IDE   01.3 PIIX4 power management
 *        02.0 VGA                   03.0 kernel loader (only with --kernel)
 *   IRQ  0 timer  1 keyboard  3 COM2  4 COM1  6 floppy  8 RTC  9 ACPI  12 mouse  13 FPU  14, 15 IDE
 *        10, 11 free for PCI
 *   DMA  2 floppy
 */
#include "devices/pc/board_i440fx.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/x86/cpu.h"
#include "core/x86/model.h"
#include "devices/pc/board_parts.h"
#include "devices/pc/kernel_loader.h"

enum { VRAM_BYTES = 16 << 20, KERNEL_ROM_BYTES = 16 << 10 };
enum { SLOT_HOST = 0, SLOT_PIIX = 1, SLOT_VGA = 2, SLOT_KERNEL = 3, FUNCTION_IDE = 1, FUNCTION_PM = 3 };

enum { PORT_92H = 0x92, PORT_92H_A20 = 0x02 };

enum irq {
    IRQ_TIMER = 0,
    IRQ_KEYBOARD = 1,
    IRQ_COM2 = 3,
    IRQ_COM1 = 4,
    IRQ_FLOPPY = 6,
    IRQ_RTC = 8,
    IRQ_ACPI = 9,
    IRQ_MOUSE = 12,
    IRQ_FPU = 13,
    IRQ_IDE0 = 14,
    IRQ_IDE1 = 15,
};

uint64_t board_memory_bytes(const struct machine_config *config)
{
    const uint64_t vgabios_pages = 2 * config->vgabios.size + MEM_PAGE_SIZE;
    return VRAM_BYTES + vgabios_pages + KERNEL_ROM_BYTES;
}

static struct irq_line isa_irq(struct board *board, enum irq irq)
{
    return pic_line(board->pic, PIC_BANK_ISA, irq);
}

/* --- What chips ask of the board ------------------------------------------------------------------- */

static void cpu_intr(void *self, unsigned input, bool level)
{
    (void)input;
    struct board *board = self;
    if (board->machine->cpu)
        cpu_set_intr(board->machine->cpu, level);
}

static uint8_t acknowledge(void *self)
{
    return pic_acknowledge(((struct board *)self)->pic);
}

static void drive_ferr(struct board *board)
{
    struct irq_line line = isa_irq(board, IRQ_FPU);
    irq_line_set(&line, board->ferr && !board->ignne);
    if (board->machine->cpu)
        cpu_set_ignne(board->machine->cpu, board->ignne);
}

static void ferr(void *self, bool level)
{
    struct board *board = self;
    board->ferr = level;
    if (!level)
        board->ignne = false;
    drive_ferr(board);
}

static void shutdown_cycle(void *self)
{
    struct machine *machine = ((struct board *)self)->machine;
    if (machine->config.no_reboot)
        machine_stop(machine, MACHINE_TRIPLE_FAULT);
    else
        machine_request_reset(machine, PENDING_INIT);
}

/* SplitMix64: entropy that is the same in every run. */
static void entropy(void *self, void *bytes, unsigned size)
{
    struct machine *machine = ((struct board *)self)->machine;
    uint8_t *out = bytes;
    for (unsigned i = 0; i < size; i++) {
        uint64_t z = machine->entropy += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        out[i] = (uint8_t)(z >> 56);
    }
}

static void smiact(void *self, bool level)
{
    struct board *board = self;
    i440fx_set_smm(board->bridge, level);
    if (!level && board->machine->reset) /* an INIT that RSM lets through */
        cpu_stop(board->machine->cpu);
}

static const struct cpu_bus cpu_bus = {acknowledge, ferr, shutdown_cycle, entropy, smiact};

static void reset_requested(void *self, enum reset_kind kind)
{
    machine_request_reset(((struct board *)self)->machine, kind == RESET_HARD ? PENDING_HARD : PENDING_INIT);
}

static void post_code(void *self, uint8_t code)
{
    struct board *board = self;
    board->post_code = code;
    log_write(&board->machine->log, LOG_DEBUG, "POST code %02X", code);
}

static void nmi(void *self, unsigned input, bool level)
{
    (void)input;
    struct board *board = self;
    if (level && board->machine->cpu)
        cpu_pulse_nmi(board->machine->cpu);
}

static void smi(void *self, unsigned input, bool level)
{
    (void)input;
    struct board *board = self;
    if (level && board->machine->cpu)
        cpu_pulse_smi(board->machine->cpu);
}

static void a20(void *self, unsigned input, bool level)
{
    (void)input;
    struct board *board = self;
    if (board->machine->cpu)
        cpu_set_a20(board->machine->cpu, level);
}

/* The RTC's interrupt goes to the interrupt controller and to the power management function. */
static void rtc_irq(void *self, unsigned input, bool level)
{
    (void)input;
    struct board *board = self;
    pic_set_irq(board->pic, PIC_BANK_ISA + IRQ_RTC, level);
    if (board->pm)
        piix4_pm_irq8(board->pm, 0, level);
}

static void apm_command(void *self, uint8_t value)
{
    struct board *board = self;
    if (board->pm)
        piix4_pm_apmc(board->pm, value);
}

static void power_off(void *self)
{
    machine_stop(((struct board *)self)->machine, MACHINE_POWERED_OFF);
}

static void kernel_failed(void *self)
{
    machine_stop(((struct board *)self)->machine, MACHINE_KERNEL_REFUSED);
}

static void debug_exit(void *self, uint32_t value)
{
    struct machine *machine = self;
    machine->exit_value = value;
    machine_stop(machine, MACHINE_DEBUG_EXIT);
}

static void debugcon(void *self, uint8_t byte)
{
    const struct machine_sinks *sinks = &((struct machine *)self)->config.sinks;
    if (sinks->debugcon)
        sinks->debugcon(sinks->opaque, byte);
}

static void send_serial(void *self, uint8_t byte)
{
    const struct com_link *link = self;
    const struct machine_sinks *sinks = &link->board->machine->config.sinks;
    if (sinks->serial)
        sinks->serial(sinks->opaque, link->port, byte);
}

/* --- Port F0h: a write asserts IGNNE# and takes IRQ13 back (PIIX3, "Coprocessor error"). --------------- */

static uint32_t ferr_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return UINT32_MAX;
}

static void ferr_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)offset, (void)size, (void)value;
    struct board *board = self;
    board->ignne = board->ferr;
    drive_ferr(board);
}

static const struct port_ops ferr_ports = {ferr_read, ferr_write, 1, 1};

/* --- Construction ---------------------------------------------------------------------------------- */

static void new_cpu(struct board *board)
{
    struct machine *machine = board->machine;
    machine->cpu = cpu_new(&(struct cpu_config){.model = board->choice.model,
                                                .cpuid_limit = board->choice.cpuid_limit,
                                                .clock = &machine->clock,
                                                .memory = &machine->memory,
                                                .physmap = &machine->physmap,
                                                .portmap = machine->ports,
                                                .log = machine->config.log,
                                                .bus = &cpu_bus,
                                                .bus_self = board});
    machine->physmap.changed = cpu_map_changed;
    machine->physmap.changed_opaque = machine->cpu;
    machine->memory.code_written = cpu_code_written;
    machine->memory.code_opaque = machine->cpu;
}

/* SMI# of the processor, where it has one. */
static struct irq_line smi_line(struct board *board)
{
    return cpu_model_has(board->choice.model, FEATURE_RSM) ? (struct irq_line){smi, board, 0}
                                                           : (struct irq_line){0};
}

static void new_pci(struct board *board, mem_t ram)
{
    struct machine *machine = board->machine;
    struct log *log = machine->config.log;
    board->bridge = i440fx_new(&(struct i440fx_config){
        .log = log, .physmap = &machine->physmap, .ram = ram, .ram_size = board_ram_below(&machine->config)});
    struct piix_config piix = {
        .log = log, .model = PIIX3, .reset = board->reset_sink, .apmc = {apm_command, board}};
    for (unsigned i = 0; i < 16; i++)
        piix.irq[i] = pic_line(board->pic, PIC_BANK_PCI, i);
    board->piix = piix_new(&piix);
    struct pci_config pci = {.log = log, .ports = machine->ports, .physmap = &machine->physmap};
    for (unsigned i = 0; i < 4; i++)
        pci.pirq[i] = piix_pirq_line(board->piix, i);
    board->pci = pci_new(&pci);
    pci_forward_cf8(board->pci, &piix_reset_ports, board->piix);
    pci_attach(board->pci, &board->bridge->pci, SLOT_HOST, 0);
    pci_attach(board->pci, &board->piix->pci, SLOT_PIIX, 0);
    board->pm = piix4_pm_new(&(struct piix4_pm_config){.clock = &machine->clock,
                                                       .log = log,
                                                       .ports = machine->ports,
                                                       .sci = pic_line(board->pic, PIC_BANK_SYSTEM, IRQ_ACPI),
                                                       .smi = smi_line(board),
                                                       .power_off = power_off,
                                                       .self = board});
    pci_attach(board->pci, &board->pm->pci, SLOT_PIIX, FUNCTION_PM);
    board->hotplug = acpi_hotplug_new();
}

static void new_basics(struct board *board)
{
    struct machine *machine = board->machine;
    struct log *log = machine->config.log;
    board->pic = pic_new(&(struct pic_config){.log = log, .intr = {cpu_intr, board, 0}});
    board->pit = pit_new(
        &(struct pit_config){.clock = &machine->clock, .log = log, .out = {isa_irq(board, IRQ_TIMER)}});
    board->dma =
        dma_new(&(struct dma_config){.log = log, .physmap = &machine->physmap, .post = {post_code, board}});
    board->port_61h = port_61h_new(
        &(struct port_61h_config){.clock = &machine->clock, .pit = board->pit, .nmi = {nmi, board, 0}});
    board->rtc = board_new_rtc(machine, (struct irq_line){rtc_irq, board, 0},
                               port_61h_line(board->port_61h, PORT_61H_NMI_MASK));
    board->debug_exit = (struct debug_exit){debug_exit, machine};
    board->debugcon = (struct char_sink){debugcon, machine};
}

/* Keyboard controller and port 92h: A20 passes where either lets it. */
static void new_keyboard(struct board *board)
{
    struct clock *clock = &board->machine->clock;
    struct log *log = board->machine->config.log;
    board->port_92h =
        port_92h_new(&(struct port_92h_config){.a20 = {a20, board, 0}, .reset = board->reset_sink});
    board->kbc = kbc_new(&(struct kbc_config){.clock = clock,
                                              .log = log,
                                              .keyboard_irq = isa_irq(board, IRQ_KEYBOARD),
                                              .aux_irq = isa_irq(board, IRQ_MOUSE),
                                              .a20 = port_92h_a20_line(board->port_92h),
                                              .reset = board->reset_sink});
    board->keyboard = keyboard_new(&(struct keyboard_config){
        .clock = clock, .log = log, .ready = kbc_ready_line(board->kbc, KBC_KEYBOARD)});
    struct ps2_device keyboard = keyboard_device(board->keyboard);
    kbc_attach(board->kbc, KBC_KEYBOARD, &keyboard);
    board->mouse = mouse_new(
        &(struct mouse_config){.clock = clock, .log = log, .ready = kbc_ready_line(board->kbc, KBC_AUX)});
    struct ps2_device mouse = mouse_device(board->mouse);
    kbc_attach(board->kbc, KBC_AUX, &mouse);
}

/* The lines run faster than programmed: a guest that prints at 9600 baud would spend its time waiting. */
enum { SERIAL_SPEEDUP = 16 };

static void new_serial(struct board *board)
{
    static const char *const names[MACHINE_SERIAL_PORTS] = {"com1", "com2"};
    static const enum irq irqs[MACHINE_SERIAL_PORTS] = {IRQ_COM1, IRQ_COM2};
    for (unsigned i = 0; i < MACHINE_SERIAL_PORTS; i++) {
        board->com[i] = (struct com_link){board, i};
        board->uart[i] = uart_new(&(struct uart_config){.clock = &board->machine->clock,
                                                        .log = board->machine->config.log,
                                                        .name = names[i],
                                                        .irq = isa_irq(board, irqs[i]),
                                                        .speedup = SERIAL_SPEEDUP,
                                                        .out = {send_serial, &board->com[i]}});
    }
}

static bool new_video(struct board *board, struct error *err)
{
    struct machine *machine = board->machine;
    uint32_t rom_size;
    mem_t rom = board_map_vgabios(machine, &rom_size);
    board->vga = vga_new(&(struct vga_config){.clock = &machine->clock,
                                              .memory = &machine->memory,
                                              .physmap = &machine->physmap,
                                              .window_priority = I440FX_PRIORITY_ROM,
                                              .vram_size = VRAM_BYTES,
                                              .log = machine->config.log},
                         err);
    if (!board->vga)
        return false;
    struct pci_bar bar = {.kind = PCI_BAR_MEMORY,
                          .size = rom_size,
                          .name = "VGA expansion ROM",
                          .region = {.name = "VGA expansion ROM",
                                     .kind = PHYSMAP_ROM,
                                     .priority = I440FX_PRIORITY_PCI,
                                     .reads = true,
                                     .writes = true,
                                     .offset = rom}};
    board->vga_pci = vga_pci_new(&(struct vga_pci_config){
        .vga = board->vga, .bus = board->pci, .slot = SLOT_VGA, .priority = I440FX_PRIORITY_PCI, .rom = bar});
    return true;
}

static void new_kernel_loader(struct board *board)
{
    struct machine *machine = board->machine;
    const struct machine_config *config = &machine->config;
    if (!config->kernel)
        return;
    ASSERT(config->kernel_rom.size <= KERNEL_ROM_BYTES);
    mem_t rom = board_take_rom(machine, &config->kernel_rom, KERNEL_ROM_BYTES);
    board->kernel = kernel_loader_new(&(struct kernel_loader_config){.log = config->log,
                                                                     .physmap = &machine->physmap,
                                                                     .image = config->kernel,
                                                                     .rom = rom,
                                                                     .rom_size = KERNEL_ROM_BYTES,
                                                                     .failed = kernel_failed,
                                                                     .self = board});
    pci_attach(board->pci, &board->kernel->pci, SLOT_KERNEL, 0);
}

static bool new_drives(struct board *board, struct error *err)
{
    struct machine *machine = board->machine;
    board->ide =
        piix_ide_new(&(struct piix_ide_config){.log = machine->config.log,
                                               .physmap = &machine->physmap,
                                               .irq = {isa_irq(board, IRQ_IDE0), isa_irq(board, IRQ_IDE1)}});
    pci_attach(board->pci, piix_ide_function(board->ide), SLOT_PIIX, FUNCTION_IDE);
    if (!board_new_drives(board, isa_irq(board, IRQ_FLOPPY), err))
        return false;
    board_fill_cmos(board->rtc, &machine->config, board->floppy_type, board->disk);
    return true;
}

struct port_claim {
    const char *name;
    uint32_t base, count;
    const struct port_ops *ops;
    void *self;
};

static bool claim_ports(struct board *board, struct error *err)
{
    const struct machine_config *config = &board->machine->config;
    const struct port_claim claims[] = {
        {"DMA 1", 0x00, 16, &dma_low_ports, board->dma},
        {"interrupt controller 1", 0x20, 2, &pic_master_ports, board->pic},
        {"keyboard data", 0x60, 1, &kbc_data_ports, board->kbc},
        {"system control B", 0x61, 1, &port_61h_ports, board->port_61h},
        {"keyboard command", 0x64, 1, &kbc_command_ports, board->kbc},
        {"system control A", PORT_92H, 1, &port_92h_ports, board->port_92h},
        {"timer", 0x40, 4, &pit_ports, board->pit},
        {"RTC", 0x70, 2, &rtc_ports, board->rtc},
        {"DMA pages", 0x80, 16, &dma_page_ports, board->dma},
        {"interrupt controller 2", 0xA0, 2, &pic_slave_ports, board->pic},
        {"APM", 0xB2, 2, &piix_apm_ports, board->piix},
        {"DMA 2", 0xC0, 32, &dma_high_ports, board->dma},
        {"coprocessor error", 0xF0, 1, &ferr_ports, board},
        {"IDE 2", 0x170, 8, &piix_ide_command_ports, piix_ide_port(board->ide, 1)},
        {"VBE", 0x1CE, 4, &vga_ports_dispi, board->vga},
        {"IDE 1", 0x1F0, 8, &piix_ide_command_ports, piix_ide_port(board->ide, 0)},
        {"COM2", 0x2F8, 8, &uart_ports, board->uart[1]},
        {"IDE 2 control", 0x376, 1, &piix_ide_control_ports, piix_ide_port(board->ide, 1)},
        {"VGA mono", 0x3B0, 12, &vga_ports_mono, board->vga},
        {"VGA", 0x3C0, 16, &vga_ports_3c0, board->vga},
        {"VGA colour", 0x3D0, 16, &vga_ports_colour, board->vga},
        {"floppy", 0x3F0, 6, &fdc_ports, board->fdc},
        {"IDE 1 control", 0x3F6, 1, &piix_ide_control_ports, piix_ide_port(board->ide, 0)},
        {"floppy DIR", 0x3F7, 1, &fdc_dir_ports, board->fdc},
        {"COM1", 0x3F8, 8, &uart_ports, board->uart[0]},
        {"interrupt edge/level", 0x4D0, 2, &pic_elcr_ports, board->pic},
        {"PCI configuration", 0xCF8, 8, &pci_config_ports, board->pci},
        {"PCI hot-plug", 0xAE00, ACPI_PCI_HOTPLUG_PORTS, &acpi_pci_hotplug_ports, board->hotplug},
        {"CPU hot-plug", 0xAF00, ACPI_CPU_HOTPLUG_PORTS, &acpi_cpu_hotplug_ports, board->hotplug},
        {"ACPI events", 0xAFE0, ACPI_GPE_PORTS, &acpi_gpe_ports, board->hotplug},
        {"debug console", 0xE9, config->debugcon, &debugcon_ports, &board->debugcon},
        {"SeaBIOS console", 0x402, config->debugcon, &debugcon_ports, &board->debugcon},
        {"debug exit", 0xF4, config->debug_exit ? 4 : 0, &debug_exit_ports, &board->debug_exit},
        {"kernel loader", 0x4C0, board->kernel ? KERNEL_LOADER_PORTS : 0, &kernel_loader_ports,
         board->kernel},
    };
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        const struct port_claim *c = &claims[i];
        if (c->count && !portmap_add(board->machine->ports, c->name, c->base, c->count, c->ops, c->self, err))
            return false;
    }
    return true;
}

static const struct state_field board_fields[] = {STATE_SCALAR(struct board, ferr),
                                                  STATE_SCALAR(struct board, ignne),
                                                  STATE_SCALAR(struct board, post_code), STATE_END};
static const struct state_desc board_desc = {.name = "board_i440fx", .version = 1, .fields = board_fields};

static void register_states(struct board *board)
{
    struct state_set *set = &board->machine->states;
    cpu_register_state(board->machine->cpu, set);
    state_set_add(set, "board", &board_desc, board);
    state_set_add(set, "pic", &pic_state, board->pic);
    state_set_add(set, "pit", &pit_state, board->pit);
    state_set_add(set, "dma", &dma_state, board->dma);
    state_set_add(set, "rtc", &rtc_state, board->rtc);
    state_set_add(set, "port_61h", &port_61h_state, board->port_61h);
    state_set_add(set, "port_92h", &port_92h_state, board->port_92h);
    state_set_add(set, "kbc", &kbc_state, board->kbc);
    state_set_add(set, "keyboard", &keyboard_state, board->keyboard);
    state_set_add(set, "mouse", &mouse_state, board->mouse);
    state_set_add(set, "pci", &pci_bus_state, board->pci);
    state_set_add(set, "i440fx", &i440fx_state, board->bridge);
    state_set_add(set, "piix", &piix_state, board->piix);
    state_set_add(set, "pm", &piix4_pm_state, board->pm);
    state_set_add(set, "hotplug", &acpi_hotplug_state, board->hotplug);
    state_set_add(set, "ide", &piix_ide_state, board->ide);
    board_register_drives(board, set);
    state_set_add(set, "com1", &uart_state, board->uart[0]);
    state_set_add(set, "com2", &uart_state, board->uart[1]);
    state_set_add(set, "vga", &vga_desc, board->vga);
    state_set_add(set, "vga_pci", &vga_pci_desc, board->vga_pci);
    if (board->kernel)
        state_set_add(set, "kernel_loader", &kernel_loader_state, board->kernel);
}

static bool build(struct board *board, struct error *err)
{
    struct machine *machine = board->machine;
    board->reset_sink = (struct reset_sink){reset_requested, board};
    if (!cpu_choice_parse(machine->config.cpu_model, &board->choice, err))
        return error_prefix(err, "--cpu: ");
    mem_t ram = board_map_ram(machine);
    board_map_bios(machine, board->choice.model);
    new_basics(board);
    new_keyboard(board);
    new_pci(board, ram);
    new_serial(board);
    bool drives = new_drives(board, err);
    if (!drives || !new_video(board, err))
        return false;
    new_kernel_loader(board);
    new_cpu(board);
    if (!claim_ports(board, err))
        return false;
    register_states(board);
    board_reset(board);
    return true;
}

struct board *board_new(struct machine *machine, struct error *err)
{
    struct board *board = alloc_zeroed(sizeof *board);
    board->machine = machine;
    if (build(board, err))
        return board;
    board_free(board);
    return NULL;
}

void board_free(struct board *board)
{
    cpu_free(board->machine->cpu);
    board->machine->cpu = NULL;
    board->machine->physmap.changed = NULL;
    board->machine->memory.code_written = NULL;
    kernel_loader_free(board->kernel);
    vga_pci_free(board->vga_pci);
    vga_free(board->vga);
    board_free_drives(board);
    piix_ide_free(board->ide);
    uart_free(board->uart[0]);
    uart_free(board->uart[1]);
    acpi_hotplug_free(board->hotplug);
    piix4_pm_free(board->pm);
    piix_free(board->piix);
    i440fx_free(board->bridge);
    pci_free(board->pci);
    mouse_free(board->mouse);
    keyboard_free(board->keyboard);
    kbc_free(board->kbc);
    port_92h_free(board->port_92h);
    rtc_free(board->rtc);
    port_61h_free(board->port_61h);
    dma_free(board->dma);
    pit_free(board->pit);
    pic_free(board->pic);
    alloc_free(board);
}

void board_reset(struct board *board)
{
    board->ferr = board->ignne = false;
    pci_reset(board->pci);
    i440fx_reset(board->bridge);
    piix_reset(board->piix);
    piix4_pm_reset(board->pm);
    acpi_hotplug_reset(board->hotplug);
    piix_ide_reset(board->ide);
    vga_pci_reset(board->vga_pci);
    pic_reset(board->pic);
    pit_reset(board->pit);
    dma_reset(board->dma);
    rtc_reset(board->rtc);
    port_61h_reset(board->port_61h);
    keyboard_reset(board->keyboard);
    mouse_reset(board->mouse);
    kbc_reset(board->kbc);
    port_92h_reset(board->port_92h);
    fdc_reset(board->fdc);
    uart_reset(board->uart[0]);
    uart_reset(board->uart[1]);
    if (board->kernel)
        kernel_loader_reset(board->kernel);
    cpu_reset(board->machine->cpu, false);
}

/* A20 opens with INIT#, because the reset vector is above 1 MiB. */
void board_reset_cpu(struct board *board)
{
    struct portmap *ports = board->machine->ports;
    portmap_write(ports, PORT_92H, 1, portmap_read(ports, PORT_92H, 1) | PORT_92H_A20);
    cpu_reset(board->machine->cpu, true);
}

void board_apply(struct board *board, const struct input *input)
{
    switch (input->kind) {
    case INPUT_KEY:
        keyboard_key(board->keyboard, (enum key_code)input->u.key.usage, input->u.key.down);
        break;
    case INPUT_MOUSE:
        mouse_buttons(board->mouse, input->u.mouse.buttons);
        mouse_move(board->mouse, input->u.mouse.dx, -input->u.mouse.dy, input->u.mouse.dz);
        break;
    case INPUT_POWER_BUTTON:
        if (!piix4_pm_power_button(board->pm))
            power_off(board);
        break;
    case INPUT_SERIAL: uart_receive(board->uart[input->u.serial.port], input->u.serial.byte); break;
    case INPUT_INSERT: board_insert(board, input->u.media.drive, input->u.media.media); break;
    case INPUT_EJECT: board_eject(board, input->u.media.drive); break;
    default: break;
    }
}

size_t board_serial_room(const struct board *board, unsigned port)
{
    return uart_receive_room(board->uart[port]);
}

bool board_keyboard_is_drained(const struct board *board)
{
    return board->keyboard->count == 0;
}

struct vga *board_video(struct board *board)
{
    return board->vga;
}
