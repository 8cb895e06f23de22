/* SPDX-License-Identifier: MIT */
/* Mode 1 sectors as they lie on the disc: sync, header, data, EDC, ECC. ECMA-130, clause 14 and annexes. */
#ifndef LATHE_DEVICES_STORAGE_CD_SECTOR_H
#define LATHE_DEVICES_STORAGE_CD_SECTOR_H

#include <stdint.h>

enum {
    CD_SECTOR_RAW = 2352,
    CD_SECTOR_SYNC = 12,
    CD_SECTOR_HEADER = 4,
    CD_SECTOR_DATA = 2048,
    CD_SECTOR_PARITY = 288, /* EDC, eight zeros, P and Q parity */
};

/* Minute, second and frame of a logical block; LBA 0 is at 00:02:00. */
void cd_msf(uint32_t lba, uint8_t msf[3]);

/* Builds the raw sector around its 2048 data bytes. */
void cd_sector_build(uint32_t lba, const uint8_t data[CD_SECTOR_DATA], uint8_t raw[CD_SECTOR_RAW]);

#endif
