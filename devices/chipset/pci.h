/* SPDX-License-Identifier: MIT */
/* PCI bus 0: configuration mechanism 1, type 0 configuration space, base address registers, INTx wires.
 * PCI Local Bus Specification 2.1, chapter 6; 82441FX data sheet, CONFADD and CONFDATA.
 *
 * A device embeds a struct pci_function, describes it once with pci_function_init, opens further
 * registers with the pci_writable functions, and the board attaches it to a slot:
 *
 *   pci_function_init(&ide->pci, &(struct pci_function_config){.name = "piix-ide", .vendor = 0x8086, ...});
 *   pci_writable16(&ide->pci, IDETIM, 0xFFFF);
 *   pci_attach(bus, &ide->pci, 1, 1);
 */
#ifndef LATHE_DEVICES_CHIPSET_PCI_H
#define LATHE_DEVICES_CHIPSET_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/irq_line.h"
#include "core/base/log.h"
#include "core/base/state.h"
#include "core/mem/physmap.h"
#include "core/mem/portmap.h"

enum {
    PCI_CONFIG_SIZE = 256,
    PCI_BARS = 6,
    PCI_ROM_BAR = 6,
    PCI_BAR_COUNT = 7,
    PCI_SLOTS = 32,
    PCI_FUNCTIONS = 8
};

/* Type 0 header, PCI 2.1 figure 6-1. */
enum pci_register {
    PCI_VID = 0x00,
    PCI_DID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_RID = 0x08,
    PCI_CLASSC = 0x09,
    PCI_CLS = 0x0C,
    PCI_MLT = 0x0D,
    PCI_HEDT = 0x0E,
    PCI_BIST = 0x0F,
    PCI_BAR0 = 0x10,
    PCI_SVID = 0x2C,
    PCI_SID = 0x2E,
    PCI_ROM_BASE = 0x30,
    PCI_CAP_PTR = 0x34,
    PCI_INTLN = 0x3C,
    PCI_INTPN = 0x3D,
    PCI_MIN_GNT = 0x3E,
    PCI_MAX_LAT = 0x3F,
};

enum pci_command_bit {
    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_MASTER = 1 << 2,
    PCI_COMMAND_PARITY = 1 << 6,
    PCI_COMMAND_SERR = 1 << 8,
};

enum pci_header_bit { PCI_HEDT_MULTI_FUNCTION = 0x80 };

enum pci_bar_kind {
    PCI_BAR_NONE,
    PCI_BAR_IO,              /* placed in the port map */
    PCI_BAR_MEMORY,          /* 32-bit memory, placed in the physical map */
    PCI_BAR_MEMORY_PREFETCH, /* the same, announced as prefetchable */
};

/* What one base address register decodes. `size` is a power of two, at least 4 (I/O) or 4 KiB (memory, ROM).
 * I/O uses `ports` and `self`. Memory uses `region` as a template for physmap_add (kind, priority, reads,
 * writes, offset or ops and self; base and size are filled in). A BAR with neither only tells `bar_moved`. */
struct pci_bar {
    enum pci_bar_kind kind;
    uint32_t size;
    const char *name;
    const struct port_ops *ports;
    void *self;
    struct physmap_region region;
};

struct pci_function_config {
    const char *name; /* a literal or outlives the function */
    uint16_t vendor, device;
    uint32_t class_code; /* base class << 16 | sub class << 8 | programming interface */
    uint8_t revision;
    uint16_t subsystem_vendor, subsystem;
    uint16_t command;      /* value after reset: bits set here and not in command_mask are hard-wired */
    uint16_t command_mask; /* writable bits */
    uint16_t status;       /* DEVSEL timing and such; read-only */
    uint16_t status_clear; /* write-one-to-clear bits */
    uint8_t interrupt_pin; /* 0: none, 1 = INTA# .. 4 = INTD# */
    struct pci_bar bars[PCI_BARS];
    struct pci_bar rom; /* kind PCI_BAR_MEMORY where there is one */
    void *self;         /* for the hooks below; all optional */
    /* Before a configuration read: bring config[offset .. offset+size) up to date. */
    void (*config_reading)(void *self, uint32_t offset, unsigned size);
    /* After a configuration write went through the masks and BARs were moved. */
    void (*config_written)(void *self, uint32_t offset, unsigned size);
    /* A BAR (0-5, PCI_ROM_BAR) began or ceased to decode, or moved. */
    void (*bar_moved)(void *self, unsigned bar, uint32_t base, bool decodes);
};

struct pci_bus;

struct pci_function {
    struct pci_function_config cfg;
    struct pci_bus *bus; /* NULL: not attached */
    unsigned slot, function;
    uint8_t config[PCI_CONFIG_SIZE];       /* as the guest reads it */
    uint8_t config_reset[PCI_CONFIG_SIZE]; /* as it is after reset */
    uint8_t writable[PCI_CONFIG_SIZE];     /* per bit: takes what is written */
    uint8_t clearable[PCI_CONFIG_SIZE];    /* per bit: cleared by writing one */
    bool intx;                             /* drives its INTx wire */
    struct pci_decode {
        bool on;
        uint32_t base;
        struct port_range *ports;
        struct physmap_region *region;
    } decode[PCI_BAR_COUNT];
};

struct pci_config {
    struct log *log;
    struct portmap *ports;
    struct physmap *physmap;
    struct irq_line pirq[4]; /* PIRQA#-PIRQD#, high = asserted; each the OR of its INTx wires */
};

struct pci_bus {
    struct pci_config cfg;
    struct log_source log;
    uint32_t config_address;          /* CONFADD */
    uint32_t pirq_count[4];           /* functions that assert each wire */
    const struct port_ops *cf8_ports; /* who sees narrow accesses to CF8h-CFBh */
    void *cf8_self;
    struct pci_function *functions[PCI_SLOTS][PCI_FUNCTIONS];
};

/* The bus outlives its devices: each detaches its functions when it is freed. */
struct pci_bus *pci_new(const struct pci_config *cfg);
void pci_free(struct pci_bus *bus);

/* Hard reset: CONFADD, and pci_function_reset of every function. */
void pci_reset(struct pci_bus *bus);

/* Eight ports at CF8h. */
extern const struct port_ops pci_config_ports;

/* Accesses to CF8h-CFBh that are not a whole aligned doubleword go here, bytewise, offset 0-3 (the reset
 * control register at CF9h lives in the south bridge). */
void pci_forward_cf8(struct pci_bus *bus, const struct port_ops *ports, void *self);

/* Fills in the header and its masks; `cfg` is copied. Further registers: store into config[] and open them.
 */
void pci_function_init(struct pci_function *function, const struct pci_function_config *cfg);
void pci_writable8(struct pci_function *function, unsigned offset, uint8_t mask);
void pci_writable16(struct pci_function *function, unsigned offset, uint16_t mask);
void pci_writable32(struct pci_function *function, unsigned offset, uint32_t mask);

/* Plugs a function in. What config[] holds now becomes its state after reset. Function 0 of a slot announces
 * "multi-function" once another function of the slot is there. */
void pci_attach(struct pci_bus *bus, struct pci_function *function, unsigned slot, unsigned number);

/* Takes a function off the bus and its BARs out of the maps, for the end of the machine: its INTx is
 * forgotten without a change on the wire, whose far end may be gone. Harmless where it is not attached. */
void pci_detach(struct pci_function *function);

/* Configuration space as after RST#; BARs stop decoding; INTx released. */
void pci_function_reset(struct pci_function *function);

/* Drives the function's INTx pin (level; true = asserted). Pin INTx# of slot s is wired to
 * PIRQ (s - 1 + pin - 1) mod 4, so that INTA# of slot 1 is PIRQA#. */
void pci_set_intx(struct pci_function *function, bool level);

/* For irq_line: receiver is a struct pci_function, input is ignored. */
void pci_intx_line(void *function, unsigned input, bool level);

/* Whether COMMAND allows the function to master the bus. */
bool pci_can_master(const struct pci_function *function);

/* Configuration access as the guest's, without the CONFADD detour. Offset + size stay within one doubleword.
 */
uint32_t pci_config_read(struct pci_bus *bus, unsigned slot, unsigned number, unsigned offset, unsigned size);
void pci_config_write(struct pci_bus *bus, unsigned slot, unsigned number, unsigned offset, unsigned size,
                      uint32_t value);

/* State of the bus, and of one function: a part of its own, or nested by STATE_STRUCT(...,
 * pci_function_fields) in a device whose after_load calls pci_function_loaded. */
extern const struct state_desc pci_bus_state;
extern const struct state_desc pci_function_state;
extern const struct state_field pci_function_fields[];
void pci_function_loaded(struct pci_function *function);

#endif
