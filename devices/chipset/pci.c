/* SPDX-License-Identifier: MIT */
/* PCI bus 0, configuration mechanism 1. PCI Local Bus Specification 2.1, sections 3.7.4.1, 6.1 and 6.2.
 *
 * Deviations: no special cycles; type 1 cycles (bus numbers other than 0) end in master abort because no
 * bridge exists; INTx goes from the pins to the PIRQ wires without delay.
 */
#include "devices/chipset/pci.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/bytes.h"

/* CONFADD:  31 enable | 30-24 reserved | 23-16 bus | 15-11 device | 10-8 function | 7-2 register | 1-0 zero
 */
enum { CONFADD_MASK = 0x80FFFFFC, CONFADD_BUS = 0x00FF0000 };
#define CONFADD_CONE 0x80000000u

enum { BAR_IO_SPACE = 1 << 0, BAR_PREFETCHABLE = 1 << 3, ROM_ENABLE = 1 << 0 };

static unsigned bar_register(unsigned bar)
{
    return bar == PCI_ROM_BAR ? (unsigned)PCI_ROM_BASE : PCI_BAR0 + 4 * bar;
}

static const struct pci_bar *bar_of(const struct pci_function *function, unsigned bar)
{
    return bar == PCI_ROM_BAR ? &function->cfg.rom : &function->cfg.bars[bar];
}

/* --- decoding --- */

static bool wants_decode(const struct pci_function *function, unsigned bar)
{
    uint16_t command = load_le16(function->config + PCI_COMMAND);
    if (bar_of(function, bar)->kind == PCI_BAR_IO)
        return command & PCI_COMMAND_IO;
    if (bar == PCI_ROM_BAR && !(function->config[PCI_ROM_BASE] & ROM_ENABLE))
        return false;
    return command & PCI_COMMAND_MEMORY;
}

static void place_ports(struct pci_function *function, const struct pci_bar *bar, struct pci_decode *decode)
{
    portmap_remove(function->bus->cfg.ports, decode->ports);
    decode->ports = NULL;
    /* The processor drives 16 address bits in I/O space; no size exceeds what is left above the base. */
    if (decode->on && decode->base < PORTMAP_PORTS)
        decode->ports = portmap_place(function->bus->cfg.ports, bar->name, decode->base, bar->size,
                                      bar->ports, bar->self);
}

static void place_region(struct pci_function *function, const struct pci_bar *bar, struct pci_decode *decode)
{
    struct physmap *map = function->bus->cfg.physmap;
    if (!decode->on) {
        if (decode->region)
            physmap_enable(map, decode->region, false, false);
        return;
    }
    if (!decode->region) {
        struct physmap_region region = bar->region;
        region.name = bar->name;
        region.base = decode->base;
        region.size = bar->size;
        decode->region = physmap_add(map, &region);
        return;
    }
    physmap_move(map, decode->region, decode->base);
    physmap_enable(map, decode->region, bar->region.reads, bar->region.writes);
}

static void update_bar(struct pci_function *function, unsigned number)
{
    const struct pci_bar *bar = bar_of(function, number);
    struct pci_decode *decode = &function->decode[number];
    if (bar->kind == PCI_BAR_NONE || !function->bus)
        return;
    bool on = wants_decode(function, number);
    uint32_t base = load_le32(function->config + bar_register(number)) & ~(bar->size - 1);
    if (on == decode->on && (!on || base == decode->base))
        return;
    decode->on = on;
    decode->base = base;
    if (bar->kind == PCI_BAR_IO && bar->ports)
        place_ports(function, bar, decode);
    else if (bar->kind != PCI_BAR_IO && (bar->region.reads || bar->region.writes))
        place_region(function, bar, decode);
    log_write(&function->bus->log, LOG_DEBUG, "%s: BAR %u %s at %08Xh", function->cfg.name, number,
              on ? "decodes" : "is off", (unsigned)base);
    if (function->cfg.bar_moved)
        function->cfg.bar_moved(function->cfg.self, number, base, on);
}

static void update_bars(struct pci_function *function)
{
    for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++)
        update_bar(function, bar);
}

/* --- functions --- */

void pci_writable8(struct pci_function *function, unsigned offset, uint8_t mask)
{
    function->writable[offset] = mask;
}

void pci_writable16(struct pci_function *function, unsigned offset, uint16_t mask)
{
    store_le16(function->writable + offset, mask);
}

void pci_writable32(struct pci_function *function, unsigned offset, uint32_t mask)
{
    store_le32(function->writable + offset, mask);
}

static void init_bar(struct pci_function *function, unsigned number)
{
    const struct pci_bar *bar = bar_of(function, number);
    if (bar->kind == PCI_BAR_NONE)
        return;
    ASSERT(bar->size >= (bar->kind == PCI_BAR_IO ? 4 : MEM_PAGE_SIZE) && !(bar->size & (bar->size - 1)));
    uint32_t mask = ~(bar->size - 1);
    if (number == PCI_ROM_BAR)
        mask |= ROM_ENABLE;
    else if (bar->kind == PCI_BAR_IO)
        function->config[bar_register(number)] = BAR_IO_SPACE;
    else if (bar->kind == PCI_BAR_MEMORY_PREFETCH)
        function->config[bar_register(number)] = BAR_PREFETCHABLE;
    pci_writable32(function, bar_register(number), mask);
}

void pci_function_init(struct pci_function *function, const struct pci_function_config *cfg)
{
    *function = (struct pci_function){.cfg = *cfg};
    uint8_t *config = function->config;
    store_le16(config + PCI_VID, cfg->vendor);
    store_le16(config + PCI_DID, cfg->device);
    store_le16(config + PCI_COMMAND, cfg->command);
    store_le16(config + PCI_STATUS, cfg->status);
    /* The class code is three bytes above the revision. */
    store_le32(config + PCI_RID, cfg->class_code << 8 | cfg->revision);
    store_le16(config + PCI_SVID, cfg->subsystem_vendor);
    store_le16(config + PCI_SID, cfg->subsystem);
    config[PCI_INTPN] = cfg->interrupt_pin;
    pci_writable16(function, PCI_COMMAND, cfg->command_mask);
    store_le16(function->clearable + PCI_STATUS, cfg->status_clear);
    if (cfg->interrupt_pin)
        pci_writable8(function, PCI_INTLN, 0xFF);
    for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++)
        init_bar(function, bar);
}

static void announce_multi_function(struct pci_bus *bus, unsigned slot)
{
    struct pci_function *first = bus->functions[slot][0];
    for (unsigned number = 1; first && number < PCI_FUNCTIONS; number++) {
        if (!bus->functions[slot][number])
            continue;
        first->config[PCI_HEDT] |= PCI_HEDT_MULTI_FUNCTION;
        first->config_reset[PCI_HEDT] |= PCI_HEDT_MULTI_FUNCTION;
    }
}

void pci_attach(struct pci_bus *bus, struct pci_function *function, unsigned slot, unsigned number)
{
    ASSERT(slot < PCI_SLOTS && number < PCI_FUNCTIONS && !bus->functions[slot][number]);
    memcpy(function->config_reset, function->config, sizeof function->config);
    function->bus = bus;
    function->slot = slot;
    function->function = number;
    bus->functions[slot][number] = function;
    announce_multi_function(bus, slot);
    update_bars(function);
}

/* INTx# of slot s: PIRQ (s - 1 + pin - 1) mod 4. */
static unsigned intx_wire(const struct pci_function *function)
{
    return (function->slot + function->config[PCI_INTPN] + 2) & 3;
}

static void drop_bars(struct pci_function *function)
{
    for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++) {
        struct pci_decode *decode = &function->decode[bar];
        portmap_remove(function->bus->cfg.ports, decode->ports);
        if (decode->region)
            physmap_remove(function->bus->cfg.physmap, decode->region);
        *decode = (struct pci_decode){0};
    }
}

void pci_detach(struct pci_function *function)
{
    if (!function->bus)
        return;
    if (function->intx)
        function->bus->pirq_count[intx_wire(function)]--;
    function->intx = false;
    drop_bars(function);
    function->bus->functions[function->slot][function->function] = NULL;
    function->bus = NULL;
}

void pci_function_reset(struct pci_function *function)
{
    memcpy(function->config, function->config_reset, sizeof function->config);
    update_bars(function);
    pci_set_intx(function, false);
}

bool pci_can_master(const struct pci_function *function)
{
    return load_le16(function->config + PCI_COMMAND) & PCI_COMMAND_MASTER;
}

/* --- interrupts --- */

void pci_set_intx(struct pci_function *function, bool level)
{
    unsigned pin = function->config[PCI_INTPN];
    struct pci_bus *bus = function->bus;
    if (function->intx == level || !pin || !bus)
        return;
    function->intx = level;
    unsigned wire = intx_wire(function);
    bus->pirq_count[wire] += level ? 1 : UINT32_MAX;
    irq_line_set(&bus->cfg.pirq[wire], bus->pirq_count[wire] != 0);
}

void pci_intx_line(void *function, unsigned input, bool level)
{
    (void)input;
    pci_set_intx(function, level);
}

/* --- configuration access --- */

static uint32_t ones(unsigned size)
{
    return size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1;
}

static uint32_t function_read(struct pci_function *function, unsigned offset, unsigned size)
{
    if (function->cfg.config_reading)
        function->cfg.config_reading(function->cfg.self, offset, size);
    return (uint32_t)load_le(function->config + offset, size);
}

static void function_write(struct pci_function *function, unsigned offset, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i)), *cell = &function->config[offset + i];
        uint8_t mask = function->writable[offset + i];
        *cell = (uint8_t)((*cell & ~mask) | (byte & mask));
        *cell = (uint8_t)(*cell & ~(byte & function->clearable[offset + i]));
    }
    update_bars(function);
    if (function->cfg.config_written)
        function->cfg.config_written(function->cfg.self, offset, size);
}

uint32_t pci_config_read(struct pci_bus *bus, unsigned slot, unsigned number, unsigned offset, unsigned size)
{
    struct pci_function *function = bus->functions[slot % PCI_SLOTS][number % PCI_FUNCTIONS];
    return function ? function_read(function, offset % PCI_CONFIG_SIZE, size) : ones(size);
}

void pci_config_write(struct pci_bus *bus, unsigned slot, unsigned number, unsigned offset, unsigned size,
                      uint32_t value)
{
    struct pci_function *function = bus->functions[slot % PCI_SLOTS][number % PCI_FUNCTIONS];
    if (function)
        function_write(function, offset % PCI_CONFIG_SIZE, size, value);
}

/* Whether CONFADD names a configuration register of bus 0. */
static bool selects_bus0(const struct pci_bus *bus)
{
    return (bus->config_address & CONFADD_CONE) && !(bus->config_address & CONFADD_BUS);
}

static uint32_t data_read(struct pci_bus *bus, unsigned byte, unsigned size)
{
    uint32_t address = bus->config_address;
    if (!selects_bus0(bus))
        return ones(size);
    uint32_t value = pci_config_read(bus, address >> 11, address >> 8, (address & 0xFC) + byte, size);
    log_write(&bus->log, LOG_TRACE, "read %08X+%u.%u = %X", (unsigned)address, byte, size, (unsigned)value);
    return value;
}

static void data_write(struct pci_bus *bus, unsigned byte, unsigned size, uint32_t value)
{
    uint32_t address = bus->config_address;
    log_write(&bus->log, LOG_TRACE, "write %08X+%u.%u = %X", (unsigned)address, byte, size, (unsigned)value);
    if (selects_bus0(bus))
        pci_config_write(bus, address >> 11, address >> 8, (address & 0xFC) + byte, size, value);
}

enum { CONFADD = 0, CONFDATA = 4 };

static uint32_t byte_read(struct pci_bus *bus, uint32_t offset)
{
    if (offset >= CONFDATA)
        return data_read(bus, offset - CONFDATA, 1);
    return bus->cf8_ports ? bus->cf8_ports->read(bus->cf8_self, offset, 1) & 0xFF : 0xFF;
}

static uint32_t ports_read(void *self, uint32_t offset, unsigned size)
{
    struct pci_bus *bus = self;
    if (offset == CONFADD && size == 4)
        return bus->config_address;
    if (offset >= CONFDATA)
        return data_read(bus, offset - CONFDATA, size);
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= byte_read(bus, offset + i) << (8 * i);
    return value;
}

static void byte_write(struct pci_bus *bus, uint32_t offset, uint32_t value)
{
    if (offset >= CONFDATA)
        data_write(bus, offset - CONFDATA, 1, value & 0xFF);
    else if (bus->cf8_ports)
        bus->cf8_ports->write(bus->cf8_self, offset, 1, value & 0xFF);
}

static void ports_write(void *self, uint32_t offset, unsigned size, uint32_t value)
{
    struct pci_bus *bus = self;
    if (offset == CONFADD && size == 4) {
        bus->config_address = value & CONFADD_MASK;
        return;
    }
    if (offset >= CONFDATA) {
        data_write(bus, offset - CONFDATA, size, value);
        return;
    }
    for (unsigned i = 0; i < size; i++)
        byte_write(bus, offset + i, value >> (8 * i));
}

const struct port_ops pci_config_ports = {ports_read, ports_write, 1, 4};

void pci_forward_cf8(struct pci_bus *bus, const struct port_ops *ports, void *self)
{
    bus->cf8_ports = ports;
    bus->cf8_self = self;
}

/* --- state, construction --- */

void pci_reset(struct pci_bus *bus)
{
    bus->config_address = 0;
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        for (unsigned number = 0; number < PCI_FUNCTIONS; number++) {
            if (bus->functions[slot][number])
                pci_function_reset(bus->functions[slot][number]);
        }
    }
}

void pci_function_loaded(struct pci_function *function)
{
    update_bars(function);
}

static bool function_after_load(void *self, struct error *err)
{
    (void)err;
    pci_function_loaded(self);
    return true;
}

const struct state_field pci_function_fields[] = {STATE_ARRAY(struct pci_function, config),
                                                  STATE_SCALAR(struct pci_function, intx), STATE_END};
const struct state_desc pci_function_state = {
    .name = "pci-function", .version = 1, .fields = pci_function_fields, .after_load = function_after_load};

static const struct state_field bus_fields[] = {STATE_SCALAR(struct pci_bus, config_address),
                                                STATE_ARRAY(struct pci_bus, pirq_count), STATE_END};
const struct state_desc pci_bus_state = {.name = "pci-bus", .version = 1, .fields = bus_fields};

struct pci_bus *pci_new(const struct pci_config *cfg)
{
    struct pci_bus *bus = alloc_zeroed(sizeof *bus);
    bus->cfg = *cfg;
    log_attach(cfg->log, &bus->log, "pci");
    return bus;
}

void pci_free(struct pci_bus *bus)
{
    if (!bus)
        return;
    log_detach(&bus->log);
    alloc_free(bus);
}
