/* SPDX-License-Identifier: MIT */
/* PIIX4 power management function. Intel 290562 (82371AB), "Power Management PCI Configuration Registers",
 * "Power Management IO Space Registers", "SMBus IO Space Registers"; ACPI 1.0b, section 4.7.
 *
 * SUS_TYP, as ACPI tables for this chip must announce it in \_Sx: 0 soft off (S5), 1 suspend to RAM (S3),
 * 2 to 4 powered-on suspend (S1), 5 working.
 *
 * SMI#: a write to the APM control port with DEVACTB.APMC_EN sets APM_STS, and with GLBCTL.SMI_EN pulses
 * SMI#.
 *
 * Deviations: on a real machine an SMI handler of the BIOS turns ACPI on and off when the FADT's values are
 * written to the APM control port; here the chip itself does so: F1h sets SCI_EN, F0h clears it, whether or
 * not an SMI follows. EOS holds no further SMI# back: the processor latches one while it serves another.
 * On boards whose processor has no SMI#, DEVACTB.APMC_EN is set from the start, by which firmware sees that
 * somebody handles APM commands already and sets up no SMM code. The suspend states other than soft off wake
 * at once. Device monitors, clock throttling and the other SMI sources are stored only. The SMBus is empty.
 */
#include "devices/chipset/piix4_pm.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/bytes.h"

enum pm_config_register {
    PMBA = 0x40,
    CNTA = 0x44,
    DEVACTB = 0x58,
    PMREGMISC = 0x80,
    SMBBA = 0x90,
    SMBHSTCFG = 0xD2,
    SMBSLVC = 0xD3,
    SMBREV = 0xD6,
};
enum {
    PMREGMISC_PMIOSE = 1 << 0,
    SMBHSTCFG_HST_EN = 1 << 0,
    SMBHSTCFG_INTRSEL = 7 << 1,
    INTRSEL_IRQ9 = 4 << 1
};
enum { PM_PORTS = 64, SMB_PORTS = 16, BASE_IO_SPACE = 1 };
#define PMBA_MASK       0x0000FFC0u
#define SMBBA_MASK      0x0000FFF0u
#define DEVACTB_APMC_EN (1u << 25)

enum pm_register {
    PMSTS = 0x00,
    PMEN = 0x02,
    PMCNTRL = 0x04,
    PMTMR = 0x08,
    GPSTS = 0x0C,
    GPEN = 0x0E,
    PCNTRL = 0x10,
    PLVL2 = 0x14,
    GLBSTS = 0x18,
    DEVSTS = 0x1C,
    GLBEN = 0x20,
    GLBCTL = 0x28,
    DEVCTL = 0x2C,
    GPIREG = 0x30,
    GPOREG = 0x34,
};
enum {
    PM_TMROF = 1 << 0,
    PMSTS_BM = 1 << 4,
    PM_GBL = 1 << 5,
    PM_PWRBTN = 1 << 8,
    PM_RTC = 1 << 10,
    PMSTS_PWRBTNOR = 1 << 11,
    PMSTS_RSM = 1 << 15,
    PMSTS_MASK = PM_TMROF | PMSTS_BM | PM_GBL | PM_PWRBTN | PM_RTC | PMSTS_PWRBTNOR | PMSTS_RSM,
    PMEN_MASK = PM_TMROF | PM_GBL | PM_PWRBTN | PM_RTC
};
enum {
    PMCNTRL_SCI_EN = 1 << 0,
    PMCNTRL_BRLD_EN_BM = 1 << 1,
    PMCNTRL_GBL_RLS = 1 << 2,
    PMCNTRL_SUS_TYP = 7 << 10,
    PMCNTRL_SUS_EN = 1 << 13,
    PMCNTRL_KEPT = PMCNTRL_SCI_EN | PMCNTRL_BRLD_EN_BM | PMCNTRL_SUS_TYP
};
enum { SUS_TYP_SHIFT = 10, SUS_SOFT_OFF = 0 };
enum { GP_MASK = 0x0F81, GLBSTS_APM = 1 << 5, GLBSTS_MASK = 0x0DFF, GLBEN_MASK = 0x0F7F };
enum { GLBCTL_SMI_EN = 1 << 0 };
enum { TIMER_BITS = 24, TIMER_HALF = 1 << 23 };
enum { APMC_ACPI_ENABLE = 0xF1, APMC_ACPI_DISABLE = 0xF0 };

enum smb_register {
    SMBHSTSTS = 0,
    SMBSLVSTS = 1,
    SMBHSTCNT = 2,
    SMBHSTCMD = 3,
    SMBHSTADD = 4,
    SMBHSTDAT0 = 5,
    SMBHSTDAT1 = 6,
    SMBBLKDAT = 7,
    SMBSLVCNT = 8,
};
enum {
    SMBHSTSTS_BUSY = 1 << 0,
    SMBHSTSTS_DEV_ERR = 1 << 2,
    SMBHSTSTS_FAILED = 1 << 4,
    SMBHSTSTS_CLEARABLE = 0x1E
};
enum { SMBHSTCNT_INTEREN = 1 << 0, SMBHSTCNT_KILL = 1 << 1, SMBHSTCNT_START = 1 << 6, SMBHSTCNT_KEPT = 0x1D };
enum { SMB_ADDRESS_NS = 700000 }; /* start, eight bits, missing acknowledge, stop at 16 kHz */

/* --- interrupt and timer --- */

static uint64_t timer_ticks(const struct piix4_pm *pm)
{
    return clock_ticks(clock_now(pm->cfg.clock), PIIX4_PM_TIMER_HZ);
}

/* TMROF_STS rises whenever the timer's top bit changes. */
static void account_timer(struct piix4_pm *pm)
{
    uint64_t now = timer_ticks(pm);
    if (now / TIMER_HALF != pm->timer_seen / TIMER_HALF)
        pm->pm_status |= PM_TMROF;
    pm->timer_seen = now;
}

static bool smb_interrupts(const struct piix4_pm *pm)
{
    return (pm->smb_control & SMBHSTCNT_INTEREN) && (pm->smb_status & SMBHSTSTS_CLEARABLE) &&
           (pm->pci.config[SMBHSTCFG] & SMBHSTCFG_INTRSEL) == INTRSEL_IRQ9;
}

static void update_sci(struct piix4_pm *pm)
{
    bool event = (pm->pm_status & pm->pm_enable & PMEN_MASK) || (pm->gp_status & pm->gp_enable);
    irq_line_set(&pm->cfg.sci, ((pm->pm_control & PMCNTRL_SCI_EN) && event) || smb_interrupts(pm));
    event_cancel(&pm->overflow);
    if ((pm->pm_enable & PM_TMROF) && !(pm->pm_status & PM_TMROF)) {
        uint64_t next = (pm->timer_seen / TIMER_HALF + 1) * TIMER_HALF;
        event_at(&pm->overflow, clock_ticks_to_ns(next, PIIX4_PM_TIMER_HZ));
    }
}

static void overflow_due(void *opaque, uint64_t late_ns)
{
    struct piix4_pm *pm = opaque;
    (void)late_ns;
    account_timer(pm);
    update_sci(pm);
}

void piix4_pm_irq8(void *self, unsigned input, bool level)
{
    struct piix4_pm *pm = self;
    (void)input;
    if (level && !pm->irq8)
        pm->pm_status |= PM_RTC;
    pm->irq8 = level;
    update_sci(pm);
}

bool piix4_pm_power_button(struct piix4_pm *pm)
{
    if (!(pm->pm_control & PMCNTRL_SCI_EN))
        return false;
    pm->pm_status |= PM_PWRBTN;
    update_sci(pm);
    return true;
}

static void request_smi(struct piix4_pm *pm)
{
    pm->gl_status |= GLBSTS_APM;
    if (!(pm->gl_control & GLBCTL_SMI_EN))
        return;
    irq_line_set(&pm->cfg.smi, true);
    irq_line_set(&pm->cfg.smi, false);
}

void piix4_pm_apmc(void *self, uint8_t value)
{
    struct piix4_pm *pm = self;
    if (load_le32(pm->pci.config + DEVACTB) & DEVACTB_APMC_EN)
        request_smi(pm);
    if (value == APMC_ACPI_ENABLE)
        pm->pm_control |= PMCNTRL_SCI_EN;
    else if (value == APMC_ACPI_DISABLE)
        pm->pm_control &= ~PMCNTRL_SCI_EN & 0xFFFF;
    else
        log_write(&pm->log, LOG_DEBUG, "APM command %02Xh", value);
    update_sci(pm);
}

/* --- PM registers --- */

static void suspend(struct piix4_pm *pm)
{
    unsigned type = (unsigned)(pm->pm_control & PMCNTRL_SUS_TYP) >> SUS_TYP_SHIFT;
    if (type == SUS_SOFT_OFF) {
        log_write(&pm->log, LOG_INFO, "soft off");
        if (pm->cfg.power_off)
            pm->cfg.power_off(pm->cfg.self);
        return;
    }
    log_write(&pm->log, LOG_WARN, "suspend type %u is not there: it wakes at once", type);
    pm->pm_status |= PMSTS_RSM;
}

static void write_pmcntrl(struct piix4_pm *pm, uint16_t value)
{
    pm->pm_control = value & PMCNTRL_KEPT;
    if (value & PMCNTRL_SUS_EN)
        suspend(pm);
}

/* The block as the guest reads it, one aligned doubleword at a time. */
static uint32_t pm_dword(struct piix4_pm *pm, uint32_t offset)
{
    switch (offset) {
    case PMSTS: return (uint32_t)pm->pm_enable << 16 | pm->pm_status;
    case PMCNTRL: return pm->pm_control;
    case PMTMR: return (uint32_t)timer_ticks(pm) & ((1u << TIMER_BITS) - 1);
    case GPSTS: return (uint32_t)pm->gp_enable << 16 | pm->gp_status;
    case PCNTRL: return pm->processor_control;
    case GLBSTS: return pm->gl_status;
    case DEVSTS: return pm->device_status;
    case GLBEN: return pm->gl_enable;
    case GLBCTL: return pm->gl_control;
    case DEVCTL: return pm->device_control;
    case GPIREG: return UINT32_MAX; /* inputs pulled up */
    case GPOREG: return pm->gp_output;
    default: return 0;
    }
}

static uint32_t pm_read(void *self, uint32_t offset, unsigned size)
{
    struct piix4_pm *pm = self;
    uint32_t value = 0;
    if (offset < PMCNTRL) {
        account_timer(pm);
        update_sci(pm);
    }
    for (unsigned i = 0; i < size;) {
        uint32_t at = offset + i;
        value |= pm_dword(pm, at & ~3u) >> (8 * (at & 3)) << (8 * i);
        i += 4 - (at & 3);
    }
    return value;
}

/* Registers are written by byte; `mask` has ones where this byte lies within the doubleword. */
static uint32_t merge(uint32_t old, uint32_t value, uint32_t mask, uint32_t writable)
{
    mask &= writable;
    return (old & ~mask) | (value & mask);
}

static void write_pmsts_pmen(struct piix4_pm *pm, uint32_t value, uint32_t mask)
{
    pm->pm_status &= (uint16_t) ~(value & mask & PMSTS_MASK);
    pm->pm_enable =
        (uint16_t)(merge((uint32_t)pm->pm_enable << 16, value, mask, (uint32_t)PMEN_MASK << 16) >> 16);
}

static void write_gpsts_gpen(struct piix4_pm *pm, uint32_t value, uint32_t mask)
{
    pm->gp_status &= (uint16_t) ~(value & mask);
    pm->gp_enable =
        (uint16_t)(merge((uint32_t)pm->gp_enable << 16, value, mask, (uint32_t)GP_MASK << 16) >> 16);
}

static void write_pm_dword(struct piix4_pm *pm, uint32_t offset, uint32_t value, uint32_t mask)
{
    switch (offset) {
    case PMSTS: write_pmsts_pmen(pm, value, mask); break;
    case PMCNTRL: write_pmcntrl(pm, (uint16_t)merge(pm->pm_control, value, mask, 0xFFFF)); break;
    case GPSTS: write_gpsts_gpen(pm, value, mask); break;
    case PCNTRL: pm->processor_control = merge(pm->processor_control, value, mask, 0x00023E1E); break;
    case GLBSTS: pm->gl_status &= (uint16_t) ~(value & mask & GLBSTS_MASK); break;
    case DEVSTS: pm->device_status &= ~(value & mask); break;
    case GLBEN: pm->gl_enable = (uint16_t)merge(pm->gl_enable, value, mask, GLBEN_MASK); break;
    case GLBCTL: pm->gl_control = merge(pm->gl_control, value, mask, 0x07FFFF07); break;
    case DEVCTL: pm->device_control = merge(pm->device_control, value, mask, UINT32_MAX); break;
    case GPOREG: pm->gp_output = merge(pm->gp_output, value, mask, UINT32_MAX); break;
    default: break;
    }
}

static void pm_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix4_pm *pm = self;
    account_timer(pm);
    for (unsigned i = 0; i < size; i++) {
        unsigned shift = 8 * ((offset + i) & 3);
        write_pm_dword(pm, (offset + i) & ~3u, (value >> (8 * i) & 0xFF) << shift, 0xFFu << shift);
    }
    update_sci(pm);
}

static const struct port_ops pm_ports = {pm_read, pm_write, 1, 4};

/* --- SMBus --- */

static void smb_finish(struct piix4_pm *pm, uint8_t status)
{
    event_cancel(&pm->smb_done);
    pm->smb_status |= status;
    update_sci(pm);
}

static void smb_due(void *opaque, uint64_t late_ns)
{
    (void)late_ns;
    smb_finish(opaque, SMBHSTSTS_DEV_ERR); /* nobody acknowledged the address */
}

static void write_smb_control(struct piix4_pm *pm, uint8_t value)
{
    pm->smb_control = value & SMBHSTCNT_KEPT;
    if ((value & SMBHSTCNT_KILL) && pm->smb_done.pending)
        smb_finish(pm, SMBHSTSTS_FAILED);
    else if ((value & SMBHSTCNT_START) && !pm->smb_done.pending)
        event_at(&pm->smb_done, clock_now(pm->cfg.clock) + SMB_ADDRESS_NS);
}

/* Reading the control register starts the block data over. */
static uint8_t read_smb_control(struct piix4_pm *pm)
{
    pm->smb_index = 0;
    return pm->smb_control;
}

static uint8_t *block_byte(struct piix4_pm *pm)
{
    uint8_t *byte = &pm->smb_block[pm->smb_index];
    pm->smb_index = (uint8_t)((pm->smb_index + 1) % sizeof pm->smb_block);
    return byte;
}

static uint32_t smb_read(void *self, uint32_t offset, unsigned size)
{
    struct piix4_pm *pm = self;
    (void)size;
    switch (offset) {
    case SMBHSTSTS: return pm->smb_status | (pm->smb_done.pending ? (unsigned)SMBHSTSTS_BUSY : 0);
    case SMBSLVSTS: return 0;
    case SMBHSTCNT: return read_smb_control(pm);
    case SMBHSTCMD: return pm->smb_command;
    case SMBHSTADD: return pm->smb_address;
    case SMBHSTDAT0:
    case SMBHSTDAT1: return pm->smb_data[offset - SMBHSTDAT0];
    case SMBBLKDAT: return *block_byte(pm);
    default: return pm->smb_slave[offset - SMBSLVCNT];
    }
}

static void smb_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct piix4_pm *pm = self;
    uint8_t byte = (uint8_t)value;
    (void)size;
    switch (offset) {
    case SMBHSTSTS: pm->smb_status &= ~(byte & SMBHSTSTS_CLEARABLE) & 0xFF; break;
    case SMBSLVSTS: break;
    case SMBHSTCNT: write_smb_control(pm, byte); break;
    case SMBHSTCMD: pm->smb_command = byte; break;
    case SMBHSTADD: pm->smb_address = byte; break;
    case SMBHSTDAT0:
    case SMBHSTDAT1: pm->smb_data[offset - SMBHSTDAT0] = byte; break;
    case SMBBLKDAT: *block_byte(pm) = byte; break;
    default: pm->smb_slave[offset - SMBSLVCNT] = byte; break;
    }
    update_sci(pm);
}

static const struct port_ops smb_ports = {smb_read, smb_write, 1, 1};

/* --- decoding --- */

static void place(struct piix4_pm *pm, const char *name, struct port_range **range, uint32_t *now_at,
                  uint32_t base, uint32_t count, const struct port_ops *ops)
{
    if (*now_at == base)
        return;
    portmap_remove(pm->cfg.ports, *range);
    *range = base ? portmap_place(pm->cfg.ports, name, base, count, ops, pm) : NULL;
    *now_at = base;
    log_write(&pm->log, LOG_DEBUG, "%s at %04Xh", name, (unsigned)base);
}

static void update_decode(struct piix4_pm *pm)
{
    const uint8_t *config = pm->pci.config;
    bool pm_on = config[PMREGMISC] & PMREGMISC_PMIOSE;
    bool smb_on = (config[PCI_COMMAND] & PCI_COMMAND_IO) && (config[SMBHSTCFG] & SMBHSTCFG_HST_EN);
    place(pm, "piix4-pm", &pm->pm_range, &pm->pm_base, pm_on ? load_le32(config + PMBA) & PMBA_MASK : 0,
          PM_PORTS, &pm_ports);
    place(pm, "piix4-smbus", &pm->smb_range, &pm->smb_base,
          smb_on ? load_le32(config + SMBBA) & SMBBA_MASK : 0, SMB_PORTS, &smb_ports);
}

static void config_written(void *self, uint32_t offset, unsigned size)
{
    struct piix4_pm *pm = self;
    (void)offset, (void)size;
    update_decode(pm);
    update_sci(pm);
}

/* --- reset, state, construction --- */

static void init_registers(struct piix4_pm *pm)
{
    static const struct {
        uint8_t offset;
        uint32_t writable;
    } dwords[] = {
        {CNTA, UINT32_MAX},    {0x48, UINT32_MAX}, {0x4C, UINT32_MAX}, {0x50, UINT32_MAX}, {0x54, UINT32_MAX},
        {DEVACTB, 0x03FFFFFF}, {0x5C, UINT32_MAX}, {0x60, UINT32_MAX}, {0x64, UINT32_MAX}, {0x68, UINT32_MAX},
        {0x6C, UINT32_MAX},    {0x70, UINT32_MAX}, {0x74, UINT32_MAX}, {0x78, UINT32_MAX}, {0x7C, UINT32_MAX},
    };
    struct pci_function *pci = &pm->pci;
    for (unsigned i = 0; i < sizeof dwords / sizeof dwords[0]; i++)
        pci_writable32(pci, dwords[i].offset, dwords[i].writable);
    store_le32(pci->config + DEVACTB, pm->cfg.smi.set ? 0 : DEVACTB_APMC_EN);
    store_le32(pci->config + PMBA, BASE_IO_SPACE);
    pci_writable32(pci, PMBA, PMBA_MASK);
    pci_writable8(pci, PMREGMISC, PMREGMISC_PMIOSE);
    store_le32(pci->config + SMBBA, BASE_IO_SPACE);
    pci_writable32(pci, SMBBA, SMBBA_MASK);
    pci_writable8(pci, SMBHSTCFG, 0x0F);
    pci_writable8(pci, SMBSLVC, 0xFF);
    pci_writable16(pci, SMBSLVC + 1, 0xFFFF);
}

void piix4_pm_reset(struct piix4_pm *pm)
{
    pci_function_reset(&pm->pci);
    pm->pm_status = pm->pm_enable = pm->pm_control = 0;
    pm->gp_status = pm->gp_enable = pm->gl_status = pm->gl_enable = 0;
    pm->processor_control = pm->gl_control = pm->device_status = pm->device_control = 0;
    pm->gp_output = 0x7FFFBFFF;
    pm->timer_seen = timer_ticks(pm);
    pm->smb_status = pm->smb_control = pm->smb_command = pm->smb_address = pm->smb_index = 0;
    memset(pm->smb_data, 0, sizeof pm->smb_data);
    memset(pm->smb_slave, 0, sizeof pm->smb_slave);
    memset(pm->smb_block, 0, sizeof pm->smb_block);
    event_cancel(&pm->smb_done);
    update_decode(pm);
    update_sci(pm);
}

static bool after_load(void *self, struct error *err)
{
    struct piix4_pm *pm = self;
    (void)err;
    pm->smb_index %= sizeof pm->smb_block;
    pci_function_loaded(&pm->pci);
    update_decode(pm);
    return true;
}

#define FIELD(member) STATE_SCALAR(struct piix4_pm, member)

static const struct state_field pm_fields[] = {STATE_STRUCT(struct piix4_pm, pci, pci_function_fields),
                                               FIELD(pm_status),
                                               FIELD(pm_enable),
                                               FIELD(pm_control),
                                               FIELD(gp_status),
                                               FIELD(gp_enable),
                                               FIELD(gl_status),
                                               FIELD(gl_enable),
                                               FIELD(processor_control),
                                               FIELD(gl_control),
                                               FIELD(device_status),
                                               FIELD(device_control),
                                               FIELD(gp_output),
                                               FIELD(timer_seen),
                                               FIELD(smb_status),
                                               FIELD(smb_control),
                                               FIELD(smb_command),
                                               FIELD(smb_address),
                                               STATE_ARRAY(struct piix4_pm, smb_data),
                                               STATE_ARRAY(struct piix4_pm, smb_slave),
                                               STATE_ARRAY(struct piix4_pm, smb_block),
                                               FIELD(smb_index),
                                               FIELD(irq8),
                                               STATE_EVENT(struct piix4_pm, overflow),
                                               STATE_EVENT(struct piix4_pm, smb_done),
                                               STATE_END};

const struct state_desc piix4_pm_state = {
    .name = "piix4-pm", .version = 1, .fields = pm_fields, .after_load = after_load};

struct piix4_pm *piix4_pm_new(const struct piix4_pm_config *cfg)
{
    struct piix4_pm *pm = alloc_zeroed(sizeof *pm);
    pm->cfg = *cfg;
    log_attach(cfg->log, &pm->log, "acpi");
    event_init(&pm->overflow, cfg->clock, "pm-timer", overflow_due, pm);
    event_init(&pm->smb_done, cfg->clock, "smbus", smb_due, pm);
    pci_function_init(&pm->pci, &(struct pci_function_config){
                                    .name = "piix4-pm",
                                    .vendor = 0x8086,
                                    .device = 0x7113,
                                    .class_code = 0x068000,
                                    .revision = 0x03,
                                    .command_mask = PCI_COMMAND_IO,
                                    .status = 0x0280,
                                    .status_clear = 0x7800,
                                    .interrupt_pin = 1,
                                    .subsystem_vendor = cfg->subsystem_vendor,
                                    .subsystem = cfg->subsystem,
                                    .self = pm,
                                    .config_written = config_written,
                                });
    init_registers(pm);
    pm->gp_output = 0x7FFFBFFF;
    return pm;
}

void piix4_pm_free(struct piix4_pm *pm)
{
    if (!pm)
        return;
    pci_detach(&pm->pci);
    portmap_remove(pm->cfg.ports, pm->pm_range);
    portmap_remove(pm->cfg.ports, pm->smb_range);
    event_cancel(&pm->overflow);
    event_cancel(&pm->smb_done);
    log_detach(&pm->log);
    alloc_free(pm);
}
