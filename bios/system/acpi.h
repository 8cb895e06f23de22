/* SPDX-License-Identifier: MIT */
/* ACPI 1.0 tables. */
#ifndef BIOS_SYSTEM_ACPI_H
#define BIOS_SYSTEM_ACPI_H

/* POST: completes the tables in the shadowed ROM and copies them to the top of RAM. Nothing without a PIIX4.
 */
void acpi_init(void);

#endif
