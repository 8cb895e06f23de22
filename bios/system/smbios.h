/* SPDX-License-Identifier: MIT */
#ifndef BIOS_SYSTEM_SMBIOS_H
#define BIOS_SYSTEM_SMBIOS_H
void smbios_init(void);
#endif
