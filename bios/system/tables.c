/* SPDX-License-Identifier: MIT */
/* Checksums of the structures in protected.S. */
#include "system/tables.h"

#include "system/cpu.h"
#include "system/memory_map.h"

extern const uint8_t bios32_directory[], pir_table[], pir_end[];

void table_put8(const void *field, uint8_t value)
{
    far_write8(SEG_ROM, (uint16_t)NEAR(field), value);
}

void table_put16(const void *field, uint16_t value)
{
    far_write16(SEG_ROM, (uint16_t)NEAR(field), value);
}

void table_put32(const void *field, uint32_t value)
{
    far_write32(SEG_ROM, (uint16_t)NEAR(field), value);
}

void table_checksum(const void *start, const void *checksum, uint32_t length)
{
    const uint8_t *bytes = start;
    uint8_t sum = 0;
    table_put8(checksum, 0);
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + far_read8(SEG_ROM, (uint16_t)NEAR(bytes + i)));
    table_put8(checksum, (uint8_t)-sum);
}

void tables_init(void)
{
    table_checksum(bios32_directory, bios32_directory + 10, 16);
    table_checksum(pnp_installation, pnp_installation + 8, 0x21);
    table_checksum(pir_table, pir_table + 31, (uint32_t)(pir_end - pir_table));
}
