/* SPDX-License-Identifier: MIT */
/* Services that this BIOS does not have yet. Each answers as on a machine without the device. */
#include "system/acpi.h"
#include "system/apm.h"
#include "system/ata.h"
#include "system/console.h"
#include "system/disk.h"
#include "system/eltorito.h"
#include "system/int13.h"
#include "system/mouse.h"
#include "system/regs.h"
#include "system/smbios.h"
#include "system/tables.h"

const uint8_t pnp_installation[1] = {0};

static void refuse(struct regs *r)
{
    r->ah = 0x86;
    regs_carry(r, 1);
}

void ata_init(void)
{
    print("Hard disks:   no driver yet\n");
}

void ata_add_disks(void)
{
}

void ata_interrupt(struct regs *r)
{
    (void)r;
}

void acpi_init(void)
{
}

void smbios_init(void)
{
}

void mouse_init(void)
{
}

void mouse_interrupt(struct regs *r)
{
    (void)r;
}

void mouse_service(struct regs *r)
{
    refuse(r);
}

void apm_service(struct regs *r)
{
    refuse(r);
}

void int13_disk(struct regs *r)
{
    int13_finish_disk(r, STATUS_BAD_COMMAND);
}

void eltorito_boot(uint8_t device)
{
    (void)device;
    print(": no driver yet\n");
}

void eltorito_status(struct regs *r)
{
    int13_finish_disk(r, STATUS_BAD_COMMAND);
}

void int13_emulated(struct regs *r)
{
    int13_finish_disk(r, STATUS_BAD_COMMAND);
}
