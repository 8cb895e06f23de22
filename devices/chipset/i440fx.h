/* SPDX-License-Identifier: MIT */
/* 82441FX (440FX) host bridge: PCI 8086:1237, programmable attribute maps, SMRAM. Intel data sheet 290549. */
#ifndef LATHE_DEVICES_CHIPSET_I440FX_H
#define LATHE_DEVICES_CHIPSET_I440FX_H

#include "devices/chipset/pci.h"

enum { I440FX_PAM_SEGMENTS = 13 };

/* Priorities in the physical map that this bridge uses. ROM and devices that live at C0000h-FFFFFh on the bus
 * side (PCI and ISA) go below I440FX_PRIORITY_SHADOW; RAM that covers them where PAM says so is at it. */
enum i440fx_priority {
    I440FX_PRIORITY_PCI = 0,     /* BARs */
    I440FX_PRIORITY_RAM = 10,    /* the board's RAM below 640 KiB and above 1 MiB */
    I440FX_PRIORITY_ROM = 20,    /* system BIOS, option ROMs, the VGA window at A0000h */
    I440FX_PRIORITY_SHADOW = 30, /* RAM at C0000h-FFFFFh, driven by PAM */
    I440FX_PRIORITY_SMRAM = 40,  /* RAM at A0000h-BFFFFh, driven by SMRAM */
};

struct i440fx_config {
    struct log *log;
    struct physmap *physmap;
    mem_t ram;                            /* guest memory behind address 0: at least 1 MiB of RAM */
    uint64_t ram_size;                    /* bytes; shows in the DRAM row boundaries */
    uint16_t subsystem_vendor, subsystem; /* 0 on the real chip; firmware tells boards apart by them */
};

struct i440fx {
    struct i440fx_config cfg;
    struct log_source log;
    struct pci_function pci;
    struct physmap_region *shadow[I440FX_PAM_SEGMENTS]; /* owned by the physical map */
    struct physmap_region *smram;
    bool in_smm;
};

extern const struct state_desc i440fx_state;

/* Adds the shadow RAM regions, closed, to the physical map. The board attaches `pci` to slot 0, function 0.
 */
struct i440fx *i440fx_new(const struct i440fx_config *cfg);
void i440fx_free(struct i440fx *bridge);

/* Hard reset: shadow RAM closed, so that the ROM answers. */
void i440fx_reset(struct i440fx *bridge);

/* SMIACT# of the CPU: opens SMRAM while the CPU is in system management mode and G_SMRAME is set. */
void i440fx_set_smm(struct i440fx *bridge, bool in_smm);

#endif
