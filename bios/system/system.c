/* SPDX-License-Identifier: MIT */
/* INT 15h, system services: finds the part that knows (IBM PS/2 and PC BIOS Interface Technical Reference,
 * INT 15h). */
#include "system/apm.h"
#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/memory.h"
#include "system/memory_map.h"
#include "system/mouse.h"
#include "system/regs.h"
#include "system/system_service.h"
#include "system/time.h"

enum { UNSUPPORTED = 0x86 };

extern const uint8_t config_table[]; /* fixed.S */

static void unsupported(struct regs *r)
{
    r->ah = UNSUPPORTED;
    regs_carry(r, 1);
}

/* AH=24h: 00h off, 01h on, 02h state, 03h which ways there are. */
static void a20_service(struct regs *r)
{
    switch (r->al) {
    case 0: a20_set(false); break;
    case 1: a20_set(true); break;
    case 2: r->al = a20_get(); break;
    case 3: r->bx = 3; break; /* keyboard controller and port 92h */
    default: unsupported(r); return;
    }
    r->ah = 0;
    regs_carry(r, 0);
}

static void memory_e8(struct regs *r)
{
    if (r->al == 0x01)
        memory_e801(r);
    else if (r->al == 0x20)
        memory_e820(r);
    else
        unsupported(r);
}

static void configuration(struct regs *r)
{
    r->es = SEG_ROM;
    r->bx = (uint16_t)NEAR(config_table);
    r->ah = 0;
    regs_carry(r, 0);
}

static void ebda_segment(struct regs *r)
{
    r->es = BDA->ebda_segment;
    regs_carry(r, 0);
}

void system_service(struct regs *r)
{
    switch (r->ah) {
    case 0x24: a20_service(r); break;
    case 0x4f: break; /* keyboard intercept: CF is set already, the scan code counts */
    case 0x53: apm_service(r); break;
    case 0x80: /* device open, close, program end: nobody multitasks below us */
    case 0x81:
    case 0x82:
    case 0x85:
    case 0x90:
    case 0x91:
        r->ah = 0;
        regs_carry(r, 0);
        break;
    case 0x83: wait_event(r); break;
    case 0x86: wait_delay(r); break;
    case 0x87: memory_move(r); break;
    case 0x88: memory_extended(r); break;
    case 0xc0: configuration(r); break;
    case 0xc1: ebda_segment(r); break;
    case 0xc2: mouse_service(r); break;
    case 0xe8: memory_e8(r); break;
    default: unsupported(r); break;
    }
}
