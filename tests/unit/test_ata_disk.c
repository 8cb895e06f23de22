/* SPDX-License-Identifier: MIT */
/* ATA disk on a channel: protocols, addresses, errors, absent devices, settings, state. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/media/media.h"
#include "devices/storage/ata_disk.h"
#include "devices/storage/ata_internal.h"
#include "tests/support/bad_media.h"
#include "tests/support/ide_host.h"
#include "tests/support/state_check.h"

enum { SECTORS = 16 * 63 * 3 + 5, OK = STATUS_DRDY | STATUS_DSC, SRST = 4, NIEN = 2 };

static uint8_t image[SECTORS * 512];
static struct ide_host host;
static struct ata_disk *disk;

static struct ata_disk *add_disk(const char *name, unsigned number)
{
    struct ata_disk *added = ata_disk_new(
        &(struct ata_disk_config){.clock = &host.clock,
                                  .name = name,
                                  .media = media_from_bytes(name, MEDIA_DISK, image, sizeof image, NULL)});
    ide_channel_attach(host.channel, number, ata_disk_device(added));
    return added;
}

static void setup(void)
{
    for (size_t i = 0; i < SECTORS; i++)
        memset(image + i * 512, (int)(i * 7 + (i >> 8)), 512);
    ide_host_init(&host);
    disk = add_disk("hda", 0);
    ide_channel_reset(host.channel);
    ide_wait(&host);
}

static void teardown(void)
{
    ata_disk_free(disk);
    ide_host_free(&host);
}

static uint16_t word(const uint8_t *words, unsigned n)
{
    return load_le16(words + 2 * n);
}

static void identify(uint8_t *words)
{
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xEC, 0, 0), OK | STATUS_DRQ);
    ide_read_data(&host, words, 512);
    ck_assert_uint_eq(ide_alt(&host), OK);
}

static uint8_t chs_command(uint8_t command, unsigned c, unsigned h, unsigned s, uint8_t count)
{
    ide_out(&host, R_DEVICE, (uint8_t)(0xA0 | h));
    ide_out(&host, R_COUNT, count);
    ide_out(&host, R_LOW, (uint8_t)s);
    ide_out(&host, R_MID, (uint8_t)c);
    ide_out(&host, R_HIGH, (uint8_t)(c >> 8));
    ide_out(&host, R_STATUS, command);
    return ide_wait(&host);
}

START_TEST(reset_gives_signature)
{
    ck_assert_uint_eq(ide_in(&host, R_ERROR), 1);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 1);
    ck_assert_uint_eq(ide_in(&host, R_LOW), 1);
    ck_assert_uint_eq(ide_in(&host, R_MID), 0);
    ck_assert_uint_eq(ide_in(&host, R_HIGH), 0);
    ck_assert_uint_eq(ide_in(&host, R_STATUS), OK);
    ck_assert(!host.irq);
    ide_out(&host, R_COUNT, 0x55);
    ide_control(&host, SRST);
    ck_assert_uint_eq(ide_alt(&host), STATUS_BSY);
    ide_control(&host, 0);
    ck_assert_uint_eq(ide_alt(&host), STATUS_BSY);
    ck_assert_uint_eq(ide_wait(&host), OK);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 1);
    ck_assert(!host.irq);
}
END_TEST

START_TEST(absent_devices)
{
    ide_out(&host, R_DEVICE, 0xB0);
    ck_assert_uint_eq(ide_alt(&host), 0); /* device 0 answers for 1 */
    ide_out(&host, R_COUNT, 0x55);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 0x55);
    ide_out(&host, R_STATUS, 0xEC);
    ide_pass(&host, 1000000);
    ck_assert_uint_eq(ide_alt(&host), 0);
    ck_assert(!host.irq);
    struct ide_host empty;
    ide_host_init(&empty);
    ck_assert_uint_eq(ide_alt(&empty), 0x7F);
    ck_assert_uint_eq(ide_in(&empty, R_COUNT), 0x7F);
    ck_assert_uint_eq(ide_in(&empty, R_STATUS), 0x7F);
    ide_host_free(&empty);
}
END_TEST

START_TEST(identify_words)
{
    uint8_t w[512], sum = 0;
    identify(w);
    ck_assert_uint_eq(host.irq_edges, 1);
    ck_assert_uint_eq(word(w, 0), 0x0040);
    ck_assert_uint_eq(word(w, 1), 3);
    ck_assert_uint_eq(word(w, 3), 16);
    ck_assert_uint_eq(word(w, 6), 63);
    ck_assert_mem_eq(w + 54, "ALHT EAHDRIDKS  ", 16);
    ck_assert_uint_eq(load_le32(w + 120), SECTORS);
    ck_assert_uint_eq(load_le64(w + 200), SECTORS);
    ck_assert_uint_eq(load_le32(w + 114), 3 * 16 * 63);
    ck_assert_uint_eq(word(w, 128) & 9, 9);
    ck_assert(word(w, 83) & (1 << 10));
    ck_assert(word(w, 49) & (1 << 9));
    for (int i = 0; i < 512; i++)
        sum = (uint8_t)(sum + w[i]);
    ck_assert_uint_eq(sum, 0);
}
END_TEST

START_TEST(read_interrupts_for_each_block)
{
    uint8_t got[512];
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x20, 100, 3), OK | STATUS_DRQ);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(host.irq_edges, i + 1);
        ck_assert(host.irq);
        ck_assert_uint_eq(ide_in(&host, R_STATUS), OK | STATUS_DRQ);
        ck_assert(!host.irq);
        ide_read_data(&host, got, 512);
        ck_assert_mem_eq(got, image + (100 + i) * 512, 512);
        ck_assert_uint_eq(ide_alt(&host), i < 2 ? OK | STATUS_BSY : OK);
        ide_wait(&host);
    }
    ck_assert_uint_eq(host.irq_edges, 3); /* none at the end of a PIO read */
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 0);
    ck_assert_uint_eq(ide_in(&host, R_LOW), 102);
}
END_TEST

START_TEST(write_interrupts_after_each_block)
{
    uint8_t bytes[1024], got[1024];
    for (int i = 0; i < 1024; i++)
        bytes[i] = (uint8_t)(i * 3);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x30, 7, 2), OK | STATUS_DRQ);
    ck_assert_uint_eq(host.irq_edges, 0); /* the first block is asked for without one */
    ide_write_data(&host, bytes, 512);
    ck_assert(ide_alt(&host) & STATUS_BSY);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
    ck_assert_uint_eq(host.irq_edges, 1);
    ide_in(&host, R_STATUS);
    ide_write_data(&host, bytes + 512, 512);
    ck_assert_uint_eq(ide_wait(&host), OK);
    ck_assert_uint_eq(host.irq_edges, 2);
    ck_assert(media_read(ata_disk_media(disk), 7 * 512, got, 1024));
    ck_assert_mem_eq(got, bytes, 1024);
}
END_TEST

START_TEST(multiple_blocks)
{
    uint8_t got[16 * 512];
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xC4, 0, 4), OK | STATUS_ERR); /* not set up */
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_ABRT);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xC6, 0, 3), OK | STATUS_ERR); /* no power of two */
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xC6, 0, 32), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xC6, 0, 4), OK);
    unsigned edges = host.irq_edges;
    ide_in(&host, R_STATUS);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xC4, 10, 6), OK | STATUS_DRQ);
    ide_in(&host, R_STATUS);
    ide_read_data(&host, got, 4 * 512);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
    ide_in(&host, R_STATUS);
    ide_read_data(&host, got + 4 * 512, 2 * 512);
    ck_assert_uint_eq(ide_wait(&host), OK);
    ck_assert_mem_eq(got, image + 10 * 512, 6 * 512);
    ck_assert_uint_eq(host.irq_edges, edges + 2);
    identify(got);
    ck_assert_uint_eq(word(got, 59), 0x0104);
}
END_TEST

START_TEST(thirty_two_bit_data_port)
{
    ide_lba_command(&host, 0, 0x20, 5, 1);
    for (int i = 0; i < 128; i++)
        ck_assert_uint_eq(ide_command_ports.read(host.channel, 0, 4), load_le32(image + 5 * 512 + 4 * i));
    ck_assert_uint_eq(ide_alt(&host), OK);
    ck_assert_uint_eq(ide_command_ports.read(host.channel, 0, 2), 0xFFFF);
}
END_TEST

START_TEST(count_zero_is_256)
{
    uint8_t got[512];
    ide_lba_command(&host, 0, 0x20, 0, 0);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
        ide_read_data(&host, got, 512);
        ck_assert_uint_eq(got[0], image[i * 512]);
    }
    ck_assert_uint_eq(ide_wait(&host), OK);
}
END_TEST

START_TEST(out_of_range_is_idnf)
{
    uint8_t got[512];
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x20, SECTORS, 1), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_IDNF);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x20, SECTORS - 1, 2), OK | STATUS_DRQ);
    ide_read_data(&host, got, 512);
    ck_assert_mem_eq(got, image + (SECTORS - 1) * 512, 512);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_IDNF);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 1);
    ck_assert_uint_eq(ide_in(&host, R_LOW) | ide_in(&host, R_MID) << 8, SECTORS & 0xFFFF);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x30, 0xFFFFFFF, 1), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_IDNF);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x40, SECTORS - 2, 3), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x40, SECTORS - 3, 3), OK);
}
END_TEST

START_TEST(chs_translation)
{
    uint8_t got[512];
    ck_assert_uint_eq(chs_command(0x20, 1, 2, 3, 1), OK | STATUS_DRQ);
    ide_read_data(&host, got, 512);
    ck_assert_mem_eq(got, image + ((1 * 16 + 2) * 63 + 2) * 512, 512);
    ck_assert_uint_eq(chs_command(0x20, 0, 0, 0, 1), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_IDNF);
    ck_assert_uint_eq(chs_command(0x20, 0, 0, 64, 1), OK | STATUS_ERR);
    ck_assert_uint_eq(chs_command(0x20, 3, 0, 1, 1), OK | STATUS_ERR);
    ck_assert_uint_eq(chs_command(0x91, 0, 3, 0, 17), OK); /* 4 heads, 17 sectors */
    ck_assert_uint_eq(chs_command(0x20, 2, 3, 17, 2), OK | STATUS_DRQ);
    ide_read_data(&host, got, 512);
    ck_assert_mem_eq(got, image + ((2 * 4 + 3) * 17 + 16) * 512, 512);
    ck_assert_uint_eq(ide_in(&host, R_MID), 2);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
    ide_read_data(&host, got, 512);
    ck_assert_uint_eq(ide_in(&host, R_MID), 3); /* wrapped to the next cylinder */
    ck_assert_uint_eq(ide_in(&host, R_LOW), 1);
    ck_assert_uint_eq(ide_in(&host, R_DEVICE) & 0x0F, 0);
    ck_assert_uint_eq(chs_command(0x20, 0, 4, 1, 1), OK | STATUS_ERR);
    uint8_t w[512];
    identify(w);
    ck_assert_uint_eq(word(w, 55), 4);
    ck_assert_uint_eq(word(w, 56), 17);
    ck_assert_uint_eq(word(w, 54), SECTORS / 68);
    ck_assert_uint_eq(word(w, 3), 16);
    ck_assert_uint_eq(chs_command(0x91, 0, 3, 0, 0), OK | STATUS_ERR);
}
END_TEST

static uint8_t ext_command(uint8_t command, uint64_t lba, uint16_t count)
{
    ide_out(&host, R_DEVICE, 0x40);
    for (int high = 1; high >= 0; high--) {
        unsigned shift = high ? 24 : 0;
        ide_out(&host, R_COUNT, (uint8_t)(count >> (high ? 8 : 0)));
        ide_out(&host, R_LOW, (uint8_t)(lba >> shift));
        ide_out(&host, R_MID, (uint8_t)(lba >> (shift + 8)));
        ide_out(&host, R_HIGH, (uint8_t)(lba >> (shift + 16)));
    }
    ide_out(&host, R_STATUS, command);
    return ide_wait(&host);
}

START_TEST(lba48_and_previous_registers)
{
    uint8_t got[512];
    ck_assert_uint_eq(ext_command(0x24, 1000, 300), OK | STATUS_DRQ);
    for (unsigned i = 0; i < 300; i++) {
        ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
        ide_read_data(&host, got, 512);
        ck_assert_mem_eq(got, image + (1000 + i) * 512, 512);
    }
    ck_assert_uint_eq(ide_wait(&host), OK);
    ck_assert_uint_eq(ext_command(0x24, UINT64_C(0x123456789ABC), 1), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_IDNF);
    ide_control(&host, 0x80);
    ck_assert_uint_eq(ide_in(&host, R_LOW), 0x56);
    ck_assert_uint_eq(ide_in(&host, R_HIGH), 0x12);
    ide_out(&host, R_LOW, 0x11); /* any write of a command block register clears HOB */
    ck_assert_uint_eq(ide_in(&host, R_LOW), 0x11);
    ck_assert_uint_eq(ext_command(0x27, 0, 0), OK);
    ck_assert_uint_eq(ide_in(&host, R_LOW) | ide_in(&host, R_MID) << 8, SECTORS - 1);
}
END_TEST

START_TEST(interrupt_enable_and_selection)
{
    struct ata_disk *slave = add_disk("hdb", 1);
    ide_channel_reset(host.channel);
    ide_pass(&host, 5000000);
    ide_control(&host, NIEN);
    ide_lba_command(&host, 0, 0xE5, 0, 0);
    ck_assert(!host.irq);
    ide_control(&host, 0);
    ck_assert(host.irq); /* was pending behind nIEN */
    ide_out(&host, R_DEVICE, 0xB0);
    ck_assert(!host.irq); /* the other device drives the wire */
    ide_out(&host, R_DEVICE, 0xA0);
    ck_assert(host.irq);
    ide_alt(&host);
    ck_assert(host.irq);
    ide_in(&host, R_STATUS);
    ck_assert(!host.irq);
    ata_disk_free(slave);
    ide_out(&host, R_DEVICE, 0xB0);
    ck_assert_uint_eq(ide_alt(&host), 0);
}
END_TEST

START_TEST(diagnostic_interrupts_from_device_0)
{
    struct ata_disk *slave = add_disk("hdb", 1);
    ide_channel_reset(host.channel);
    ide_pass(&host, 5000000);
    ide_out(&host, R_DEVICE, 0xB0);
    ide_out(&host, R_STATUS, 0x90);
    ide_wait(&host);
    ide_pass(&host, 1000000);
    ck_assert(host.irq);
    ck_assert_uint_eq(ide_in(&host, R_DEVICE) & 0x10, 0);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), 1);
    ata_disk_free(slave);
}
END_TEST

START_TEST(features_and_power)
{
    uint8_t w[512];
    ide_out(&host, R_DEVICE, 0xE0);
    ide_out(&host, R_ERROR, 0x03);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xEF, 0, 0x22), OK);
    ide_out(&host, R_ERROR, 0x82);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xEF, 0, 0), OK);
    identify(w);
    ck_assert_uint_eq(word(w, 63), 0x0407);
    ck_assert_uint_eq(word(w, 85) & 0x20, 0);
    ide_out(&host, R_ERROR, 0x03);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xEF, 0, 0x46), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xEF, 0, 0x45), OK);
    identify(w);
    ck_assert_uint_eq(word(w, 63), 0x0007);
    ck_assert_uint_eq(word(w, 88), 0x203F);
    ide_lba_command(&host, 0, 0xE5, 0, 0);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 0x80);
    ide_lba_command(&host, 0, 0xE3, 0, 2); /* idle, standby after 10 s */
    ide_pass(&host, UINT64_C(9000000000));
    ide_lba_command(&host, 0, 0xE5, 0, 0);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 0x80);
    ide_pass(&host, UINT64_C(10100000000));
    ide_lba_command(&host, 0, 0xE5, 0, 0);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 0x00);
    ide_lba_command(&host, 0, 0x40, 0, 1);
    ide_lba_command(&host, 0, 0xE5, 0, 0);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 0xFF);
    ide_lba_command(&host, 0, 0xE6, 0, 0); /* sleep: only a reset wakes */
    unsigned edges = host.irq_edges;
    ide_in(&host, R_STATUS);
    ide_lba_command(&host, 0, 0xEC, 0, 0);
    ck_assert_uint_eq(host.irq_edges, edges);
    ide_control(&host, SRST);
    ide_control(&host, 0);
    ck_assert_uint_eq(ide_wait(&host), OK);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x20, 0, 1), OK | STATUS_DRQ);
}
END_TEST

START_TEST(smart_needs_its_key)
{
    uint8_t data[512], sum = 0;
    ide_out(&host, R_ERROR, 0xDA);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xB0, 0, 0), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_ABRT);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xB0, 0xC24F00, 0), OK);
    ck_assert_uint_eq(ide_in(&host, R_MID), 0x4F);
    ck_assert_uint_eq(ide_in(&host, R_HIGH), 0xC2);
    ide_out(&host, R_ERROR, 0xD0);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xB0, 0xC24F00, 0), OK | STATUS_DRQ);
    ide_read_data(&host, data, 512);
    for (int i = 0; i < 512; i++)
        sum = (uint8_t)(sum + data[i]);
    ck_assert_uint_eq(sum, 0);
}
END_TEST

START_TEST(other_commands)
{
    uint8_t bytes[512], got[512];
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x00, 0, 0), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_ABRT);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xFF, 0, 0), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xA1, 0, 0), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_ABRT);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x10, 0, 0), OK);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), 0);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0x70, 5, 0), OK);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xE7, 0, 0), OK);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xEA, 0, 0), OK);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xF6, 0, 0), OK | STATUS_ERR); /* security: frozen */
    memset(bytes, 0x5A, sizeof bytes);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xE8, 0, 0), OK | STATUS_DRQ);
    ide_write_data(&host, bytes, 512);
    ck_assert_uint_eq(ide_wait(&host), OK);
    ck_assert_uint_eq(ide_lba_command(&host, 0, 0xE4, 0, 0), OK | STATUS_DRQ);
    ide_read_data(&host, got, 512);
    ck_assert_mem_eq(got, bytes, 512);
}
END_TEST

START_TEST(busy_device_ignores_writes)
{
    ide_out(&host, R_DEVICE, 0xE0);
    ide_out(&host, R_LOW, 9);
    ide_out(&host, R_COUNT, 1);
    ide_out(&host, R_STATUS, 0x20);
    ck_assert(ide_alt(&host) & STATUS_BSY);
    ide_out(&host, R_LOW, 77);
    ide_out(&host, R_STATUS, 0xEC);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
    uint8_t got[512];
    ide_read_data(&host, got, 512);
    ck_assert_mem_eq(got, image + 9 * 512, 512);
}
END_TEST

START_TEST(host_errors)
{
    struct ata_disk *slave = ata_disk_new(&(struct ata_disk_config){
        .clock = &host.clock, .name = "hdb", .media = bad_media_new(MEDIA_DISK, 1 << 20, 13 * 512 + 5, 1)});
    uint8_t bytes[4 * 512] = {0};
    ide_channel_attach(host.channel, 1, ata_disk_device(slave));
    ide_channel_reset(host.channel);
    ide_pass(&host, 5000000);
    ck_assert_uint_eq(ide_lba_command(&host, 1, 0xC6, 0, 4), OK);
    ck_assert_uint_eq(ide_lba_command(&host, 1, 0xC4, 8, 8), OK | STATUS_DRQ);
    ide_read_data(&host, bytes, sizeof bytes);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_ERR); /* the block of 12 to 15 has a bad sector */
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_UNC);
    ck_assert_uint_eq(ide_in(&host, R_LOW), 13);
    ck_assert_uint_eq(ide_in(&host, R_COUNT), 3);
    ck_assert_uint_eq(ide_lba_command(&host, 1, 0x30, 13, 1), OK | STATUS_DRQ);
    ide_write_data(&host, bytes, 512);
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_ERR | STATUS_DF);
    ck_assert_uint_eq(ide_lba_command(&host, 1, 0xE7, 0, 0), OK | STATUS_ERR); /* and cannot be flushed */
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_ABRT);
    ata_disk_free(slave);
}
END_TEST

START_TEST(read_only_disk)
{
    struct ata_disk *slave = ata_disk_new(
        &(struct ata_disk_config){.clock = &host.clock,
                                  .name = "hdb",
                                  .media = media_from_bytes("hdb", MEDIA_CDROM, image, sizeof image, NULL)});
    ide_channel_attach(host.channel, 1, ata_disk_device(slave));
    ide_channel_reset(host.channel);
    ide_pass(&host, 5000000);
    ck_assert_uint_eq(ide_lba_command(&host, 1, 0x30, 0, 1), OK | STATUS_ERR);
    ck_assert_uint_eq(ide_in(&host, R_ERROR), ERROR_ABRT);
    ck_assert_uint_eq(ide_lba_command(&host, 1, 0x20, 0, 1), OK | STATUS_DRQ);
    ata_disk_free(slave);
}
END_TEST

/* Half a block is out, the clock is elsewhere on the other machine: both go on alike. */
START_TEST(state_in_the_middle_of_a_transfer)
{
    uint8_t got[1024];
    ide_lba_command(&host, 0, 0x20, 50, 2);
    ide_read_data(&host, got, 256);
    ck_assert(state_round_trip(&ata_disk_state, disk, disk));
    ck_assert(state_round_trip(&ide_channel_state, host.channel, host.channel));
    struct buffer saved = {0}, channel_saved = {0};
    struct error err;
    state_save(&ata_disk_state, disk, &saved);
    state_save(&ide_channel_state, host.channel, &channel_saved);
    ata_disk_free(disk);
    ide_host_free(&host);
    setup();
    struct reader in = {.data = saved.data, .size = saved.size};
    struct reader channel_in = {.data = channel_saved.data, .size = channel_saved.size};
    ck_assert(state_load(&ata_disk_state, disk, &in, &err));
    ck_assert(state_load(&ide_channel_state, host.channel, &channel_in, &err));
    ide_read_data(&host, got + 256, 256);
    ck_assert(state_round_trip(&ata_disk_state, disk, disk)); /* a deadline is pending */
    ck_assert_uint_eq(ide_wait(&host), OK | STATUS_DRQ);
    ide_read_data(&host, got + 512, 512);
    ck_assert_mem_eq(got, image + 50 * 512, 1024);
    buffer_free(&saved);
    buffer_free(&channel_saved);
}
END_TEST

START_TEST(state_of_another_disk_is_refused)
{
    struct buffer saved = {0};
    struct error err = {{0}};
    state_save(&ata_disk_state, disk, &saved);
    struct ata_disk *other = ata_disk_new(&(struct ata_disk_config){
        .clock = &host.clock, .name = "hdb", .media = media_from_bytes("b", MEDIA_DISK, image, 4096, NULL)});
    struct reader in = {.data = saved.data, .size = saved.size};
    ck_assert(!state_load(&ata_disk_state, other, &in, &err));
    ck_assert(strstr(err.text, "another size"));
    ata_disk_free(other);
    buffer_free(&saved);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ata_disk");
    TCase *tcase = tcase_create("ata_disk");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reset_gives_signature);
    tcase_add_test(tcase, absent_devices);
    tcase_add_test(tcase, identify_words);
    tcase_add_test(tcase, read_interrupts_for_each_block);
    tcase_add_test(tcase, write_interrupts_after_each_block);
    tcase_add_test(tcase, multiple_blocks);
    tcase_add_test(tcase, thirty_two_bit_data_port);
    tcase_add_test(tcase, count_zero_is_256);
    tcase_add_test(tcase, out_of_range_is_idnf);
    tcase_add_test(tcase, chs_translation);
    tcase_add_test(tcase, lba48_and_previous_registers);
    tcase_add_test(tcase, interrupt_enable_and_selection);
    tcase_add_test(tcase, diagnostic_interrupts_from_device_0);
    tcase_add_test(tcase, features_and_power);
    tcase_add_test(tcase, smart_needs_its_key);
    tcase_add_test(tcase, other_commands);
    tcase_add_test(tcase, busy_device_ignores_writes);
    tcase_add_test(tcase, host_errors);
    tcase_add_test(tcase, read_only_disk);
    tcase_add_test(tcase, state_in_the_middle_of_a_transfer);
    tcase_add_test(tcase, state_of_another_disk_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
