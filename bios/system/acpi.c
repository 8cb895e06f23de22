/* SPDX-License-Identifier: MIT */
/*
 * ACPI 1.0b tables: RSDP in the F segment, RSDT, FADT and DSDT at the top of RAM (reclaimable), FACS behind
 * them (NVS). Templates are ROM constants; POST completes them while the shadow copy can still be written.
 */
#include "system/acpi.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/memory_map.h"
#include "system/pci.h"
#include "system/private.h"
#include "system/tables.h"

#include "system/dsdt_aml.h"

enum {
    TABLES_BYTES = 0x10000,
    NVS_BYTES = 0x1000,
    SMALLEST_RAM = 0x400000,
    HEADER_LENGTH = 4,
    HEADER_CHECKSUM = 9
};
enum {
    SMI_COMMAND_PORT = 0xb2,
    ACPI_ENABLE = 0xf1,
    ACPI_DISABLE = 0xf0,
    PM1_CNT = 4,
    PM_TMR = 8,
    GPE0 = 0x0c,
    SCI_EN = 1
};
enum { ID_PIIX4_PM = 0x71138086 };
enum have { HAVE_COM1 = 1, HAVE_COM2 = 2, HAVE_FLOPPY = 4, HAVE_MOUSE = 8, HAVE_LPT1 = 16 };

struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem_id[6], oem_table[8];
    uint32_t oem_revision;
    char creator[4];
    uint32_t creator_revision;
} __attribute__((packed));

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
} __attribute__((packed));

struct rsdt {
    struct acpi_header header;
    uint32_t fadt;
} __attribute__((packed));

struct fadt {
    struct acpi_header header;
    uint32_t facs, dsdt;
    uint8_t int_model, reserved1;
    uint16_t sci_int;
    uint32_t smi_cmd;
    uint8_t acpi_enable, acpi_disable, s4bios_req, reserved2;
    uint32_t pm1a_evt_blk, pm1b_evt_blk, pm1a_cnt_blk, pm1b_cnt_blk, pm2_cnt_blk, pm_tmr_blk, gpe0_blk,
        gpe1_blk;
    uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_blk_len, gpe1_blk_len, gpe1_base,
        reserved3;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century, reserved4[3];
    uint32_t flags;
} __attribute__((packed));

struct facs {
    char signature[4];
    uint32_t length, hardware_signature, waking_vector, global_lock, flags;
    uint8_t reserved[40];
} __attribute__((packed));

_Static_assert(sizeof(struct fadt) == 116, "ACPI 1.0b, 5.2.5");
_Static_assert(sizeof(struct facs) == 64, "ACPI 1.0b, 5.2.6");

#define HEADER(name, type)                                                                                   \
    {                                                                                                        \
        .signature = name, .length = sizeof(type), .revision = 1, .oem_id = "LATHE ",                        \
        .oem_table = "LATHEPC ", .oem_revision = 1, .creator = "LTHE", .creator_revision = 1                 \
    }

_Static_assert(sizeof(struct rsdp) == 20, "ACPI 1.0b, 5.2.4");

enum fadt_flags { FADT_WBINVD = 0x01, FADT_PROC_C1 = 0x04, FADT_SLP_BUTTON_ABSENT = 0x20, FADT_TMR_24 = 0 };

static const struct rsdp rsdp __attribute__((aligned(16))) = {.signature = "RSD PTR ", .oem_id = "LATHE "};
static const struct rsdt rsdt = {.header = HEADER("RSDT", struct rsdt)};
static const struct facs facs = {.signature = "FACS", .length = sizeof(struct facs)};
static const struct fadt fadt = {
    .header = HEADER("FACP", struct fadt),
    .sci_int = SCI_IRQ,
    .pm1a_evt_blk = PM_BASE,
    .pm1a_cnt_blk = PM_BASE + PM1_CNT,
    .pm_tmr_blk = PM_BASE + PM_TMR,
    .gpe0_blk = PM_BASE + GPE0,
    .pm1_evt_len = 4,
    .pm1_cnt_len = 2,
    .pm_tmr_len = 4,
    .gpe0_blk_len = 4,
    .c2_latency = 0xfff, /* no C2, no C3 */
    .c3_latency = 0xfff,
    .century = 0x32,
    .flags = FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON_ABSENT,
};

/* Our constants, seen as memory that POST may still write. */
static uint16_t rom(const void *p)
{
    return (uint16_t)NEAR(p);
}

/* Finishes a table and moves it to *at, which advances; its address. */
static uint32_t place(const void *table, uint32_t *at)
{
    uint32_t length = far_read32(SEG_ROM, (uint16_t)(rom(table) + HEADER_LENGTH));
    uint32_t where = *at;
    table_checksum(table, (const uint8_t *)table + HEADER_CHECKSUM, length);
    copy_physical(where, ((uint32_t)SEG_ROM << 4) + rom(table), length);
    *at = (where + length + 15) & ~15u;
    return where;
}

/* The DSDT's Name (HAVE, 0x5a5a5a5a) becomes what POST found. */
static void patch_devices(void)
{
    uint32_t have = 0;
    for (unsigned i = 0; i < 4; i++) {
        have |= BDA->com_port[i] == 0x3f8 ? HAVE_COM1 : 0;
        have |= BDA->com_port[i] == 0x2f8 ? HAVE_COM2 : 0;
    }
    have |= PRIVATE->floppy_count ? HAVE_FLOPPY : 0;
    have |= PRIVATE->mouse_present ? HAVE_MOUSE : 0;
    have |= BDA->lpt_port[0] == 0x378 ? HAVE_LPT1 : 0;
    for (uint32_t i = 0; i < sizeof dsdt_aml - 4; i++) {
        if (ROM32(dsdt_aml[i]) == 0x5a5a5a5a) {
            table_put32(&dsdt_aml[i], have);
            return;
        }
    }
}

/*
 * ACPI mode. Where writing ACPI_ENABLE to the SMI command port sets SCI_EN, the FADT says so and the machine
 * starts in legacy mode. Where nothing listens there, SCI_EN is set once and for all, and the FADT names no
 * command port.
 */
static void choose_mode(void)
{
    out8(SMI_COMMAND_PORT, ACPI_ENABLE);
    if (in16(PM_BASE + PM1_CNT) & SCI_EN) {
        out8(SMI_COMMAND_PORT, ACPI_DISABLE);
        table_put32(&fadt.smi_cmd, SMI_COMMAND_PORT);
        table_put8(&fadt.acpi_enable, ACPI_ENABLE);
        table_put8(&fadt.acpi_disable, ACPI_DISABLE);
    } else {
        out16(PM_BASE + PM1_CNT, SCI_EN);
    }
}

static bool have_power_management(void)
{
    for (int f = pci_next(-1); f >= 0; f = pci_next(f))
        if (pci_read32((pci_function_t)f, PCI_VENDOR) == ID_PIIX4_PM)
            return true;
    return false;
}

void acpi_init(void)
{
    if (!have_power_management() || PRIVATE->memory_below_4g < SMALLEST_RAM)
        return;
    uint32_t top = PRIVATE->memory_below_4g;
    uint32_t at = top - TABLES_BYTES;
    uint32_t nvs = top - NVS_BYTES;
    PRIVATE->tables_start = at;
    PRIVATE->tables_reclaim_end = nvs;
    choose_mode();
    patch_devices();
    copy_physical(nvs, ((uint32_t)SEG_ROM << 4) + rom(&facs), sizeof facs);
    table_put32(&fadt.facs, nvs);
    table_put32(&fadt.dsdt, place(dsdt_aml, &at));
    table_put32(&rsdt.fadt, place(&fadt, &at));
    table_put32(&rsdp.rsdt, place(&rsdt, &at));
    table_checksum(&rsdp, &rsdp.checksum, sizeof rsdp);
}
