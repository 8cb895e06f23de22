/* SPDX-License-Identifier: MIT */
/* The PCI side, as QEMU's "Standard VGA" specification describes it: BAR 0 is video memory, BAR 2 a page of
 * registers:
 *
 *   000h-3FFh  EDID            400h-41Fh  ports 3C0h-3DFh      500h-515h  Bochs interface, 2 bytes a register
 *
 * Known deviation: no extended registers at 600h (byte order of the frame buffer); they read as zero,
 * "absent". */
#include "devices/video/vga_pci.h"

#include "core/base/alloc.h"
#include "core/base/bytes.h"
#include "devices/video/edid.h"
#include "devices/video/vga_internal.h"

enum {
    VENDOR_BOCHS = 0x1234,
    DEVICE_VGA = 0x1111,
    CLASS_VGA = 0x030000,
    REVISION_WITH_MMIO = 2,
    BAR_FRAME_BUFFER = 0,
    BAR_REGISTERS = 2,
    REGISTERS_SIZE = 0x1000,
    REGISTERS_EDID_END = 0x400,
    REGISTERS_VGA = 0x400,
    REGISTERS_VGA_END = 0x420,
    REGISTERS_DISPI = 0x500,
    REGISTERS_DISPI_END = REGISTERS_DISPI + 2 * DISPI_COUNT,
};

struct vga_pci {
    struct vga *vga;
    struct pci_function function;
    uint8_t edid[EDID_BYTES];
};

static uint64_t registers_read(void *self, uint64_t offset, unsigned size)
{
    struct vga_pci *pci = self;
    uint32_t at = (uint32_t)offset;
    if (at + size <= EDID_BYTES)
        return load_le(pci->edid + at, size);
    if (at >= REGISTERS_VGA && at < REGISTERS_VGA_END) {
        uint64_t low = vga_register_read(pci->vga, at - REGISTERS_VGA);
        return size == 1 ? low : low | (uint64_t)vga_register_read(pci->vga, at + 1 - REGISTERS_VGA) << 8;
    }
    if (at >= REGISTERS_DISPI && at < REGISTERS_DISPI_END)
        return (uint32_t)vbe_dispi_read(&pci->vga->dispi, (at - REGISTERS_DISPI) / 2) >> at % 2 * 8;
    return 0;
}

static void registers_write(void *self, uint64_t offset, unsigned size, uint64_t value)
{
    struct vga_pci *pci = self;
    uint32_t at = (uint32_t)offset;
    if (at >= REGISTERS_VGA && at < REGISTERS_VGA_END) {
        for (unsigned i = 0; i < size; i++)
            vga_register_write(pci->vga, at + i - REGISTERS_VGA, (uint8_t)(value >> 8 * i));
    } else if (at >= REGISTERS_DISPI && at < REGISTERS_DISPI_END && size == 2) {
        vga_write_dispi(pci->vga, (at - REGISTERS_DISPI) / 2, (uint16_t)value);
    } else {
        log_write(&pci->vga->log, LOG_GUEST, "write of %u bytes to register page offset %03Xh", size,
                  (unsigned)at);
    }
}

static const struct mmio_ops registers_ops = {registers_read, registers_write, 2};

static void follow_command(struct vga_pci *pci)
{
    uint16_t command = load_le16(pci->function.config + PCI_COMMAND);
    vga_set_decode(pci->vga, command & PCI_COMMAND_IO, command & PCI_COMMAND_MEMORY);
}

static void config_written(void *self, uint32_t offset, unsigned size)
{
    (void)offset, (void)size;
    follow_command(self);
}

static void bar_moved(void *self, unsigned bar, uint32_t base, bool decodes)
{
    (void)bar, (void)base, (void)decodes;
    follow_command(self);
}

static struct pci_bar frame_buffer_bar(const struct vga_pci_config *cfg)
{
    return (struct pci_bar){
        .kind = PCI_BAR_MEMORY_PREFETCH,
        .size = vga_vram_size(cfg->vga),
        .name = "vga frame buffer",
        .region = {.kind = PHYSMAP_MEMORY,
                   .priority = cfg->priority,
                   .reads = true,
                   .writes = true,
                   .offset = vga_vram_offset(cfg->vga)},
    };
}

static struct pci_bar registers_bar(const struct vga_pci_config *cfg, struct vga_pci *pci)
{
    return (struct pci_bar){
        .kind = PCI_BAR_MEMORY,
        .size = REGISTERS_SIZE,
        .name = "vga registers",
        .region = {.kind = PHYSMAP_MMIO,
                   .priority = cfg->priority,
                   .reads = true,
                   .writes = true,
                   .ops = &registers_ops,
                   .self = pci},
    };
}

struct vga_pci *vga_pci_new(const struct vga_pci_config *cfg)
{
    struct vga_pci *pci = alloc_zeroed(sizeof *pci);
    pci->vga = cfg->vga;
    edid_build(pci->edid);
    struct pci_function_config config = {
        .name = "vga",
        .vendor = VENDOR_BOCHS,
        .device = DEVICE_VGA,
        .class_code = CLASS_VGA,
        .revision = REVISION_WITH_MMIO,
        .subsystem_vendor = VENDOR_BOCHS,
        .subsystem = DEVICE_VGA,
        .command_mask = PCI_COMMAND_IO | PCI_COMMAND_MEMORY,
        .rom = cfg->rom,
        .self = pci,
        .config_written = config_written,
        .bar_moved = bar_moved,
    };
    config.bars[BAR_FRAME_BUFFER] = frame_buffer_bar(cfg);
    config.bars[BAR_REGISTERS] = registers_bar(cfg, pci);
    pci_function_init(&pci->function, &config);
    pci_attach(cfg->bus, &pci->function, cfg->slot, 0);
    follow_command(pci);
    return pci;
}

void vga_pci_free(struct vga_pci *pci)
{
    if (!pci)
        return;
    pci_detach(&pci->function);
    alloc_free(pci);
}

void vga_pci_reset(struct vga_pci *pci)
{
    pci_function_reset(&pci->function);
    vga_reset(pci->vga);
    follow_command(pci);
}

static bool after_load(void *self, struct error *err)
{
    struct vga_pci *pci = self;
    (void)err;
    pci_function_loaded(&pci->function);
    follow_command(pci);
    return true;
}

static const struct state_field vga_pci_state_fields[] = {
    STATE_STRUCT(struct vga_pci, function, pci_function_fields),
    STATE_END,
};

const struct state_desc vga_pci_desc = {"vga-pci", 1, vga_pci_state_fields, .after_load = after_load};
