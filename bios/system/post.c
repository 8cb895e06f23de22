/* SPDX-License-Identifier: MIT */
/*
 * Power-on self test: from the reset vector to INT 19h. Nothing is tested that a virtual machine cannot have
 * broken, and nothing waits longer than a device takes to answer. Port 80h shows the stage:
 *
 *   10 shadow RAM  20 data areas  30 interrupt, timer, DMA  40 keyboard, clock  50 PCI  60 video ROM  70
 * messages 80 floppy  90 disks  A0 other option ROMs  B0 tables  C0 boot
 */
#include "system/acpi.h"
#include "system/ata.h"
#include "system/bda.h"
#include "system/boot.h"
#include "system/chipset.h"
#include "system/cmos.h"
#include "system/console.h"
#include "system/cpu.h"
#include "system/cpu_name.h"
#include "system/disk.h"
#include "system/floppy.h"
#include "system/kbc.h"
#include "system/keyboard.h"
#include "system/lapic.h"
#include "system/memory.h"
#include "system/memory_map.h"
#include "system/misc.h"
#include "system/mouse.h"
#include "system/pci.h"
#include "system/private.h"
#include "system/regs.h"
#include "system/rom_scan.h"
#include "system/shadow.h"
#include "system/smbios.h"
#include "system/system_service.h"
#include "system/tables.h"
#include "system/time.h"
#include "system/vectors.h"

enum equipment {
    EQUIPMENT_FLOPPY = 0x0001,
    EQUIPMENT_FPU = 0x0002,
    EQUIPMENT_MOUSE = 0x0004,
    EQUIPMENT_VIDEO_80x25 = 0x0020,
    EQUIPMENT_SECOND_FLOPPY = 0x0040,
};

extern uint16_t private_segment; /* entry.S */
void load_gs(uint32_t segment);  /* entry.S */

/* Chooses where private data lives, and clears it together with BDA and EBDA. */
static void data_areas(bool pam)
{
    uint16_t warm = BDA->reset_flag;
    for (uint32_t at = 0; at < 0x100; at += 2)
        *(volatile uint16_t __seg_fs *)(0x400 + at) = 0;
    uint16_t ebda = pam ? SEG_EBDA : SEG_EBDA_LARGE;
    uint8_t kib = pam ? EBDA_KIB : EBDA_LARGE_KIB;
    BDA->reset_flag = warm;
    BDA->ebda_segment = ebda;
    BDA->memory_kib = (uint16_t)(640 - kib);
    for (uint16_t at = 0; at < kib * 1024; at += 4)
        far_write32(ebda, at, 0);
    far_write8(ebda, 0, kib);
    uint16_t segment = pam ? SEG_PRIVATE : (uint16_t)(ebda + EBDA_TO_PRIVATE);
    if (pam)
        far_write16(SEG_ROM, (uint16_t)NEAR(&private_segment), segment);
    load_gs(segment);
    for (uint16_t at = 0; at < STACKS_OFFSET; at += 4)
        far_write32(segment, at, 0);
    PRIVATE->free_stacks = (1u << STACK_COUNT) - 1;
    PRIVATE->has_pam = pam;
}

/* FNINIT leaves a zero status word; without an FPU the bus floats. */
static bool fpu_present(void)
{
    uint16_t status = 0x5a5a;
    __asm__ volatile("fninit\n\tfnstsw %0" : "+m"(status));
    return status == 0;
}

static void equipment_init(void)
{
    uint16_t equipment = EQUIPMENT_VIDEO_80x25;
    if (fpu_present())
        equipment |= EQUIPMENT_FPU;
    BDA->equipment = equipment;
}

static void chips_init(void)
{
    post_code(0x30);
    pic_init();
    pit_init();
    dma_init();
    vectors_init();
    keyboard_data_init();
    equipment_init();
    a20_set(true);
    memory_detect();
    post_code(0x40);
    cmos_write(CMOS_APM_CONNECTION, 0);
    kbd_init();
    mouse_init();
    rtc_init();
    serial_init();
    parallel_init();
    if (PRIVATE->mouse_present)
        BDA->equipment |= EQUIPMENT_MOUSE;
    lapic_init();
    cpu_sti();
}

static void banner(void)
{
    print("Lathe BIOS 0.1\n");
    cpu_print_name();
    uint32_t kib = PRIVATE->memory_below_4g >> 10;
    print("Memory %u KiB\n\n", kib + (PRIVATE->memory_above_4g << 6));
}

static void print_floppies(void)
{
    static const char names[7][8] = {"", "360 KB", "1.2 MB", "720 KB", "1.44 MB", "2.88 MB", "2.88 MB"};
    for (unsigned i = 0; i < 2; i++)
        if (PRIVATE->floppy_type[i])
            print("Floppy %c:     %s drive\n", 'A' + i, names[PRIVATE->floppy_type[i]]);
}

static void devices(void)
{
    post_code(0x80);
    floppy_init();
    print_floppies();
    if (PRIVATE->floppy_count)
        BDA->equipment |=
            (uint16_t)(EQUIPMENT_FLOPPY | (PRIVATE->floppy_count > 1 ? EQUIPMENT_SECOND_FLOPPY : 0));
    post_code(0x90);
    ata_init();
    post_code(0xa0);
    if (PRIVATE->has_pam)
        tables_init(); /* option ROMs look at the PnP structure */
    rom_init_others();
    disk_add_boot_entries();
    boot_order();
}

void post_main(void)
{
    post_code(0x10);
    bool pam = shadow_open();
    post_code(0x20);
    data_areas(pam);
    chips_init();
    post_code(0x50);
    PRIVATE->has_pci = pci_detect();
    if (PRIVATE->has_pci)
        pci_setup();
    post_code(0x60);
    rom_init_video();
    post_code(0x70);
    banner();
    devices();
    post_code(0xb0);
    if (pam) { /* tables are completed in place, so they need an image in RAM */
        acpi_init();
        smbios_init();
    }
    if (pam)
        shadow_close(rom_end_segment());
    post_code(0xc0);
    print("\n");
    soft_interrupt_ax(0x19, 0);
    for (;;)
        cpu_wait_interrupt();
}
