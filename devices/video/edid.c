/* SPDX-License-Identifier: MIT */
#include "devices/video/edid.h"

#include <string.h>

#include "core/base/bytes.h"

enum {
    EDID_VENDOR = 8,
    EDID_PRODUCT = 10,
    EDID_WEEK = 16,
    EDID_YEAR = 17,
    EDID_VERSION = 18,
    EDID_INPUT = 20,
    EDID_WIDTH_CM = 21,
    EDID_HEIGHT_CM = 22,
    EDID_GAMMA = 23,
    EDID_FEATURES = 24,
    EDID_CHROMATICITY = 25,
    EDID_ESTABLISHED = 35,
    EDID_STANDARD = 38,
    EDID_DESCRIPTORS = 54,
    EDID_CHECKSUM = 127,
    DESCRIPTOR_BYTES = 18,
    STANDARD_COUNT = 8,
};

enum { ASPECT_16_10, ASPECT_4_3, ASPECT_5_4, ASPECT_16_9 };

enum { DESCRIPTOR_NAME = 0xFC, DESCRIPTOR_RANGE = 0xFD, DESCRIPTOR_UNUSED = 0x10 };

/* One timing as VESA's DMT standard prints it. */
struct detailed_timing {
    unsigned clock_10khz;
    unsigned width, h_blank, h_sync_offset, h_sync_width;
    unsigned height, v_blank, v_sync_offset, v_sync_width;
    unsigned width_mm, height_mm;
};

/* Three letters in five bits each, A is 1; big-endian. */
static void put_vendor(uint8_t *out, const char letters[3])
{
    unsigned code = 0;
    for (unsigned i = 0; i < 3; i++)
        code = code << 5 | (unsigned)(letters[i] - '@');
    store_be16(out, (uint16_t)code);
}

static void put_standard_timings(uint8_t *out)
{
    static const struct {
        unsigned width, aspect;
    } timings[] = {
        {1280, ASPECT_5_4}, {1280, ASPECT_4_3},   {1280, ASPECT_16_9}, {1440, ASPECT_16_10},
        {1600, ASPECT_4_3}, {1680, ASPECT_16_10}, {1920, ASPECT_16_9},
    };
    memset(out, 0x01, 2 * STANDARD_COUNT); /* 01h 01h: unused */
    for (unsigned i = 0; i < sizeof timings / sizeof timings[0]; i++) {
        out[2 * i] = (uint8_t)(timings[i].width / 8 - 31);
        out[2 * i + 1] = (uint8_t)(timings[i].aspect << 6); /* refresh: 60 Hz + 0 */
    }
}

/* Low eight bits in one byte each, high nibbles of a pair in a third. */
static void put_pair(uint8_t *out, unsigned first, unsigned second)
{
    out[0] = (uint8_t)first;
    out[1] = (uint8_t)second;
    out[2] = (uint8_t)((first >> 8 & 0xF) << 4 | (second >> 8 & 0xF));
}

static void put_detailed_timing(uint8_t *out, const struct detailed_timing *t)
{
    store_le16(out, (uint16_t)t->clock_10khz);
    put_pair(out + 2, t->width, t->h_blank);
    put_pair(out + 5, t->height, t->v_blank);
    out[8] = (uint8_t)t->h_sync_offset;
    out[9] = (uint8_t)t->h_sync_width;
    out[10] = (uint8_t)((t->v_sync_offset & 0xF) << 4 | (t->v_sync_width & 0xF));
    out[11] = (uint8_t)(t->h_sync_offset >> 8 << 6 | t->h_sync_width >> 8 << 4);
    put_pair(out + 12, t->width_mm, t->height_mm);
    out[17] = 0x18; /* separate syncs, both negative */
}

/* 30 to 90 kHz, 50 to 75 Hz, up to 170 MHz. */
static void put_range(uint8_t *out)
{
    static const uint8_t range[] = {0, 0, 0, DESCRIPTOR_RANGE, 0, 50, 75, 30, 90, 17, 0, '\n'};
    memset(out, ' ', DESCRIPTOR_BYTES);
    memcpy(out, range, sizeof range);
}

static void put_name(uint8_t *out, const char *name)
{
    size_t length = strlen(name);
    memset(out, ' ', DESCRIPTOR_BYTES);
    memset(out, 0, 5);
    out[3] = DESCRIPTOR_NAME;
    memcpy(out + 5, name, length);
    out[5 + length] = '\n';
}

void edid_build(uint8_t block[EDID_BYTES])
{
    static const uint8_t header[8] = {0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00};
    static const uint8_t srgb[10] = {0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54};
    static const struct detailed_timing preferred = {6500, 1024, 320, 24, 136, 768, 38, 3, 6, 340, 255};
    memset(block, 0, EDID_BYTES);
    memcpy(block, header, sizeof header);
    put_vendor(block + EDID_VENDOR, "LTH");
    store_le16(block + EDID_PRODUCT, 1);
    block[EDID_WEEK] = 1;
    block[EDID_YEAR] = 2000 - 1990;
    block[EDID_VERSION] = 1;
    block[EDID_VERSION + 1] = 3;
    block[EDID_INPUT] = 0x80; /* digital */
    block[EDID_WIDTH_CM] = 34;
    block[EDID_HEIGHT_CM] = 26;
    block[EDID_GAMMA] = 120;     /* 2.20 */
    block[EDID_FEATURES] = 0x0A; /* RGB colour, first detailed timing preferred */
    memcpy(block + EDID_CHROMATICITY, srgb, sizeof srgb);
    block[EDID_ESTABLISHED] = 0x21;     /* 640x480, 800x600 at 60 Hz */
    block[EDID_ESTABLISHED + 1] = 0x08; /* 1024x768 at 60 Hz */
    put_standard_timings(block + EDID_STANDARD);
    put_detailed_timing(block + EDID_DESCRIPTORS, &preferred);
    put_range(block + EDID_DESCRIPTORS + DESCRIPTOR_BYTES);
    put_name(block + EDID_DESCRIPTORS + 2 * DESCRIPTOR_BYTES, "Lathe");
    block[EDID_DESCRIPTORS + 3 * DESCRIPTOR_BYTES + 3] = DESCRIPTOR_UNUSED;
    for (unsigned i = 0; i < EDID_CHECKSUM; i++)
        block[EDID_CHECKSUM] = (uint8_t)(block[EDID_CHECKSUM] - block[i]);
}
