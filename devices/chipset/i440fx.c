/* SPDX-License-Identifier: MIT */
/* 82441FX PCI and memory controller (PMC). Intel data sheet 290549, "Register Description".
 *
 * PAM registers, one nibble a segment (bit 0 RE: reads from RAM, bit 1 WE: writes to RAM; 2 CE is kept):
 *
 *   59h 7-4  F0000-FFFFF   64 KiB
 *   5Ah      C0000-C3FFF, C4000-C7FFF     5Bh  C8000, CC000     5Ch  D0000, D4000
 *   5Dh      D8000, DC000                 5Eh  E0000, E4000     5Fh  E8000, EC000     16 KiB each
 *
 * SMRAM, RAM behind the VGA window, answers while the processor drives SMIACT#, or always with D_OPEN; D_CLS
 * closes it for data, but not for code. There is no SMRAM elsewhere (the extended and top-of-memory segments
 * came with later bridges).
 *
 * Deviations: bus masters see SMRAM as the processor does; timing, ECC and error registers are stored only.
 */
#include "devices/chipset/i440fx.h"

#include "core/base/alloc.h"

enum i440fx_register {
    PMCCFG = 0x50,
    DETURBO = 0x52,
    DBC = 0x53,
    AXC = 0x54,
    DRT = 0x55,
    DRAMC = 0x57,
    DRAMT = 0x58,
    PAM0 = 0x59,
    PAM6 = 0x5F,
    DRB0 = 0x60,
    FDHC = 0x68,
    MTT = 0x70,
    CLT = 0x71,
    SMRAM = 0x72,
    ERRCMD = 0x90,
    ERRSTS = 0x91,
    TRC = 0x93,
};
enum { PAM_RE = 1 << 0, PAM_WE = 1 << 1 };
enum { SMRAM_D_OPEN = 1 << 6, SMRAM_D_CLS = 1 << 5, SMRAM_D_LCK = 1 << 4, SMRAM_G_SMRAME = 1 << 3 };
enum { SMRAM_BASE = 0xA0000, SMRAM_SIZE = 0x20000, SMRAM_WRITABLE = 0x78, SMRAM_RESET = 0x02 };
enum { DRB_ROWS = 8, DRB_UNIT_SHIFT = 23, DRB_MAX = 0x80 }; /* 8 MiB units; 1 GiB in all */

/* Segment i: 0 is F0000h, then C0000h upwards in 16 KiB steps. */
static gpa_t segment_base(unsigned i)
{
    return i == 0 ? 0xF0000 : 0xC0000 + (gpa_t)(i - 1) * 0x4000;
}

static uint64_t segment_size(unsigned i)
{
    return i == 0 ? 0x10000 : 0x4000;
}

/* Segment 0 is the high nibble of PAM0; its low nibble is reserved. */
static unsigned segment_attributes(const struct i440fx *bridge, unsigned i)
{
    unsigned nibble = i + 1;
    return bridge->pci.config[PAM0 + nibble / 2] >> (nibble % 2 * 4) & 0x0F;
}

static void update_pam(struct i440fx *bridge)
{
    for (unsigned i = 0; i < I440FX_PAM_SEGMENTS; i++) {
        unsigned attributes = segment_attributes(bridge, i);
        physmap_enable(bridge->cfg.physmap, bridge->shadow[i], attributes & PAM_RE, attributes & PAM_WE);
    }
}

static void update_smram(struct i440fx *bridge)
{
    uint8_t smram = bridge->pci.config[SMRAM];
    bool decoded = (smram & SMRAM_G_SMRAME) && ((smram & SMRAM_D_OPEN) || bridge->in_smm);
    bool data = decoded && !(smram & SMRAM_D_CLS);
    physmap_enable(bridge->cfg.physmap, bridge->smram, data, data);
    physmap_set_fetch_window(bridge->cfg.physmap, decoded && !data ? bridge->smram : NULL);
}

/* D_LCK closes D_OPEN and freezes everything but D_CLS until reset. */
static void smram_written(struct i440fx *bridge)
{
    uint8_t *smram = &bridge->pci.config[SMRAM];
    if (*smram & SMRAM_D_LCK) {
        *smram = (uint8_t)(*smram & ~SMRAM_D_OPEN);
        pci_writable8(&bridge->pci, SMRAM, SMRAM_D_CLS);
    }
    update_smram(bridge);
}

static void config_written(void *self, uint32_t offset, unsigned size)
{
    struct i440fx *bridge = self;
    if (offset <= PAM6 && offset + size > PAM0)
        update_pam(bridge);
    if (offset <= SMRAM && offset + size > SMRAM)
        smram_written(bridge);
}

void i440fx_set_smm(struct i440fx *bridge, bool in_smm)
{
    bridge->in_smm = in_smm;
    update_smram(bridge);
}

/* Each row boundary is the end of memory up to that row; here row 0 takes all that fits. */
static void init_row_boundaries(struct i440fx *bridge)
{
    uint64_t units = bridge->cfg.ram_size >> DRB_UNIT_SHIFT;
    for (unsigned row = 0; row < DRB_ROWS; row++) {
        bridge->pci.config[DRB0 + row] = (uint8_t)(units > DRB_MAX ? DRB_MAX : units);
        pci_writable8(&bridge->pci, DRB0 + row, 0xFF);
    }
}

static void init_registers(struct i440fx *bridge)
{
    static const struct {
        uint8_t offset, reset, writable;
    } bytes[] = {
        {PCI_MLT, 0x00, 0xF8}, {PMCCFG, 0x00, 0x70},  {PMCCFG + 1, 0x00, 0xFE},
        {DETURBO, 0x00, 0xFF}, {DBC, 0x80, 0xFF},     {AXC, 0x00, 0x0F},
        {DRT, 0x00, 0xFF},     {DRT + 1, 0x00, 0xFF}, {DRAMC, 0x01, 0xFF},
        {DRAMT, 0x10, 0xFF},   {PAM0, 0x00, 0xF0},    {0x5A, 0x00, 0xFF},
        {0x5B, 0x00, 0xFF},    {0x5C, 0x00, 0xFF},    {0x5D, 0x00, 0xFF},
        {0x5E, 0x00, 0xFF},    {PAM6, 0x00, 0xFF},    {FDHC, 0x00, 0xF8},
        {MTT, 0x00, 0xF8},     {CLT, 0x10, 0xFF},     {SMRAM, SMRAM_RESET, SMRAM_WRITABLE},
        {ERRCMD, 0x00, 0xFF},  {TRC, 0x00, 0x0F},
    };
    for (unsigned i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        bridge->pci.config[bytes[i].offset] = bytes[i].reset;
        pci_writable8(&bridge->pci, bytes[i].offset, bytes[i].writable);
    }
    bridge->pci.clearable[ERRSTS] = 0xFF;
    init_row_boundaries(bridge);
}

static void add_regions(struct i440fx *bridge)
{
    for (unsigned i = 0; i < I440FX_PAM_SEGMENTS; i++) {
        struct physmap_region region = {.name = "shadow RAM",
                                        .kind = PHYSMAP_MEMORY,
                                        .priority = I440FX_PRIORITY_SHADOW,
                                        .base = segment_base(i),
                                        .size = segment_size(i),
                                        .offset = bridge->cfg.ram + segment_base(i)};
        bridge->shadow[i] = physmap_add(bridge->cfg.physmap, &region);
    }
    struct physmap_region smram = {.name = "SMRAM",
                                   .kind = PHYSMAP_MEMORY,
                                   .priority = I440FX_PRIORITY_SMRAM,
                                   .base = SMRAM_BASE,
                                   .size = SMRAM_SIZE,
                                   .offset = bridge->cfg.ram + SMRAM_BASE};
    bridge->smram = physmap_add(bridge->cfg.physmap, &smram);
}

void i440fx_reset(struct i440fx *bridge)
{
    pci_function_reset(&bridge->pci);
    pci_writable8(&bridge->pci, SMRAM, SMRAM_WRITABLE);
    bridge->in_smm = false;
    update_pam(bridge);
    update_smram(bridge);
}

static bool after_load(void *self, struct error *err)
{
    struct i440fx *bridge = self;
    (void)err;
    bool locked = bridge->pci.config[SMRAM] & SMRAM_D_LCK;
    pci_writable8(&bridge->pci, SMRAM, locked ? SMRAM_D_CLS : SMRAM_WRITABLE);
    pci_function_loaded(&bridge->pci);
    update_pam(bridge);
    update_smram(bridge);
    return true;
}

static const struct state_field i440fx_fields[] = {STATE_STRUCT(struct i440fx, pci, pci_function_fields),
                                                   STATE_SCALAR(struct i440fx, in_smm), STATE_END};
const struct state_desc i440fx_state = {
    .name = "i440fx", .version = 1, .fields = i440fx_fields, .after_load = after_load};

struct i440fx *i440fx_new(const struct i440fx_config *cfg)
{
    struct i440fx *bridge = alloc_zeroed(sizeof *bridge);
    bridge->cfg = *cfg;
    log_attach(cfg->log, &bridge->log, "i440fx");
    pci_function_init(&bridge->pci, &(struct pci_function_config){
                                        .name = "i440fx",
                                        .vendor = 0x8086,
                                        .device = 0x1237,
                                        .class_code = 0x060000,
                                        .revision = 0x02,
                                        .command = PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY,
                                        .command_mask = PCI_COMMAND_PARITY | PCI_COMMAND_SERR,
                                        .status = 0x0280,
                                        .status_clear = 0xF900,
                                        .subsystem_vendor = cfg->subsystem_vendor,
                                        .subsystem = cfg->subsystem,
                                        .self = bridge,
                                        .config_written = config_written,
                                    });
    init_registers(bridge);
    add_regions(bridge);
    return bridge;
}

void i440fx_free(struct i440fx *bridge)
{
    if (!bridge)
        return;
    pci_detach(&bridge->pci);
    for (unsigned i = 0; i < I440FX_PAM_SEGMENTS; i++)
        physmap_remove(bridge->cfg.physmap, bridge->shadow[i]);
    physmap_remove(bridge->cfg.physmap, bridge->smram);
    log_detach(&bridge->log);
    alloc_free(bridge);
}
