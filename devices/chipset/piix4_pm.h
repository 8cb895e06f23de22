/* SPDX-License-Identifier: MIT */
/* PIIX4 function 3 (8086:7113): ACPI power management registers and SMBus host. Intel data sheet 290562. */
#ifndef LATHE_DEVICES_CHIPSET_PIIX4_PM_H
#define LATHE_DEVICES_CHIPSET_PIIX4_PM_H

#include "core/base/clock.h"
#include "devices/chipset/pci.h"

enum { PIIX4_PM_TIMER_HZ = 3579545 };

struct piix4_pm_config {
    struct clock *clock;
    struct log *log;
    struct portmap *ports;
    struct irq_line sci; /* IRQ9 (system bank), high = asserted, level-triggered */
    struct irq_line smi; /* SMI#, high = asserted; unconnected where the processor has none */
    /* SUS_EN with SUS_TYP 0: the machine switches itself off, once the present instruction is over. */
    void (*power_off)(void *self);
    void *self;
    uint16_t subsystem_vendor, subsystem; /* 0 on the real chip; firmware tells boards apart by them */
};

struct piix4_pm {
    struct piix4_pm_config cfg;
    struct log_source log;
    struct pci_function pci;
    struct port_range *pm_range, *smb_range;
    uint32_t pm_base, smb_base; /* where the ranges are; 0: not decoded */
    uint16_t pm_status, pm_enable, pm_control;
    uint16_t gp_status, gp_enable;
    uint16_t gl_status, gl_enable;
    uint32_t processor_control, gl_control, device_status, device_control, gp_output;
    uint64_t timer_seen; /* PM timer ticks up to which TMROF is accounted for */
    uint8_t smb_status, smb_control, smb_command, smb_address, smb_data[2], smb_slave[8];
    uint8_t smb_block[32], smb_index;
    bool irq8;
    struct event overflow, smb_done;
};

extern const struct state_desc piix4_pm_state;

/* The board attaches `pci` to function 3 of the PIIX's slot. */
struct piix4_pm *piix4_pm_new(const struct piix4_pm_config *cfg);
void piix4_pm_free(struct piix4_pm *pm);
void piix4_pm_reset(struct piix4_pm *pm);

/* A write to the APM control port: a char_sink function for struct piix_config.apmc, with the pm as self. */
void piix4_pm_apmc(void *pm, uint8_t value);

/* The power button. False where no operating system has taken over (SCI_EN clear): the caller then switches
 * off. */
bool piix4_pm_power_button(struct piix4_pm *pm);

/* irq_line_fn: the RTC's interrupt, whose rise sets RTC_STS. */
void piix4_pm_irq8(void *pm, unsigned input, bool level);

#endif
