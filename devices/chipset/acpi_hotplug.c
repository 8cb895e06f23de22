/* SPDX-License-Identifier: MIT */
/* ACPI hot-plug of the virtual PIIX4 board that SeaBIOS is written for. QEMU's "ACPI PCI hotplug interface"
 * and "ACPI CPU hotplug interface" (docs/specs); ACPI 1.0b, section 4.7.4.3, "General-Purpose Event Register
 * Blocks".
 *
 *   PCI: dwords of one bit a slot   0 inserted   4 to be ejected   8 eject (write)   12 removable
 *   CPU: one bit a processor that is there
 *   GPE: status (2 bytes), enable (2 bytes)
 *
 * Nothing is ever plugged here: no event comes, no slot can be ejected, and there is one processor.
 */
#include "devices/chipset/acpi_hotplug.h"

#include <string.h>

#include "core/base/alloc.h"

enum { FIRST_PROCESSOR = 1 << 0 };

static uint32_t pci_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)offset, (void)size;
    return 0;
}

static uint32_t cpu_read(void *self, uint32_t offset, unsigned size)
{
    (void)self, (void)size;
    return offset == 0 ? FIRST_PROCESSOR : 0;
}

static void no_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    (void)self, (void)offset, (void)size, (void)value;
}

static bool is_enable(uint32_t offset)
{
    return offset >= ACPI_GPE_PORTS / 2;
}

static uint32_t gpe_read(void *self, uint32_t offset, unsigned size)
{
    const struct acpi_hotplug *hotplug = self;
    (void)size;
    return is_enable(offset) ? hotplug->enable[offset - ACPI_GPE_PORTS / 2] : 0;
}

static void gpe_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct acpi_hotplug *hotplug = self;
    (void)size;
    if (is_enable(offset))
        hotplug->enable[offset - ACPI_GPE_PORTS / 2] = (uint8_t)value;
}

const struct port_ops acpi_pci_hotplug_ports = {pci_read, no_write, 1, 1};
const struct port_ops acpi_cpu_hotplug_ports = {cpu_read, no_write, 1, 1};
const struct port_ops acpi_gpe_ports = {gpe_read, gpe_write, 1, 1};

void acpi_hotplug_reset(struct acpi_hotplug *hotplug)
{
    memset(hotplug->enable, 0, sizeof hotplug->enable);
}

static const struct state_field fields[] = {STATE_ARRAY(struct acpi_hotplug, enable), STATE_END};
const struct state_desc acpi_hotplug_state = {.name = "acpi_hotplug", .version = 1, .fields = fields};

struct acpi_hotplug *acpi_hotplug_new(void)
{
    return alloc_zeroed(sizeof(struct acpi_hotplug));
}

void acpi_hotplug_free(struct acpi_hotplug *hotplug)
{
    alloc_free(hotplug);
}
