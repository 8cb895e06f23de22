/* SPDX-License-Identifier: MIT */
/* PIIX3 (82371SB, 8086:7000) or PIIX4 (82371AB, 8086:7110) PCI-to-ISA bridge: PIRQ router, reset control, APM
 * ports. Intel data sheets 290550 and 290562. */
#ifndef LATHE_DEVICES_CHIPSET_PIIX_H
#define LATHE_DEVICES_CHIPSET_PIIX_H

#include "devices/chipset/pci.h"
#include "devices/chipset/reset.h"
#include "devices/serial/char_sink.h"

enum piix_model { PIIX3, PIIX4 };

struct piix_config {
    struct log *log;
    enum piix_model model;
    struct irq_line irq[16]; /* PCI bank of the interrupt controllers */
    struct reset_sink reset;
    struct char_sink apmc;                /* sees writes to the APM control port (SMI command) */
    uint16_t subsystem_vendor, subsystem; /* 0 on the real chip; firmware tells boards apart by them */
};

struct piix {
    struct piix_config cfg;
    struct log_source log;
    struct pci_function pci;
    bool pirq[4];
    uint16_t routed; /* IRQs that a PIRQ wire asserts */
    uint8_t reset_control, apmc, apms;
};

/* CF8h-CFBh as pci_forward_cf8 wants it (only CF9h answers), and two ports at B2h. */
extern const struct port_ops piix_reset_ports, piix_apm_ports;
extern const struct state_desc piix_state;

/* The board attaches `pci` to function 0 of its slot (1 by convention). */
struct piix *piix_new(const struct piix_config *cfg);
void piix_free(struct piix *piix);
void piix_reset(struct piix *piix);

/* irq_line_fn: input 0-3 is PIRQA#-PIRQD#, high = asserted. */
void piix_set_pirq(void *piix, unsigned input, bool level);
struct irq_line piix_pirq_line(struct piix *piix, unsigned pirq);

#endif
