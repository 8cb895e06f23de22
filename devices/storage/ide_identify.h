/* SPDX-License-Identifier: MIT */
/* Parts of IDENTIFY data that disks and packet devices fill in alike. ATA/ATAPI-6, 8.15 and 8.16. */
#ifndef LATHE_DEVICES_STORAGE_IDE_IDENTIFY_H
#define LATHE_DEVICES_STORAGE_IDE_IDENTIFY_H

#include <stdint.h>

/* Puts text into the words from `word` on, the first character of each pair in the high byte, padded with
 * spaces to `length` characters. */
void ide_identify_string(uint8_t *words, unsigned word, unsigned length, const char *text);

/* Words 51, 63-68 and 88: PIO 4, multiword DMA 2, Ultra DMA 5; the masks say which mode is selected. */
void ide_identify_modes(uint8_t *words, uint8_t mdma, uint8_t udma);

/* Word 255: integrity word over the rest. */
void ide_identify_checksum(uint8_t *words);

#endif
