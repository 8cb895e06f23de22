/* SPDX-License-Identifier: MIT */
/* Two cascaded 8259A interrupt controllers with edge/level registers. 8259A data sheet; 82371SB (PIIX3),
 * ELCR. */
#ifndef LATHE_DEVICES_CHIPSET_PIC_8259_H
#define LATHE_DEVICES_CHIPSET_PIC_8259_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/portmap.h"

enum { PIC_INPUTS = 16, PIC_CASCADE = 2 };

/* Inputs of pic_set_irq: each request is the OR of the ISA line and of what the chipset routes onto it. */
enum pic_bank { PIC_BANK_ISA = 0, PIC_BANK_PCI = 16, PIC_BANK_SYSTEM = 32, PIC_BANK_COUNT = 3 };

/* One 8259A. */
struct pic_chip {
    uint8_t lines; /* level of the IR pins */
    uint8_t irr;   /* interrupt request register */
    uint8_t isr;   /* in-service register */
    uint8_t imr;   /* interrupt mask register */
    uint8_t elcr;  /* 1: level-triggered */
    uint8_t icw1, icw2, icw3, icw4;
    uint8_t icw_next; /* 0: ready, else the ICW that is awaited (2-4) */
    uint8_t lowest;   /* IR with the lowest priority */
    bool read_isr;    /* OCW3: a status read gives ISR, else IRR */
    bool poll;        /* OCW3: the next read is a poll */
    bool special_mask;
    bool rotate_aeoi;
    bool intr; /* INT pin */
};

struct pic_config {
    struct log *log;
    struct irq_line intr; /* INT of the master, to the CPU */
    bool no_elcr;         /* plain ISA board: ICW1.LTIM decides between edge and level */
};

struct pic {
    struct pic_config cfg;
    struct log_source log;
    struct pic_chip master, slave;
    uint16_t banks[PIC_BANK_COUNT];
};

/* Two ports each (20h, A0h), and the two edge/level registers (4D0h). `self` is the struct pic. */
extern const struct port_ops pic_master_ports, pic_slave_ports, pic_elcr_ports;
extern const struct state_desc pic_state;

struct pic *pic_new(const struct pic_config *cfg);
void pic_free(struct pic *pic);

/* Power-on: nothing is initialised, no request gets through. */
void pic_reset(struct pic *pic);

/* irq_line_fn: input is a bank plus the IRQ number 0-15. Input 2 belongs to the cascade and is ignored. */
void pic_set_irq(void *pic, unsigned input, bool level);
struct irq_line pic_line(struct pic *pic, enum pic_bank bank, unsigned irq);

/* Level of INT. */
bool pic_intr(const struct pic *pic);

/* Both INTA cycles: the vector that the pair puts on the bus. Gives IR7's vector where the request went away.
 */
uint8_t pic_acknowledge(struct pic *pic);

#endif
