/* SPDX-License-Identifier: MIT */
#include "devices/storage/cd_sector.h"

#include <string.h>

#include "core/base/bytes.h"

enum {
    FRAMES_PER_SECOND = 75,
    LEAD_IN_FRAMES = 150,
    EDC_AT = 2064,
    P_AT = 2076,
    Q_AT = 2248,
    P_COLUMNS = 86, /* bytes: 43 words */
    P_ROWS = 24,
    Q_DIAGONALS = 26,
    Q_LENGTH = 43,
    Q_WORDS = 1118,
};

void cd_msf(uint32_t lba, uint8_t msf[3])
{
    uint32_t frames = lba + LEAD_IN_FRAMES;
    msf[0] = (uint8_t)(frames / FRAMES_PER_SECOND / 60);
    msf[1] = (uint8_t)(frames / FRAMES_PER_SECOND % 60);
    msf[2] = (uint8_t)(frames % FRAMES_PER_SECOND);
}

static uint8_t bcd(uint8_t value)
{
    return (uint8_t)(value / 10 << 4 | value % 10);
}

/* CRC by (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), least significant bit first. */
static uint32_t edc(const uint8_t *bytes, unsigned size)
{
    uint32_t crc = 0;
    for (unsigned i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xD8018001 : 0);
    }
    return crc;
}

/* GF(256) by x^8 + x^4 + x^3 + x^2 + 1. */
static uint8_t times_alpha(uint8_t value)
{
    return (uint8_t)(value << 1 ^ (value & 0x80 ? 0x1D : 0));
}

static uint8_t multiply(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b; b >>= 1, a = times_alpha(a))
        product ^= b & 1 ? a : 0;
    return product;
}

/* A code word under construction: the plain sum of its symbols, and the sum weighted by powers of alpha. */
struct code_word {
    uint8_t sum, weighted;
};

static void add_symbol(struct code_word *word, uint8_t symbol)
{
    word->sum ^= symbol;
    word->weighted = times_alpha(word->weighted) ^ symbol;
}

/* The two last symbols p, q make both sums zero: p + q = sum, alpha p + q = alpha^2 weighted. */
static void parity(const struct code_word *word, uint8_t *p, uint8_t *q)
{
    const uint8_t inverse_of_alpha_plus_1 = 0xF4;
    uint8_t rhs = times_alpha(times_alpha(word->weighted));
    *p = multiply(word->sum ^ rhs, inverse_of_alpha_plus_1);
    *q = word->sum ^ *p;
}

static void add_p_parity(uint8_t *raw)
{
    const uint8_t *area = raw + CD_SECTOR_SYNC;
    for (unsigned column = 0; column < P_COLUMNS; column++) {
        struct code_word word = {0, 0};
        for (unsigned row = 0; row < P_ROWS; row++)
            add_symbol(&word, area[row * P_COLUMNS + column]);
        parity(&word, raw + P_AT + column, raw + P_AT + P_COLUMNS + column);
    }
}

static void add_q_parity(uint8_t *raw)
{
    const uint8_t *area = raw + CD_SECTOR_SYNC;
    for (unsigned column = 0; column < 2 * Q_DIAGONALS; column++) {
        struct code_word word = {0, 0};
        for (unsigned i = 0; i < Q_LENGTH; i++)
            add_symbol(&word, area[2 * ((44 * i + 43 * (column / 2)) % Q_WORDS) + column % 2]);
        parity(&word, raw + Q_AT + column, raw + Q_AT + 2 * Q_DIAGONALS + column);
    }
}

void cd_sector_build(uint32_t lba, const uint8_t data[CD_SECTOR_DATA], uint8_t raw[CD_SECTOR_RAW])
{
    uint8_t msf[3];
    memset(raw, 0, CD_SECTOR_RAW);
    memset(raw + 1, 0xFF, 10);
    cd_msf(lba, msf);
    for (int i = 0; i < 3; i++)
        raw[CD_SECTOR_SYNC + i] = bcd(msf[i]);
    raw[CD_SECTOR_SYNC + 3] = 1; /* mode */
    memcpy(raw + CD_SECTOR_SYNC + CD_SECTOR_HEADER, data, CD_SECTOR_DATA);
    store_le32(raw + EDC_AT, edc(raw, EDC_AT));
    add_p_parity(raw);
    add_q_parity(raw);
}
