/* SPDX-License-Identifier: MIT */
/* CD-ROM drive: packet protocol, sense data, discs coming and going, what it tells, raw sectors. */
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "devices/media/media.h"
#include "devices/storage/atapi_cd.h"
#include "devices/storage/cd_sector.h"
#include "tests/support/bad_media.h"
#include "tests/support/ide_host.h"
#include "tests/support/state_check.h"
#include "tests/support/suite.h"

enum { SECTORS = 100, READY = 0x50, CHECK = 0x51 };

struct rig {
    struct ide_host host;
    struct atapi_cd *cd;
    uint8_t reply[65536];
    uint32_t reply_length;
    uint32_t blocks; /* DRQ blocks of the last command */
};

static uint8_t disc[SECTORS * 2048];

static struct media *new_disc(uint32_t sectors)
{
    return media_from_bytes("disc", MEDIA_CDROM, disc, (size_t)sectors * 2048, NULL);
}

/* Sends a packet, moves its data by PIO, checks the interrupt reasons on the way; the final status. */
static uint8_t packet(struct rig *rig, const uint8_t *bytes, uint16_t limit, const void *params)
{
    struct ide_host *host = &rig->host;
    ide_out(host, R_DEVICE, 0xA0);
    ide_out(host, R_ERROR, 0);
    ide_out(host, R_MID, (uint8_t)limit);
    ide_out(host, R_HIGH, (uint8_t)(limit >> 8));
    ide_out(host, R_STATUS, 0xA0);
    unsigned edges = host->irq_edges;
    ck_assert_uint_eq(ide_wait(host) & 0x89, 0x08);
    ck_assert_uint_eq(ide_in(host, R_COUNT), 1); /* command to device */
    ck_assert_uint_eq(host->irq_edges, edges);   /* asked for without an interrupt */
    ide_write_data(host, bytes, 12);
    rig->reply_length = rig->blocks = 0;
    while (ide_wait(host) & STATUS_DRQ) {
        uint32_t count = ide_in(host, R_MID) | (uint32_t)ide_in(host, R_HIGH) << 8;
        ck_assert(host->irq);
        ide_in(host, R_STATUS);
        ck_assert_uint_le(count, limit ? limit : 65534);
        if (params) {
            ck_assert_uint_eq(ide_in(host, R_COUNT), 0);
            ide_write_data(host, params, count);
        } else {
            ck_assert_uint_eq(ide_in(host, R_COUNT), 2);
            ide_read_data(host, rig->reply + rig->reply_length, (count + 1) & ~1u);
        }
        rig->reply_length += count;
        rig->blocks++;
    }
    ck_assert(host->irq);
    ck_assert_uint_eq(ide_in(host, R_COUNT), 3);
    ck_assert_uint_eq(host->irq_edges, edges + rig->blocks + 1);
    return ide_in(host, R_STATUS);
}

#define PACKET(rig, ...) packet(rig, (const uint8_t[12]){__VA_ARGS__}, 0xFFFE, NULL)

static void expect_sense(struct rig *rig, uint8_t key, uint16_t code)
{
    ck_assert_uint_eq(ide_in(&rig->host, R_ERROR) >> 4, key);
    ck_assert_uint_eq(PACKET(rig, 0x03, 0, 0, 0, 18), READY);
    ck_assert_uint_eq(rig->reply_length, 18);
    ck_assert_uint_eq(rig->reply[0], 0x70);
    ck_assert_uint_eq(rig->reply[2], key);
    ck_assert_uint_eq(load_be16(rig->reply + 12), code);
}

static void rig_init(struct rig *rig, bool with_disc)
{
    for (size_t i = 0; i < sizeof disc; i++)
        disc[i] = (uint8_t)(i * 13 + (i >> 11));
    ide_host_init(&rig->host);
    rig->cd = atapi_cd_new(&(struct atapi_cd_config){
        .clock = &rig->host.clock, .name = "hdc", .media = with_disc ? new_disc(SECTORS) : NULL});
    ide_channel_attach(rig->host.channel, 0, atapi_cd_device(rig->cd));
    ide_channel_reset(rig->host.channel);
    ide_wait(&rig->host);
}

/* Past the unit attention of power-on. */
static void rig_ready(struct rig *rig, bool with_disc)
{
    rig_init(rig, with_disc);
    ck_assert_uint_eq(PACKET(rig, 0), CHECK);
    expect_sense(rig, 6, 0x2900);
}

static void rig_free(struct rig *rig)
{
    atapi_cd_free(rig->cd);
    ide_host_free(&rig->host);
}

START_TEST(signature_and_identify)
{
    struct rig rig;
    uint8_t w[512];
    rig_init(&rig, true);
    ck_assert_uint_eq(ide_in(&rig.host, R_STATUS), 0);
    ck_assert_uint_eq(ide_in(&rig.host, R_MID), 0x14);
    ck_assert_uint_eq(ide_in(&rig.host, R_HIGH), 0xEB);
    ide_out(&rig.host, R_MID, 0);
    ck_assert_uint_eq(ide_lba_command(&rig.host, 0, 0xEC, 0, 0), CHECK); /* not an ATA disk */
    ck_assert_uint_eq(ide_in(&rig.host, R_ERROR), 4);
    ck_assert_uint_eq(ide_in(&rig.host, R_MID), 0x14);
    ck_assert_uint_eq(ide_lba_command(&rig.host, 0, 0xA1, 0, 0), READY | STATUS_DRQ);
    ide_read_data(&rig.host, w, 512);
    ck_assert_uint_eq(load_le16(w), 0x85C0);
    ck_assert_mem_eq(w + 54, "ALHT EDCR-MO", 12);
    ide_out(&rig.host, R_STATUS, 0xA0); /* DEVICE RESET works in the middle of a command */
    ide_wait(&rig.host);
    ide_out(&rig.host, R_STATUS, 0x08);
    ck_assert_uint_eq(ide_wait(&rig.host), 0);
    ck_assert_uint_eq(ide_in(&rig.host, R_HIGH), 0xEB);
    rig_free(&rig);
}
END_TEST

START_TEST(attention_then_ready)
{
    struct rig rig;
    rig_init(&rig, true);
    ck_assert_uint_eq(PACKET(&rig, 0x12, 0, 0, 0, 36), READY); /* INQUIRY leaves it pending */
    ck_assert_uint_eq(rig.reply_length, 36);
    ck_assert_uint_eq(rig.reply[0], 5);
    ck_assert_uint_eq(rig.reply[1], 0x80);
    ck_assert_mem_eq(rig.reply + 8, "LATHE   CD-ROM  ", 16);
    ck_assert_uint_eq(PACKET(&rig, 0), CHECK);
    expect_sense(&rig, 6, 0x2900);
    ck_assert_uint_eq(PACKET(&rig, 0), READY);
    ck_assert_uint_eq(PACKET(&rig, 0x03, 0, 0, 0, 18), READY); /* nothing to tell */
    ck_assert_uint_eq(rig.reply[2], 0);
    ck_assert_uint_eq(PACKET(&rig, 0xFF), CHECK);
    ck_assert_uint_eq(ide_in(&rig.host, R_ERROR), 0x54);
    expect_sense(&rig, 5, 0x2000);
    rig_free(&rig);
}
END_TEST

START_TEST(read_in_blocks)
{
    struct rig rig;
    rig_ready(&rig, true);
    static const uint8_t read_3[12] = {0x28, 0, 0, 0, 0, 10, 0, 0, 3};
    ck_assert_uint_eq(packet(&rig, read_3, 2048, NULL), READY);
    ck_assert_uint_eq(rig.blocks, 3);
    ck_assert_uint_eq(rig.reply_length, 6144);
    ck_assert_mem_eq(rig.reply, disc + 10 * 2048, 6144);
    ck_assert_uint_eq(packet(&rig, read_3, 5000, NULL), READY); /* blocks need not be sectors */
    ck_assert_uint_eq(rig.blocks, 2);
    ck_assert_mem_eq(rig.reply, disc + 10 * 2048, 6144);
    ck_assert_uint_eq(packet(&rig, read_3, 4097, NULL), READY); /* odd: rounded down */
    ck_assert_uint_eq(rig.blocks, 2);
    ck_assert_mem_eq(rig.reply, disc + 10 * 2048, 6144);
    ck_assert_uint_eq(packet(&rig, read_3, 0, NULL), READY);
    ck_assert_uint_eq(rig.blocks, 1);
    ck_assert_uint_eq(PACKET(&rig, 0xA8, 0, 0, 0, 0, 99, 0, 0, 0, 1), READY);
    ck_assert_mem_eq(rig.reply, disc + 99 * 2048, 2048);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 99, 0, 0, 2), CHECK);
    expect_sense(&rig, 5, 0x2100);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 2), CHECK);
    expect_sense(&rig, 5, 0x2100);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 5), READY); /* no sectors is no error */
    ck_assert_uint_eq(rig.reply_length, 0);
    ck_assert_uint_eq(PACKET(&rig, 0x25), READY);
    ck_assert_uint_eq(load_be32(rig.reply), SECTORS - 1);
    ck_assert_uint_eq(load_be32(rig.reply + 4), 2048);
    rig_free(&rig);
}
END_TEST

START_TEST(read_by_dma)
{
    struct rig rig;
    static uint8_t memory[50 * 2048];
    rig_ready(&rig, true);
    ide_out(&rig.host, R_ERROR, 1);
    ide_out(&rig.host, R_STATUS, 0xA0);
    ide_wait(&rig.host);
    ide_write_data(&rig.host, (const uint8_t[12]){0x28, 0, 0, 0, 0, 20, 0, 0, 50}, 12);
    ide_start_dma(&rig.host, memory, 70000);
    ide_pass(&rig.host, 10000000);
    ck_assert(!rig.host.irq); /* more to come than the table holds */
    ck_assert(state_round_trip(&atapi_cd_state, rig.cd, rig.cd));
    ide_start_dma(&rig.host, memory + 70000, sizeof memory - 70000);
    ide_pass(&rig.host, 10000000);
    ck_assert(rig.host.irq);
    ck_assert_uint_eq(ide_in(&rig.host, R_STATUS), READY);
    ck_assert_uint_eq(ide_in(&rig.host, R_COUNT), 3);
    ck_assert_mem_eq(memory, disc + 20 * 2048, sizeof memory);
    rig_free(&rig);
}
END_TEST

START_TEST(no_disc_and_disc_change)
{
    struct rig rig;
    struct error err = {{0}};
    rig_ready(&rig, false);
    ck_assert_uint_eq(PACKET(&rig, 0), CHECK);
    expect_sense(&rig, 2, 0x3A01);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 0, 0, 0, 1), CHECK);
    expect_sense(&rig, 2, 0x3A01);
    atapi_cd_insert(rig.cd, new_disc(50));
    ck_assert_uint_eq(PACKET(&rig, 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8), READY);
    ck_assert_uint_eq(rig.reply[4], 2); /* new media */
    ck_assert_uint_eq(rig.reply[5], 2); /* present */
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 0, 0, 0, 1), CHECK);
    expect_sense(&rig, 6, 0x2800);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 0, 0, 0, 1), READY);
    ck_assert_uint_eq(PACKET(&rig, 0x1E, 0, 0, 0, 1), READY); /* lock */
    ck_assert(!atapi_cd_eject(rig.cd, false, &err));
    ck_assert(strstr(err.text, "locked"));
    ck_assert_uint_eq(PACKET(&rig, 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8), READY);
    ck_assert_uint_eq(rig.reply[4], 1); /* eject request */
    ck_assert_uint_eq(PACKET(&rig, 0x1B, 0, 0, 0, 2), CHECK);
    expect_sense(&rig, 5, 0x5302);
    ck_assert_uint_eq(PACKET(&rig, 0x1E), READY);
    ck_assert_uint_eq(PACKET(&rig, 0x1B, 0, 0, 0, 2), READY);
    ck_assert_uint_eq(PACKET(&rig, 0), CHECK);
    expect_sense(&rig, 2, 0x3A02);
    ck_assert_uint_eq(PACKET(&rig, 0x1B, 0, 0, 0, 3), READY); /* the tray takes it in again */
    ck_assert_uint_eq(PACKET(&rig, 0), CHECK);
    expect_sense(&rig, 6, 0x2800);
    ck_assert_uint_eq(PACKET(&rig, 0), READY);
    ck_assert(atapi_cd_eject(rig.cd, false, &err));
    ck_assert_ptr_null(atapi_cd_media(rig.cd));
    ck_assert_uint_eq(PACKET(&rig, 0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8), READY);
    ck_assert_uint_eq(rig.reply[1], 0x10);
    rig_free(&rig);
}
END_TEST

START_TEST(table_of_contents)
{
    struct rig rig;
    rig_ready(&rig, true);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 0, 0, 0, 0, 0, 0, 3, 0), READY);
    ck_assert_uint_eq(rig.reply_length, 20);
    ck_assert_uint_eq(load_be16(rig.reply), 18);
    ck_assert_uint_eq(rig.reply[5], 0x14);
    ck_assert_uint_eq(rig.reply[6], 1);
    ck_assert_uint_eq(rig.reply[14], 0xAA);
    ck_assert_uint_eq(load_be32(rig.reply + 16), SECTORS);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 2, 0, 0, 0, 0, 0xAA, 3, 0), READY); /* MSF, lead-out only */
    ck_assert_uint_eq(rig.reply_length, 12);
    ck_assert_mem_eq(rig.reply + 8, ((uint8_t[]){0, 0, 3, 25}), 4);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 0, 0, 0, 0, 0, 2, 3, 0), CHECK);
    expect_sense(&rig, 5, 0x2400);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 0, 0, 0, 0, 0, 0, 0, 4), READY); /* cut to the allocation length */
    ck_assert_uint_eq(rig.reply_length, 4);
    ck_assert_uint_eq(load_be16(rig.reply), 18);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 0, 1, 0, 0, 0, 0, 3, 0), READY);
    ck_assert_uint_eq(rig.reply_length, 12);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 0, 0, 0, 0, 0, 0, 3, 0, 0x80), READY); /* format 2, the old way */
    ck_assert_uint_eq(rig.reply_length, 4 + 4 * 11);
    ck_assert_uint_eq(rig.reply[4 + 2 * 11 + 3], 0xA2);
    ck_assert_uint_eq(PACKET(&rig, 0x43, 0, 4, 0, 0, 0, 0, 3, 0), CHECK);
    expect_sense(&rig, 5, 0x2400);
    rig_free(&rig);
}
END_TEST

START_TEST(mode_pages)
{
    struct rig rig;
    rig_ready(&rig, true);
    ck_assert_uint_eq(PACKET(&rig, 0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 128), READY);
    ck_assert_uint_eq(rig.reply_length, 28);
    ck_assert_uint_eq(load_be16(rig.reply), 26);
    ck_assert_uint_eq(rig.reply[8], 0x2A);
    ck_assert_uint_eq(rig.reply[14] & 2, 0);
    ck_assert_uint_eq(PACKET(&rig, 0x5A, 0, 0x3F, 0, 0, 0, 0, 1, 0), READY);
    ck_assert_uint_eq(rig.reply_length, 8 + 8 + 8 + 16 + 12 + 20);
    ck_assert_uint_eq(PACKET(&rig, 0x1A, 0, 0x01, 0, 64), READY);
    ck_assert_uint_eq(rig.reply_length, 12);
    ck_assert_uint_eq(rig.reply[4 + 3], 5);
    ck_assert_uint_eq(PACKET(&rig, 0x5A, 0, 0x05, 0, 0, 0, 0, 0, 128), CHECK);
    expect_sense(&rig, 5, 0x2400);
    ck_assert_uint_eq(PACKET(&rig, 0x5A, 0, 0xEA, 0, 0, 0, 0, 0, 128), CHECK);
    expect_sense(&rig, 5, 0x3900);
    static const uint8_t select[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 16};
    uint8_t list[16] = {[8] = 0x01, [9] = 6, [10] = 0x20, [11] = 9};
    ck_assert_uint_eq(packet(&rig, select, 0xFFFE, list), READY);
    ck_assert_uint_eq(PACKET(&rig, 0x5A, 0, 0x01, 0, 0, 0, 0, 0, 128), READY);
    ck_assert_mem_eq(rig.reply + 8, list + 8, 8);
    list[14] = 1; /* not changeable */
    ck_assert_uint_eq(packet(&rig, select, 0xFFFE, list), CHECK);
    expect_sense(&rig, 5, 0x2600);
    list[14] = 0;
    list[8] = 0x2A;
    ck_assert_uint_eq(packet(&rig, select, 0xFFFE, list), CHECK);
    expect_sense(&rig, 5, 0x2600);
    static const uint8_t cut[12] = {0x55, 0x10, 0, 0, 0, 0, 0, 0, 12};
    list[8] = 0x01;
    ck_assert_uint_eq(packet(&rig, cut, 0xFFFE, list), CHECK);
    expect_sense(&rig, 5, 0x1A00);
    rig_free(&rig);
}
END_TEST

START_TEST(configuration_and_information)
{
    struct rig rig;
    rig_init(&rig, true);
    ck_assert_uint_eq(PACKET(&rig, 0x46, 0, 0, 0, 0, 0, 0, 1, 0), READY); /* despite the unit attention */
    ck_assert_uint_eq(load_be32(rig.reply) + 4, rig.reply_length);
    ck_assert_uint_eq(load_be16(rig.reply + 6), 8);
    ck_assert_uint_eq(PACKET(&rig, 0x46, 2, 0, 0x1E, 0, 0, 0, 1, 0), READY);
    ck_assert_uint_eq(rig.reply_length, 16);
    ck_assert_uint_eq(load_be16(rig.reply + 8), 0x1E);
    ck_assert_uint_eq(PACKET(&rig, 0), CHECK);
    expect_sense(&rig, 6, 0x2900);
    ck_assert_uint_eq(PACKET(&rig, 0x51, 0, 0, 0, 0, 0, 0, 0, 34), READY);
    ck_assert_uint_eq(rig.reply[2], 0x0E);
    ck_assert_uint_eq(PACKET(&rig, 0x52, 1, 0, 0, 0, 1, 0, 0, 36), READY);
    ck_assert_uint_eq(load_be32(rig.reply + 24), SECTORS);
    ck_assert_uint_eq(PACKET(&rig, 0x52, 1, 0, 0, 0, 2, 0, 0, 36), CHECK);
    expect_sense(&rig, 5, 0x2400);
    ck_assert_uint_eq(PACKET(&rig, 0x42, 2, 0x40, 1, 0, 0, 0, 0, 16), READY);
    ck_assert_uint_eq(rig.reply[1], 0x15);
    ck_assert_uint_eq(PACKET(&rig, 0x45, 0, 0, 0, 0, 0, 0, 0, 1), CHECK);
    expect_sense(&rig, 5, 0x6400);
    ck_assert_uint_eq(PACKET(&rig, 0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8), CHECK); /* only polled */
    expect_sense(&rig, 5, 0x2400);
    rig_free(&rig);
}
END_TEST

/* Checks a raw sector by the definition: EDC remainder zero, every P and Q code word with zero syndromes. */
static uint8_t gf_times(uint8_t a, unsigned power)
{
    while (power--)
        a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1D : 0));
    return a;
}

static void check_word(const uint8_t *symbols, unsigned count)
{
    uint8_t s0 = 0, s1 = 0;
    for (unsigned i = 0; i < count; i++) {
        s0 ^= symbols[i];
        s1 ^= gf_times(symbols[i], count - 1 - i);
    }
    ck_assert_uint_eq(s0, 0);
    ck_assert_uint_eq(s1, 0);
}

START_TEST(raw_sectors)
{
    struct rig rig;
    uint8_t word[45];
    rig_ready(&rig, true);
    ck_assert_uint_eq(PACKET(&rig, 0xBE, 0, 0, 0, 0, 7, 0, 0, 2, 0xF8), READY);
    ck_assert_uint_eq(rig.reply_length, 2 * 2352);
    const uint8_t *raw = rig.reply + 2352;
    ck_assert_mem_eq(raw, "\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0", 12);
    ck_assert_mem_eq(raw + 12, "\x00\x02\x08\x01", 4); /* frame 158 = 00:02:08 */
    ck_assert_mem_eq(raw + 16, disc + 8 * 2048, 2048);
    uint32_t crc = 0;
    for (int i = 0; i < 2068; i++) {
        crc ^= raw[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xD8018001 : 0);
    }
    ck_assert_uint_eq(crc, 0);
    for (unsigned column = 0; column < 86; column++) {
        for (unsigned row = 0; row < 26; row++)
            word[row] = raw[12 + 86 * row + column];
        check_word(word, 26);
    }
    for (unsigned n = 0; n < 52; n++) {
        for (unsigned m = 0; m < 43; m++)
            word[m] = raw[12 + 2 * ((44 * m + 43 * (n / 2)) % 1118) + n % 2];
        word[43] = raw[12 + 2236 + n];
        word[44] = raw[12 + 2236 + 52 + n];
        check_word(word, 45);
    }
    ck_assert_uint_eq(PACKET(&rig, 0xBE, 0x08, 0, 0, 0, 7, 0, 0, 1, 0x10), READY);
    ck_assert_uint_eq(rig.reply_length, 2048);
    ck_assert_uint_eq(PACKET(&rig, 0xB9, 0, 0, 0, 2, 7, 0, 2, 8, 0x30), READY);
    ck_assert_uint_eq(rig.reply_length, 2052);
    ck_assert_uint_eq(PACKET(&rig, 0xBE, 0x04, 0, 0, 0, 7, 0, 0, 1, 0x10), CHECK); /* wants audio */
    expect_sense(&rig, 5, 0x6400);
    ck_assert_uint_eq(PACKET(&rig, 0xBE, 0, 0, 0, 0, 7, 0, 0, 1, 0x10, 1), CHECK); /* wants subchannels */
    expect_sense(&rig, 5, 0x2400);
    ck_assert_uint_eq(PACKET(&rig, 0xBE, 0, 0, 0, 0, 7, 0, 0, 1, 0), READY); /* nothing wanted */
    ck_assert_uint_eq(rig.reply_length, 0);
    rig_free(&rig);
}
END_TEST

START_TEST(state_in_the_middle_of_a_read)
{
    struct rig rig, other;
    uint8_t got[6144];
    struct error err = {{0}};
    rig_ready(&rig, true);
    rig_init(&other, true);
    ide_out(&rig.host, R_MID, 0);
    ide_out(&rig.host, R_HIGH, 8);
    ide_out(&rig.host, R_STATUS, 0xA0);
    ide_wait(&rig.host);
    ide_write_data(&rig.host, (const uint8_t[12]){0x28, 0, 0, 0, 0, 30, 0, 0, 3}, 8);
    ck_assert(state_round_trip(&atapi_cd_state, rig.cd, rig.cd)); /* in the packet */
    ide_write_data(&rig.host, (const uint8_t[4]){3}, 4);
    ide_wait(&rig.host);
    ide_read_data(&rig.host, got, 3000 - 952); /* one block */
    ide_wait(&rig.host);
    ide_read_data(&rig.host, got + 2048, 1000);
    ck_assert(state_round_trip(&atapi_cd_state, rig.cd, other.cd));
    ck_assert(state_round_trip(&ide_channel_state, rig.host.channel, other.host.channel));
    ide_read_data(&other.host, got + 3048, 1048);
    ck_assert_uint_eq(ide_wait(&other.host), READY | STATUS_DRQ);
    ide_read_data(&other.host, got + 4096, 2048);
    ck_assert_uint_eq(ide_wait(&other.host), READY);
    ck_assert_mem_eq(got, disc + 30 * 2048, 6144);
    ck_assert(atapi_cd_eject(other.cd, true, &err));
    struct buffer saved = {0};
    state_save(&atapi_cd_state, rig.cd, &saved);
    struct reader reader = {.data = saved.data, .size = saved.size};
    ck_assert(!state_load(&atapi_cd_state, other.cd, &reader, &err));
    ck_assert(strstr(err.text, "another disc"));
    buffer_free(&saved);
    rig_free(&rig);
    rig_free(&other);
}
END_TEST

START_TEST(disc_taken_out_while_read)
{
    struct rig rig;
    rig_ready(&rig, true);
    ide_out(&rig.host, R_MID, 0);
    ide_out(&rig.host, R_HIGH, 8);
    ide_out(&rig.host, R_STATUS, 0xA0);
    ide_wait(&rig.host);
    ide_write_data(&rig.host, (const uint8_t[12]){0x28, 0, 0, 0, 0, 30, 0, 0, 3}, 12);
    atapi_cd_eject(rig.cd, true, NULL);
    ck_assert_uint_eq(ide_wait(&rig.host), CHECK);
    expect_sense(&rig, 2, 0x3A02);
    rig_free(&rig);
}
END_TEST

START_TEST(host_error_is_a_medium_error)
{
    struct rig rig;
    rig_ready(&rig, false);
    atapi_cd_insert(rig.cd, bad_media_new(MEDIA_CDROM, 100 * 2048, 42 * 2048, 1));
    ck_assert_uint_eq(PACKET(&rig, 0), CHECK);
    expect_sense(&rig, 6, 0x2800);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 41, 0, 0, 1), READY);
    ck_assert_uint_eq(PACKET(&rig, 0x28, 0, 0, 0, 0, 41, 0, 0, 3), CHECK);
    expect_sense(&rig, 3, 0x1100);
    rig_free(&rig);
}
END_TEST

START_TEST(wild_packets)
{
    struct rig rig;
    uint32_t x = 99;
    rig_ready(&rig, true);
    static uint8_t memory[1 << 16];
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[12];
        for (int j = 0; j < 12; j++) {
            x = x * 1664525 + 1013904223;
            bytes[j] = (uint8_t)(x >> 24) & (j ? 0x1F : 0xFF);
        }
        ide_out(&rig.host, R_ERROR, x >> 9 & 1);
        ide_out(&rig.host, R_MID, (uint8_t)(x >> 3));
        ide_out(&rig.host, R_HIGH, (uint8_t)(x >> 5));
        ide_out(&rig.host, R_STATUS, 0xA0);
        ide_pass(&rig.host, 100000);
        ide_write_data(&rig.host, bytes, 12);
        ide_start_dma(&rig.host, memory, sizeof memory);
        ide_pass(&rig.host, x >> 10);
        for (int j = 0; j < (int)(x >> 20); j++) {
            ide_command_ports.read(rig.host.channel, 0, 2);
            ide_command_ports.write(rig.host.channel, 0, 2, x);
        }
        if (x >> 30 == 3)
            ide_out(&rig.host, R_STATUS, 0x08);
        ide_pass(&rig.host, 1000000);
    }
    rig_free(&rig);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        signature_and_identify,
        attention_then_ready,
        read_in_blocks,
        read_by_dma,
        no_disc_and_disc_change,
        table_of_contents,
        mode_pages,
        configuration_and_information,
        raw_sectors,
        state_in_the_middle_of_a_read,
        disc_taken_out_while_read,
        host_error_is_a_medium_error,
        wild_packets,
    };
    return suite_run("atapi_cd", tests, sizeof tests / sizeof tests[0]);
}
