/* SPDX-License-Identifier: MIT */
#ifndef BIOS_SYSTEM_ACPI_H
#define BIOS_SYSTEM_ACPI_H
void acpi_init(void);
#endif
