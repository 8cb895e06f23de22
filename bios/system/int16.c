/* SPDX-License-Identifier: MIT */
/* INT 16h, keyboard services (IBM PS/2 and PC BIOS Interface Technical Reference). Runs on the caller's
 * stack. */
#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/kbc.h"
#include "system/keyboard.h"
#include "system/regs.h"

enum { KBD_TYPEMATIC = 0xf3, TYPEMATIC_DEFAULT = 0x2b, KBD_ID = 0x41ab };
enum { CODE_GREY = 0xe0, LAST_OLD_CODE = 0x84 };

/* AH=00h and 01h show what an 83-key keyboard could produce: false for a code that must be skipped. */
static bool to_old_code(uint16_t *code)
{
    uint8_t ah = (uint8_t)(*code >> 8), al = (uint8_t)*code;
    if (al == CODE_GREY && ah)
        al = 0;
    if (ah == CODE_GREY)
        ah = al == '/' ? 0x35 : 0x1c;
    *code = (uint16_t)(ah << 8 | al);
    return ah <= LAST_OLD_CODE;
}

static uint16_t buffer_peek(void)
{
    return *(volatile uint16_t __seg_fs *)(0x400 + (uint32_t)BDA->kbd_head);
}

static void buffer_drop(void)
{
    uint16_t next = (uint16_t)(BDA->kbd_head + 2);
    BDA->kbd_head = next >= BDA->kbd_buffer_end ? BDA->kbd_buffer_start : next;
}

/* True with *code when a key waits; drops those that the old functions must not see. Interrupts are off. */
static bool next_code(uint16_t *code, bool enhanced)
{
    while (BDA->kbd_head != BDA->kbd_tail) {
        *code = buffer_peek();
        if (enhanced || to_old_code(code))
            return true;
        buffer_drop();
    }
    return false;
}

static void read_key(struct regs *r, bool enhanced)
{
    uint16_t code = 0;
    cpu_cli();
    while (!next_code(&code, enhanced))
        cpu_wait_interrupt();
    buffer_drop();
    r->ax = code;
}

static void peek_key(struct regs *r, bool enhanced)
{
    uint16_t code = r->ax;
    cpu_cli();
    bool found = next_code(&code, enhanced);
    r->ax = code;
    r->flags = (uint16_t)(found ? r->flags & ~FLAG_ZF : r->flags | FLAG_ZF);
    r->flags |= FLAG_IF; /* as the first BIOS did; programs poll with interrupts off */
}

/* AH=03h: AL=05h sets rate BL and delay BH; AL=00h the default; AL=06h reads are not kept by the keyboard. */
static void typematic(struct regs *r)
{
    uint8_t value = TYPEMATIC_DEFAULT;
    if (r->al == 5)
        value = (uint8_t)((r->bh & 3) << 5 | (r->bl & 0x1f));
    else if (r->al != 0)
        return;
    cpu_cli();
    if (kbd_send(KBD_TYPEMATIC))
        kbd_send(value);
}

static void extended_flags(struct regs *r)
{
    uint8_t flags1 = BDA->kbd_flags1, flags3 = BDA->kbd_flags3;
    r->al = BDA->kbd_flags0;
    r->ah = (uint8_t)((flags1 & 0x73) | (flags1 & 0x04) << 5 | (flags3 & 0x0c));
}

void keyboard_service(struct regs *r)
{
    switch (r->ah) {
    case 0x00: read_key(r, false); break;
    case 0x01: peek_key(r, false); break;
    case 0x02: r->al = BDA->kbd_flags0; break;
    case 0x03: typematic(r); break;
    case 0x05:
        cpu_cli();
        r->al = keyboard_store(r->cx) ? 0 : 1;
        break;
    case 0x09: r->al = 0x30; break; /* AH=0Ah, 10h-12h are here; AL=06h of AH=03h is not */
    case 0x0a: r->bx = KBD_ID; break;
    case 0x10: read_key(r, true); break;
    case 0x11: peek_key(r, true); break;
    case 0x12: extended_flags(r); break;
    default: break;
    }
}
