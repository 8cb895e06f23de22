/* SPDX-License-Identifier: MIT */
#include "devices/storage/ide_identify.h"

#include <stddef.h>
#include <string.h>

#include "core/base/bytes.h"

void ide_identify_string(uint8_t *words, unsigned word, unsigned length, const char *text)
{
    size_t size = strlen(text);
    for (unsigned i = 0; i < length; i++)
        words[2 * word + (i ^ 1)] = (uint8_t)(i < size ? text[i] : ' ');
}

void ide_identify_checksum(uint8_t *words)
{
    uint8_t sum = 0xA5;
    words[510] = 0xA5;
    for (int i = 0; i < 510; i++)
        sum = (uint8_t)(sum + words[i]);
    words[511] = (uint8_t)(0u - sum);
}

void ide_identify_modes(uint8_t *words, uint8_t mdma, uint8_t udma)
{
    store_le16(words + 2 * 51, 0x0200); /* PIO 2 by the oldest reckoning */
    store_le16(words + 2 * 63, (uint16_t)(0x0007 | mdma << 8));
    store_le16(words + 2 * 64, 0x0003); /* PIO 3 and 4 */
    for (int word = 65; word <= 68; word++)
        store_le16(words + 2 * word, 120);
    store_le16(words + 2 * 88, (uint16_t)(0x003F | udma << 8));
}
