/* SPDX-License-Identifier: MIT */
/* Completes the template in smbios_data.S. */
#include "system/smbios.h"

#include "system/cpu_name.h"
#include "system/private.h"
#include "system/tables.h"

enum { ENTRY_BYTES = 0x1f, ENTRY_CHECKSUM = 4, DMI_BYTES = 0x0f, DMI_CHECKSUM = 5, LARGEST_MIB = 0x7fff };

extern const uint8_t smbios_entry[], smbios_dmi[], smbios_cpu_signature[], smbios_array_kib[],
    smbios_device_mib[], smbios_last_kib[];

void smbios_init(void)
{
    uint32_t signature, features;
    uint32_t kib = (PRIVATE->memory_below_4g >> 10) + (PRIVATE->memory_above_4g << 6);
    uint32_t mib = kib >> 10;
    cpu_identify(&signature, &features);
    table_put32(smbios_cpu_signature, signature);
    table_put32(smbios_cpu_signature + 4, features);
    table_put32(smbios_array_kib, kib);
    table_put16(smbios_device_mib, (uint16_t)(mib > LARGEST_MIB ? LARGEST_MIB : mib));
    table_put32(smbios_last_kib, kib - 1);
    table_checksum(smbios_dmi, smbios_dmi + DMI_CHECKSUM, DMI_BYTES);
    table_checksum(smbios_entry, smbios_entry + ENTRY_CHECKSUM, ENTRY_BYTES);
}
