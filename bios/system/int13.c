/* SPDX-License-Identifier: MIT */
/* INT 13h entry: finds the driver for a drive number. */
#include "system/int13.h"

#include "system/bda.h"
#include "system/cpu.h"
#include "system/disk.h"
#include "system/eltorito.h"
#include "system/floppy.h"
#include "system/private.h"
#include "system/regs.h"

void int13_finish_floppy(struct regs *r, uint8_t status)
{
    BDA->floppy_status = status;
    r->ah = status;
    regs_carry(r, status != STATUS_OK);
}

void int13_finish_disk(struct regs *r, uint8_t status)
{
    BDA->disk_status = status;
    r->ah = status;
    regs_carry(r, status != STATUS_OK);
}

/* An emulated disk takes its number from the real one, which moves up by one (El Torito 1.0, section 5). */
static bool emulated(struct regs *r)
{
    volatile struct emulation __seg_gs *e = &PRIVATE->emulation;
    if (!e->active)
        return false;
    if (r->ah >= 0x4a && r->ah <= 0x4d) {
        eltorito_status(r);
        return true;
    }
    if (e->media == 0 || (r->dl & 0x80) != (e->drive & 0x80) || r->dl >= 0xe0)
        return false;
    if (r->dl == e->drive) {
        int13_emulated(r);
        return true;
    }
    return false;
}

void int13_service(struct regs *r)
{
    cpu_sti();
    if (emulated(r))
        return;
    uint8_t drive = r->dl;
    volatile struct emulation __seg_gs *e = &PRIVATE->emulation;
    bool moved = e->active && e->media != 0 && (drive & 0x80) == (e->drive & 0x80) && drive < 0xe0;
    if (moved)
        r->dl--;
    bool parameters = r->ah == 0x08;
    if (drive < 0x80)
        int13_floppy(r);
    else
        int13_disk(r);
    if (moved) /* AH=08h answers with a number of drives in DL */
        r->dl = parameters ? (uint8_t)(r->dl + 1) : drive;
}
