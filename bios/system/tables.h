/* SPDX-License-Identifier: MIT */
/* Structures that software searches F0000h-FFFFFh for, and the means to complete them in the shadowed ROM. */
#ifndef BIOS_SYSTEM_TABLES_H
#define BIOS_SYSTEM_TABLES_H
#include <stdint.h>

extern const uint8_t pnp_installation[]; /* protected.S */

/* POST, before the shadow is write-protected: stores into our own constants. */
void table_put8(const void *field, uint8_t value);
void table_put16(const void *field, uint16_t value);
void table_put32(const void *field, uint32_t value);

/* Sets the byte at `checksum` so that `length` bytes from `start` sum to zero. */
void table_checksum(const void *start, const void *checksum, uint32_t length);

/* POST: BIOS32 directory, PnP structure, PCI IRQ routing table. */
void tables_init(void);

#endif
