/* SPDX-License-Identifier: MIT */
/* PIIX IDE function: decoding, bus master transfers through descriptor tables, its status bits. */
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/mem/physmap.h"
#include "devices/chipset/pci.h"
#include "devices/media/media.h"
#include "devices/storage/ata_disk.h"
#include "devices/storage/atapi_cd.h"
#include "devices/storage/ide_device.h"
#include "devices/storage/piix_ide.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_line.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { SLOT = 1, FUNCTION = 1, BMIBA = 0xC000, RAM = 1 << 20, SECTORS = 4096, PRD = 0x1000 };

/* Bus master status. */
enum { ACTIVE = 1, ERROR = 2, INTERRUPT = 4 };

struct rig {
    struct clock clock;
    struct memory memory;
    struct physmap physmap;
    struct portmap *ports;
    struct pci_bus *bus;
    struct piix_ide *ide;
    struct ata_disk *disk;
    struct fake_line irq[2];
};

static uint8_t image[SECTORS * 512];

static void config_write(struct rig *rig, unsigned offset, unsigned size, uint32_t value)
{
    pci_config_write(rig->bus, SLOT, FUNCTION, offset, size, value);
}

static void rig_init(struct rig *rig)
{
    struct error err;
    *rig = (struct rig){0};
    for (size_t i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i * 31 + (i >> 9));
    fake_clock_init(&rig->clock);
    ck_assert(memory_init(&rig->memory, RAM, &err));
    physmap_init(&rig->physmap, &rig->memory);
    physmap_add(&rig->physmap, &(struct physmap_region){.name = "ram",
                                                        .kind = PHYSMAP_MEMORY,
                                                        .size = RAM,
                                                        .reads = true,
                                                        .writes = true,
                                                        .offset = memory_take(&rig->memory, RAM)});
    rig->ports = portmap_new(NULL);
    rig->bus = pci_new(&(struct pci_config){.ports = rig->ports, .physmap = &rig->physmap});
    rig->ide = piix_ide_new(&(struct piix_ide_config){
        .physmap = &rig->physmap, .irq = {fake_line_to(&rig->irq[0]), fake_line_to(&rig->irq[1])}});
    rig->disk = ata_disk_new(
        &(struct ata_disk_config){.clock = &rig->clock,
                                  .name = "hda",
                                  .media = media_from_bytes("hda", MEDIA_DISK, image, sizeof image, NULL)});
    piix_ide_attach(rig->ide, 0, 0, ata_disk_device(rig->disk));
    pci_attach(rig->bus, piix_ide_function(rig->ide), SLOT, FUNCTION);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(portmap_add(rig->ports, i ? "ide1" : "ide0", i ? 0x170 : 0x1F0, 8, &piix_ide_command_ports,
                              piix_ide_port(rig->ide, i), &err));
        ck_assert(portmap_add(rig->ports, i ? "ide1c" : "ide0c", i ? 0x376 : 0x3F6, 1,
                              &piix_ide_control_ports, piix_ide_port(rig->ide, i), &err));
    }
    piix_ide_reset(rig->ide);
    fake_clock_advance(&rig->clock, 5000000);
}

static void rig_enable(struct rig *rig)
{
    config_write(rig, 0x20, 4, BMIBA);
    config_write(rig, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
    config_write(rig, 0x40, 2, 0x8000);
    config_write(rig, 0x42, 2, 0x8000);
}

static void rig_free(struct rig *rig)
{
    ata_disk_free(rig->disk);
    piix_ide_free(rig->ide);
    pci_free(rig->bus);
    portmap_free(rig->ports);
    physmap_free(&rig->physmap);
    memory_free(&rig->memory);
}

static void put_prd(struct rig *rig, unsigned index, uint32_t address, uint16_t count, bool last)
{
    physmap_write(&rig->physmap, PRD + 8 * index, 4, address);
    physmap_write(&rig->physmap, PRD + 8 * index + 4, 4, count | (last ? 0x80000000 : 0));
}

static void command(struct rig *rig, uint8_t code, uint32_t lba, uint8_t count)
{
    portmap_write(rig->ports, 0x1F6, 1, 0xE0);
    portmap_write(rig->ports, 0x1F2, 1, count);
    portmap_write(rig->ports, 0x1F3, 1, lba & 0xFF);
    portmap_write(rig->ports, 0x1F4, 1, lba >> 8 & 0xFF);
    portmap_write(rig->ports, 0x1F5, 1, lba >> 16);
    portmap_write(rig->ports, 0x1F7, 1, code);
}

static void start(struct rig *rig, uint8_t direction)
{
    portmap_write(rig->ports, BMIBA + 4, 4, PRD);
    portmap_write(rig->ports, BMIBA, 1, direction);
    portmap_write(rig->ports, BMIBA + 2, 1, ERROR | INTERRUPT);
    portmap_write(rig->ports, BMIBA, 1, direction | 1);
}

static uint8_t bm_status(struct rig *rig)
{
    return (uint8_t)portmap_read(rig->ports, BMIBA + 2, 1);
}

static uint8_t *ram(struct rig *rig)
{
    return rig->memory.host;
}

START_TEST(configuration_space)
{
    struct rig rig;
    rig_init(&rig);
    ck_assert_uint_eq(pci_config_read(rig.bus, SLOT, FUNCTION, 0, 4), 0x70108086);
    ck_assert_uint_eq(pci_config_read(rig.bus, SLOT, FUNCTION, 8, 4) >> 8, 0x010180);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x1F7, 1), 0xFF); /* not decoded yet */
    config_write(&rig, PCI_COMMAND, 2, PCI_COMMAND_IO);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x1F7, 1), 0xFF);
    config_write(&rig, 0x40, 2, 0x8000);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x1F7, 1), 0x50);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x177, 1), 0xFF);
    config_write(&rig, 0x42, 2, 0x8000);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x177, 1), 0x7F); /* decoded, but no drives */
    config_write(&rig, 0x20, 4, 0xFFFFFFFF);
    ck_assert_uint_eq(pci_config_read(rig.bus, SLOT, FUNCTION, 0x20, 4), 0xFFFFFFF1);
    rig_free(&rig);
}
END_TEST

START_TEST(read_scatters)
{
    struct rig rig;
    rig_init(&rig);
    rig_enable(&rig);
    put_prd(&rig, 0, 0x20000, 1024, false);
    put_prd(&rig, 1, 0x30002, 512, true);
    start(&rig, 8);
    ck_assert_uint_eq(bm_status(&rig), ACTIVE);
    command(&rig, 0xC8, 5, 3);
    fake_clock_advance(&rig.clock, 100000);
    ck_assert_uint_eq(bm_status(&rig), ACTIVE);
    ck_assert_uint_eq(rig.irq[0].rises, 0);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT);
    ck_assert(rig.irq[0].level);
    ck_assert_uint_eq(rig.irq[0].rises, 1);
    ck_assert_mem_eq(ram(&rig) + 0x20000, image + 5 * 512, 1024);
    ck_assert_mem_eq(ram(&rig) + 0x30002, image + 7 * 512, 512);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x1F7, 1), 0x50);
    ck_assert(!rig.irq[0].level);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT); /* stays until written with a one */
    portmap_write(rig.ports, BMIBA, 1, 0);
    portmap_write(rig.ports, BMIBA + 2, 1, INTERRUPT | 0x20);
    ck_assert_uint_eq(bm_status(&rig), 0x20);
    rig_free(&rig);
}
END_TEST

START_TEST(write_gathers_and_command_may_come_first)
{
    struct rig rig;
    uint8_t got[1024];
    rig_init(&rig);
    rig_enable(&rig);
    for (int i = 0; i < 1024; i++)
        ram(&rig)[0x40000 + i] = (uint8_t)(255 - i);
    put_prd(&rig, 0, 0x40000, 1024, true);
    command(&rig, 0xCA, 20, 2);
    fake_clock_advance(&rig.clock, 10000000);
    ck_assert(!rig.irq[0].level); /* waits for the bus master */
    ck_assert_uint_eq(portmap_read(rig.ports, 0x3F6, 1), 0x58);
    start(&rig, 0);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert(rig.irq[0].level);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT);
    ck_assert(media_read(ata_disk_media(rig.disk), 20 * 512, got, 1024));
    ck_assert_mem_eq(got, ram(&rig) + 0x40000, 1024);
    rig_free(&rig);
}
END_TEST

START_TEST(short_table_ends_without_interrupt)
{
    struct rig rig;
    rig_init(&rig);
    rig_enable(&rig);
    put_prd(&rig, 0, 0x20000, 700, true);
    start(&rig, 8);
    command(&rig, 0xC8, 0, 2);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert_uint_eq(bm_status(&rig), 0); /* neither active nor interrupt: table too small */
    ck_assert_uint_eq(portmap_read(rig.ports, 0x3F6, 1) & 0x88, 0x08);
    ck_assert_mem_eq(ram(&rig) + 0x20000, image, 700);
    ck_assert_uint_eq(ram(&rig)[0x20000 + 700], 0);
    put_prd(&rig, 0, 0x20000 + 700, 1024 - 700, true);
    portmap_write(rig.ports, BMIBA, 1, 8);
    start(&rig, 8);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT);
    ck_assert_mem_eq(ram(&rig) + 0x20000, image, 1024);
    rig_free(&rig);
}
END_TEST

START_TEST(long_table_stays_active)
{
    struct rig rig;
    rig_init(&rig);
    rig_enable(&rig);
    put_prd(&rig, 0, 0x20000, 4096, true);
    start(&rig, 8);
    command(&rig, 0xC8, 0, 2);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert_uint_eq(bm_status(&rig), ACTIVE | INTERRUPT);
    portmap_write(rig.ports, BMIBA, 1, 0);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT);
    rig_free(&rig);
}
END_TEST

START_TEST(count_zero_is_64k_and_big_transfers_go_in_chunks)
{
    struct rig rig;
    rig_init(&rig);
    rig_enable(&rig);
    put_prd(&rig, 0, 0x20000, 0, false);
    put_prd(&rig, 1, 0x30000, 0, true);
    start(&rig, 8);
    command(&rig, 0xC8, 100, 0);
    fake_clock_advance(&rig.clock, 2400000); /* one chunk of two */
    ck_assert_mem_eq(ram(&rig) + 0x20000, image + 100 * 512, 0x10000);
    ck_assert_uint_eq(bm_status(&rig), ACTIVE);
    ck_assert(state_round_trip(&piix_ide_state, rig.ide, rig.ide));
    ck_assert(state_round_trip(&ata_disk_state, rig.disk, rig.disk));
    fake_clock_advance(&rig.clock, 3000000);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT);
    ck_assert_mem_eq(ram(&rig) + 0x20000, image + 100 * 512, 0x20000);
    rig_free(&rig);
}
END_TEST

START_TEST(regions_wrap_within_64k)
{
    struct rig rig;
    rig_init(&rig);
    rig_enable(&rig);
    put_prd(&rig, 0, 0x2FF00, 512, true);
    start(&rig, 8);
    command(&rig, 0xC8, 9, 1);
    fake_clock_advance(&rig.clock, 1000000);
    ck_assert_mem_eq(ram(&rig) + 0x2FF00, image + 9 * 512, 256);
    ck_assert_mem_eq(ram(&rig) + 0x20000, image + 9 * 512 + 256, 256);
    rig_free(&rig);
}
END_TEST

START_TEST(guest_nonsense)
{
    struct rig rig;
    rig_init(&rig);
    rig_enable(&rig);
    put_prd(&rig, 0, 0xFFFFFFF0, 0, true); /* beyond RAM */
    start(&rig, 8);
    command(&rig, 0xC8, 0, 128);
    fake_clock_advance(&rig.clock, 5000000);
    ck_assert_uint_eq(bm_status(&rig), INTERRUPT);
    portmap_write(rig.ports, BMIBA, 1, 0);
    start(&rig, 0); /* wrong direction: nothing moves */
    command(&rig, 0xC8, 0, 1);
    fake_clock_advance(&rig.clock, 5000000);
    ck_assert_uint_eq(bm_status(&rig), ACTIVE);
    portmap_write(rig.ports, BMIBA, 1, 0);
    portmap_write(rig.ports, 0x3F6, 1, 4);
    portmap_write(rig.ports, 0x3F6, 1, 0);
    fake_clock_advance(&rig.clock, 5000000);
    ck_assert_uint_eq(portmap_read(rig.ports, 0x1F7, 1), 0x50);
    portmap_write(rig.ports, BMIBA + 4, 4, 0xFFFFFFFF); /* table pointer in nowhere */
    ck_assert_uint_eq(portmap_read(rig.ports, BMIBA + 4, 4), 0xFFFFFFFC);
    portmap_write(rig.ports, BMIBA, 1, 9);
    command(&rig, 0xC8, 0, 1);
    fake_clock_advance(&rig.clock, 5000000);
    rig_free(&rig);
}
END_TEST

START_TEST(wild_accesses)
{
    struct rig rig;
    uint32_t x = 4711;
    rig_init(&rig);
    rig_enable(&rig);
    struct atapi_cd *cd = atapi_cd_new(
        &(struct atapi_cd_config){.clock = &rig.clock,
                                  .name = "hdb",
                                  .media = media_from_bytes("hdb", MEDIA_CDROM, image, sizeof image, NULL)});
    piix_ide_attach(rig.ide, 0, 1, atapi_cd_device(cd));
    for (int i = 0; i < 60000; i++) {
        static const uint8_t likely[] = {0x20, 0x30, 0xC4, 0xC5, 0xC8, 0xCA,
                                         0x25, 0x35, 0xA0, 0xA1, 0xEC, 0xEF};
        x = x * 1664525 + 1013904223;
        uint16_t port = (uint16_t)(0x1F0 + (x >> 8 & 7));
        unsigned size = 1u << (x >> 12) % 3;
        switch (x >> 28) {
        case 0: portmap_write(rig.ports, BMIBA + (x >> 16 & 7), size, x >> 4); break;
        case 1: start(&rig, x >> 16 & 8); break;
        case 2: put_prd(&rig, x >> 16 & 3, x * 77, (uint16_t)(x >> 3), x >> 5 & 1); break;
        case 3: fake_clock_advance(&rig.clock, x >> 6); break;
        case 4:
        case 5:
        case 6: portmap_read(rig.ports, port, size); break;
        case 7: portmap_write(rig.ports, 0x1F7, 1, likely[(x >> 16) % sizeof likely]); break;
        case 8: portmap_write(rig.ports, 0x3F6, 1, (x >> 16 & 63) ? 0 : x >> 8 & 0xFF); break;
        case 9:
            for (unsigned j = 0; j < (x >> 16 & 255); j++)
                portmap_write(rig.ports, 0x1F0, 2, j & 7 ? 0 : x >> 4);
            break;
        case 10: ck_assert(i % 64 || state_round_trip(&ata_disk_state, rig.disk, rig.disk)); break;
        case 11: ck_assert(i % 64 || state_round_trip(&atapi_cd_state, cd, cd)); break;
        default: portmap_write(rig.ports, port, size, x >> 3); break;
        }
    }
    atapi_cd_free(cd);
    rig_free(&rig);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        configuration_space,
        read_scatters,
        write_gathers_and_command_may_come_first,
        short_table_ends_without_interrupt,
        long_table_stays_active,
        count_zero_is_64k_and_big_transfers_go_in_chunks,
        regions_wrap_within_64k,
        guest_nonsense,
        wild_accesses,
    };
    return suite_run("piix_ide", tests, sizeof tests / sizeof tests[0]);
}
