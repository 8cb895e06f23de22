/* SPDX-License-Identifier: MIT */
/* Chips of the "pc" board, for the files that build it. */
#ifndef LATHE_DEVICES_PC_BOARD_I440FX_H
#define LATHE_DEVICES_PC_BOARD_I440FX_H

#include "core/x86/cpu_choice.h"
#include "devices/chipset/acpi_hotplug.h"
#include "devices/chipset/debug_ports.h"
#include "devices/chipset/dma_8237.h"
#include "devices/chipset/i440fx.h"
#include "devices/chipset/pci.h"
#include "devices/chipset/pic_8259.h"
#include "devices/chipset/piix.h"
#include "devices/chipset/piix4_pm.h"
#include "devices/chipset/pit_8254.h"
#include "devices/chipset/port_61h.h"
#include "devices/chipset/port_92h.h"
#include "devices/chipset/reset.h"
#include "devices/chipset/rtc_mc146818.h"
#include "devices/input/kbc_8042.h"
#include "devices/input/keyboard.h"
#include "devices/input/mouse.h"
#include "devices/media/floppy_geometry.h"
#include "devices/pc/board.h"
#include "devices/pc/machine_private.h"
#include "devices/serial/uart_16550.h"
#include "devices/storage/ata_disk.h"
#include "devices/storage/atapi_cd.h"
#include "devices/storage/fdc_82077.h"
#include "devices/storage/piix_ide.h"
#include "devices/video/vga.h"
#include "devices/video/vga_pci.h"

struct kernel_loader;

struct com_link {
    struct board *board;
    unsigned port;
};

struct board {
    struct machine *machine;
    struct cpu_choice choice;
    struct reset_sink reset_sink;
    struct pic *pic;
    struct pit *pit;
    struct dma *dma;
    struct rtc *rtc;
    struct port_61h *port_61h;
    struct port_92h *port_92h;
    struct acpi_hotplug *hotplug;
    struct kbc *kbc;
    struct keyboard *keyboard;
    struct mouse *mouse;
    struct debug_exit debug_exit;
    struct char_sink debugcon;
    struct pci_bus *pci;
    struct i440fx *bridge;
    struct piix *piix;
    struct piix4_pm *pm;
    struct piix_ide *ide;
    struct ata_disk *disk[MACHINE_IDE_DRIVES];
    struct atapi_cd *cdrom[MACHINE_IDE_DRIVES];
    struct fdc *fdc;
    enum floppy_drive_type floppy_type[2];
    struct uart *uart[MACHINE_SERIAL_PORTS];
    struct com_link com[MACHINE_SERIAL_PORTS];
    struct vga *vga;
    struct vga_pci *vga_pci;
    struct kernel_loader *kernel; /* NULL without --kernel */
    bool ferr, ignne;             /* FERR# and IGNNE# */
    uint8_t post_code;            /* last value written to port 80h */
};

struct rtc *board_new_rtc(struct machine *machine, struct irq_line irq, struct irq_line nmi_mask);

/* Floppy controller and drives, disks and CD-ROM drives. Takes the configured media, also on failure. */
bool board_new_drives(struct board *board, struct irq_line floppy_irq, struct error *err);
void board_free_drives(struct board *board);
void board_register_drives(struct board *board, struct state_set *set);

/* Changes of media while the machine runs. Both take what they are given. */
void board_insert(struct board *board, unsigned drive, struct media *media);
void board_eject(struct board *board, unsigned drive);

#endif
