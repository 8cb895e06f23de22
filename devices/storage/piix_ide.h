/* SPDX-License-Identifier: MIT */
/* The IDE function of the PIIX3 (8086:7010): two channels at their legacy ports and a bus master.
 * 82371FB/82371SB data sheet, 2.3 (configuration) and 2.7 (bus master); SFF-8038i.
 *
 * The legacy ports answer only while PCI COMMAND bit 0 and the channel's IDETIM bit 15 are set, which the
 * firmware does.
 */
#ifndef LATHE_DEVICES_STORAGE_PIIX_IDE_H
#define LATHE_DEVICES_STORAGE_PIIX_IDE_H

#include "core/base/irq_line.h"
#include "core/mem/portmap.h"

struct ide_channel;
struct ide_device;
struct log;
struct pci_function;
struct physmap;
struct piix_ide;
struct state_desc;

struct piix_ide_config {
    struct log *log;
    struct physmap *physmap; /* for descriptor tables and data */
    struct irq_line irq[2];  /* IRQ14 and IRQ15 */
};

struct piix_ide *piix_ide_new(const struct piix_ide_config *cfg);

/* Devices on the channels are not owned. */
void piix_ide_free(struct piix_ide *ide);

/* What the board attaches to the PCI bus. */
struct pci_function *piix_ide_function(struct piix_ide *ide);

/* Plugs a device in: channel 0 or 1, number 0 (master) or 1 (slave). */
void piix_ide_attach(struct piix_ide *ide, unsigned channel, unsigned number, struct ide_device *device);

/* Resets both channels, their devices and the bus master (pci_reset does the configuration space). */
void piix_ide_reset(struct piix_ide *ide);

/* Eight command block ports and one control block port of a channel; `self` is piix_ide_port(ide, channel).
 */
extern const struct port_ops piix_ide_command_ports, piix_ide_control_ports;
void *piix_ide_port(struct piix_ide *ide, unsigned channel);

/* The function and both channels; the devices are parts of their own. */
extern const struct state_desc piix_ide_state;

#endif
