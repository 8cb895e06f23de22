/* SPDX-License-Identifier: MIT */
/* Services that this BIOS does not have yet. Each answers as on a machine without the device. */
#include "system/acpi.h"
#include "system/apm.h"
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
