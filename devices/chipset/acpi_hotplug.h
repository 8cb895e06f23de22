/* SPDX-License-Identifier: MIT */
/* General-purpose event block and hot-plug registers at fixed ports, which SeaBIOS's ACPI tables take for
 * granted on this board. Where nothing answers, an operating system reads ones: every event pending, every
 * device to be ejected.
 */
#ifndef LATHE_DEVICES_CHIPSET_ACPI_HOTPLUG_H
#define LATHE_DEVICES_CHIPSET_ACPI_HOTPLUG_H

#include <stdint.h>

#include "core/base/state.h"
#include "core/mem/portmap.h"

enum { ACPI_PCI_HOTPLUG_PORTS = 16, ACPI_CPU_HOTPLUG_PORTS = 32, ACPI_GPE_PORTS = 4 };

struct acpi_hotplug {
    uint8_t enable[ACPI_GPE_PORTS / 2];
};

extern const struct port_ops acpi_pci_hotplug_ports, acpi_cpu_hotplug_ports, acpi_gpe_ports;
extern const struct state_desc acpi_hotplug_state;

struct acpi_hotplug *acpi_hotplug_new(void);
void acpi_hotplug_free(struct acpi_hotplug *hotplug);
void acpi_hotplug_reset(struct acpi_hotplug *hotplug);

#endif
