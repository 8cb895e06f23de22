/* SPDX-License-Identifier: MIT */
/* PIIX3 and PIIX4, function 0. Intel 290550 (82371FB/SB) and 290562 (82371AB), "PCI to ISA/EIO Bridge
 * Registers".
 *
 * Deviations: chip selects, ISA recovery times, motherboard steering and the SMI sources of the PIIX3 are
 * stored only; APMC writes reach the power management function of the PIIX4, which raises SMI#.
 */
#include "devices/chipset/piix.h"

#include "core/base/alloc.h"

enum piix_register {
    IORT = 0x4C,
    XBCS = 0x4E,
    PIRQRCA = 0x60,
    PIRQRCD = 0x63,
    SERIRQC = 0x64,
    TOM = 0x69,
    MSTAT = 0x6A,
    MBIRQ0 = 0x70,
    MBIRQ1 = 0x71,
    MBDMA0 = 0x76,
    MBDMA1 = 0x77,
    PCSC = 0x78,
    APICBASE = 0x80,
    DLC = 0x82,
    PDMACFG = 0x90,
    SMICNTL = 0xA0,
    SMIEN = 0xA2,
    SEE = 0xA4,
    FTMR = 0xA8,
    SMIREQ = 0xAA,
    CTLTMR = 0xAC,
    CTHTMR = 0xAE,
    GENCFG = 0xB0,
    RTCCFG = 0xCB,
};
enum { PIRQRC_DISABLE = 0x80, PIRQRC_IRQ = 0x0F, PIRQRC_VALID = 0xDEF8 }; /* IRQ3-7, 9-12, 14, 15 */
enum { RC_OFFSET = 1, RC_RCPU = 1 << 2, RC_SRST = 1 << 1, RC_MASK = 0x06 };
enum { APMC = 0, APMS = 1 };

/* --- PIRQ routing --- */

static uint16_t routed_irqs(const struct piix *piix)
{
    uint16_t irqs = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t route = piix->pci.config[PIRQRCA + i];
        if (piix->pirq[i] && !(route & PIRQRC_DISABLE))
            irqs |= (uint16_t)(1u << (route & PIRQRC_IRQ));
    }
    return irqs & PIRQRC_VALID;
}

static void update_irqs(struct piix *piix)
{
    uint16_t irqs = routed_irqs(piix), changed = irqs ^ piix->routed;
    piix->routed = irqs;
    for (unsigned irq = 0; irq < 16; irq++) {
        if (changed & 1u << irq)
            irq_line_set(&piix->cfg.irq[irq], irqs & 1u << irq);
    }
}

void piix_set_pirq(void *self, unsigned input, bool level)
{
    struct piix *piix = self;
    piix->pirq[input & 3] = level;
    update_irqs(piix);
}

struct irq_line piix_pirq_line(struct piix *piix, unsigned pirq)
{
    return (struct irq_line){piix_set_pirq, piix, pirq};
}

static void config_written(void *self, uint32_t offset, unsigned size)
{
    struct piix *piix = self;
    if (offset <= PIRQRCD && offset + size > PIRQRCA)
        update_irqs(piix);
}

/* --- reset control, CF9h --- */

static uint32_t reset_read(void *self, uint32_t offset, unsigned size)
{
    const struct piix *piix = self;
    (void)size;
    return offset == RC_OFFSET ? piix->reset_control : 0xFF;
}

/* RCPU going from 0 to 1 resets; SRST says how much. */
static void reset_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix *piix = self;
    (void)size;
    if (offset != RC_OFFSET)
        return;
    bool fires = (value & RC_RCPU) && !(piix->reset_control & RC_RCPU);
    piix->reset_control = value & RC_MASK;
    if (!fires)
        return;
    bool hard = value & RC_SRST;
    log_write(&piix->log, LOG_INFO, "%s reset by port CF9h", hard ? "hard" : "soft");
    reset_request(&piix->cfg.reset, hard ? RESET_HARD : RESET_INIT);
}

const struct port_ops piix_reset_ports = {reset_read, reset_write, 1, 1};

/* --- APM ports, B2h and B3h --- */

static uint32_t apm_read(void *self, uint32_t offset, unsigned size)
{
    const struct piix *piix = self;
    (void)size;
    return offset == APMC ? piix->apmc : piix->apms;
}

static void apm_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix *piix = self;
    (void)size;
    if (offset == APMS) {
        piix->apms = (uint8_t)value;
        return;
    }
    piix->apmc = (uint8_t)value;
    char_sink_write(&piix->cfg.apmc, piix->apmc);
}

const struct port_ops piix_apm_ports = {apm_read, apm_write, 1, 1};

/* --- reset, state, construction --- */

struct register_default {
    uint8_t offset, reset, writable;
};

static void set_defaults(struct piix *piix, const struct register_default *defaults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        piix->pci.config[defaults[i].offset] = defaults[i].reset;
        pci_writable8(&piix->pci, defaults[i].offset, defaults[i].writable);
    }
}

static void init_registers(struct piix *piix)
{
    static const struct register_default common[] = {
        {IORT, 0x4D, 0xFF},  {XBCS, 0x03, 0xFF},   {XBCS + 1, 0x00, 0x07}, {PIRQRCA, 0x80, 0x8F},
        {0x61, 0x80, 0x8F},  {0x62, 0x80, 0x8F},   {PIRQRCD, 0x80, 0x8F},  {TOM, 0x02, 0xFA},
        {MSTAT, 0x00, 0x80}, {MBDMA0, 0x04, 0x8F}, {MBDMA1, 0x04, 0x8F},   {APICBASE, 0x00, 0x7F},
        {DLC, 0x00, 0x0F},
    };
    static const struct register_default piix3[] = {
        {MBIRQ0, 0x80, 0xEF},  {MBIRQ1, 0x80, 0x8F},  {PCSC, 0x02, 0xFF},      {PCSC + 1, 0x00, 0xFF},
        {SMICNTL, 0x08, 0x1F}, {SMIEN, 0x00, 0xFF},   {SMIEN + 1, 0x00, 0x01}, {SEE, 0x00, 0xFF},
        {SEE + 1, 0x00, 0xFF}, {SEE + 3, 0x00, 0xE0}, {FTMR, 0x0F, 0xFF},      {SMIREQ, 0x00, 0xFF},
        {CTLTMR, 0x00, 0xFF},  {CTHTMR, 0x00, 0xFF},
    };
    static const struct register_default piix4[] = {
        {SERIRQC, 0x10, 0xFF},    {PDMACFG, 0x00, 0xFC},    {PDMACFG + 1, 0x00, 0xFC}, {GENCFG, 0x00, 0xFF},
        {GENCFG + 1, 0x00, 0xFF}, {GENCFG + 2, 0x00, 0xFF}, {GENCFG + 3, 0x00, 0xFF},  {RTCCFG, 0x21, 0x3F},
    };
    set_defaults(piix, common, sizeof common / sizeof common[0]);
    if (piix->cfg.model == PIIX3)
        set_defaults(piix, piix3, sizeof piix3 / sizeof piix3[0]);
    else
        set_defaults(piix, piix4, sizeof piix4 / sizeof piix4[0]);
}

void piix_reset(struct piix *piix)
{
    pci_function_reset(&piix->pci);
    piix->reset_control = 0;
    piix->apmc = piix->apms = 0;
    update_irqs(piix);
}

static const struct state_field piix_fields[] = {STATE_STRUCT(struct piix, pci, pci_function_fields),
                                                 STATE_ARRAY(struct piix, pirq),
                                                 STATE_SCALAR(struct piix, routed),
                                                 STATE_SCALAR(struct piix, reset_control),
                                                 STATE_SCALAR(struct piix, apmc),
                                                 STATE_SCALAR(struct piix, apms),
                                                 STATE_END};

static bool after_load(void *self, struct error *err)
{
    struct piix *piix = self;
    (void)err;
    pci_function_loaded(&piix->pci);
    return true;
}

const struct state_desc piix_state = {
    .name = "piix", .version = 1, .fields = piix_fields, .after_load = after_load};

struct piix *piix_new(const struct piix_config *cfg)
{
    struct piix *piix = alloc_zeroed(sizeof *piix);
    piix->cfg = *cfg;
    log_attach(cfg->log, &piix->log, "piix");
    pci_function_init(&piix->pci, &(struct pci_function_config){
                                      .name = "piix",
                                      .vendor = 0x8086,
                                      .device = cfg->model == PIIX3 ? 0x7000 : 0x7110,
                                      .class_code = 0x060100,
                                      .revision = cfg->model == PIIX3 ? 0x00 : 0x02,
                                      .command = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
                                      .command_mask = 1 << 3 | PCI_COMMAND_SERR, /* special cycles */
                                      .status = cfg->model == PIIX3 ? 0x0200 : 0x0280,
                                      .status_clear = 0x7800,
                                      .subsystem_vendor = cfg->subsystem_vendor,
                                      .subsystem = cfg->subsystem,
                                      .self = piix,
                                      .config_written = config_written,
                                  });
    init_registers(piix);
    return piix;
}

void piix_free(struct piix *piix)
{
    if (!piix)
        return;
    pci_detach(&piix->pci);
    log_detach(&piix->log);
    alloc_free(piix);
}
