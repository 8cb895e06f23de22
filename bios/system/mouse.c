/* SPDX-License-Identifier: MIT */
/*
 * INT 15h AH=C2h, PS/2 pointing device (IBM PS/2 and PC BIOS Interface Technical Reference). Packets are
 * collected in the EBDA at the offsets where IBM's BIOS has them, and handed to the program's handler on the
 * interrupted program's stack.
 */
#include "system/mouse.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"
#include "system/kbc.h"
#include "system/private.h"
#include "system/regs.h"

enum ebda_mouse {
    MOUSE_OFFSET = 0x22,
    MOUSE_SEGMENT = 0x24,
    MOUSE_FLAG1 = 0x26,
    MOUSE_FLAG2 = 0x27,
    MOUSE_DATA = 0x28
};
enum { FLAG1_INDEX = 0x07, FLAG2_SIZE = 0x07, FLAG2_HANDLER = 0x80, PACKET_MAX = 8 };
enum mouse_command {
    MOUSE_SCALE_1 = 0xe6,
    MOUSE_SCALE_2 = 0xe7,
    MOUSE_SET_RESOLUTION = 0xe8,
    MOUSE_STATUS = 0xe9,
    MOUSE_GET_ID = 0xf2,
    MOUSE_SET_RATE = 0xf3,
    MOUSE_ENABLE = 0xf4,
    MOUSE_DISABLE = 0xf5,
    MOUSE_RESET = 0xff,
};
enum mouse_result {
    MOUSE_OK = 0x00,
    MOUSE_BAD_FUNCTION = 0x01,
    MOUSE_BAD_INPUT = 0x02,
    MOUSE_INTERFACE_ERROR = 0x03,
    MOUSE_RESEND = 0x04,
    MOUSE_NO_HANDLER = 0x05,
};
enum { ACK_MS = 100, RESET_MS = 1500 };

void mouse_call(uint32_t segment_offset, const uint16_t *packet); /* protected.S */

static uint8_t ebda_get(uint16_t at)
{
    return far_read8(BDA->ebda_segment, at);
}

static void ebda_put(uint16_t at, uint8_t value)
{
    far_write8(BDA->ebda_segment, at, value);
}

/* Keeps keyboard and interrupts out of a dialogue with the mouse; returns the command byte to restore, or -1.
 */
static int dialogue_begin(void)
{
    int saved = kbc_get_command_byte();
    if (saved >= 0)
        kbc_set_command_byte((uint8_t)((saved | KBC_CB_DISABLE_KEYBOARD) &
                                       ~(KBC_CB_IRQ1 | KBC_CB_IRQ12 | KBC_CB_DISABLE_AUX)));
    return saved;
}

static void dialogue_end(int saved)
{
    if (saved >= 0)
        kbc_set_command_byte((uint8_t)saved);
}

static bool send(uint8_t value)
{
    for (unsigned attempt = 0; attempt < 3; attempt++) {
        if (!kbc_command(KBC_WRITE_AUX) || !kbc_write(value))
            return false;
        int answer = kbc_read(ACK_MS);
        if (answer == PS2_ACK)
            return true;
        if (answer != PS2_RESEND)
            return false;
    }
    return false;
}

/* A command with up to one parameter (-1 for none), then `count` bytes of answer. */
static uint8_t command(uint8_t code, int parameter, uint8_t *answer, unsigned count)
{
    int saved = dialogue_begin();
    kbc_drain();
    bool fine = saved >= 0 && send(code) && (parameter < 0 || send((uint8_t)parameter));
    for (unsigned i = 0; fine && i < count; i++) {
        int value = kbc_read(code == MOUSE_RESET ? RESET_MS : ACK_MS);
        fine = value >= 0;
        answer[i] = (uint8_t)value;
    }
    dialogue_end(saved);
    return fine ? MOUSE_OK : MOUSE_INTERFACE_ERROR;
}

void mouse_init(void)
{
    uint8_t answer[2];
    kbc_command(KBC_ENABLE_AUX);
    if (command(MOUSE_RESET, -1, answer, 2) || answer[0] != PS2_BAT_PASSED) {
        kbc_command(KBC_DISABLE_AUX);
        return;
    }
    PRIVATE->mouse_present = 1;
}

/* IRQ 12 on or off, both at the keyboard controller and at the 8259. */
static void set_interrupt(bool on)
{
    int saved = kbc_get_command_byte();
    if (saved < 0)
        return;
    if (on) {
        pic_unmask(12);
        pic_unmask(2);
        kbc_set_command_byte((uint8_t)((saved | KBC_CB_IRQ12) & ~KBC_CB_DISABLE_AUX));
    } else {
        kbc_set_command_byte((uint8_t)(saved & ~KBC_CB_IRQ12));
    }
}

static uint8_t enable(uint8_t on)
{
    if (on > 1)
        return MOUSE_BAD_INPUT;
    if (on && !(ebda_get(MOUSE_FLAG2) & FLAG2_HANDLER))
        return MOUSE_NO_HANDLER;
    ebda_put(MOUSE_FLAG1, 0);
    uint8_t result = command(on ? MOUSE_ENABLE : MOUSE_DISABLE, -1, 0, 0);
    if (!result)
        set_interrupt(on);
    return result;
}

static uint8_t reset(struct regs *r)
{
    uint8_t answer[2];
    uint8_t result = command(MOUSE_RESET, -1, answer, 2);
    if (!result) {
        r->bl = answer[0];
        r->bh = answer[1];
    }
    return result;
}

static uint8_t initialize(struct regs *r)
{
    if (r->bh < 1 || r->bh > PACKET_MAX)
        return MOUSE_BAD_INPUT;
    ebda_put(MOUSE_FLAG1, 0);
    ebda_put(MOUSE_FLAG2, (uint8_t)((ebda_get(MOUSE_FLAG2) & FLAG2_HANDLER) | (r->bh - 1)));
    uint8_t size = r->bh;
    uint8_t result = reset(r);
    r->bh = size;
    return result;
}

static uint8_t sample_rate(uint8_t index)
{
    static const uint8_t rates[7] = {10, 20, 40, 60, 80, 100, 200};
    return index > 6 ? MOUSE_BAD_INPUT : command(MOUSE_SET_RATE, ROM8(rates[index]), 0, 0);
}

static uint8_t extended(struct regs *r)
{
    uint8_t answer[3];
    uint8_t result;
    switch (r->bh) {
    case 0:
        result = command(MOUSE_STATUS, -1, answer, 3);
        if (!result) {
            r->bl = answer[0];
            r->cl = answer[1];
            r->dl = answer[2];
        }
        return result;
    case 1: return command(MOUSE_SCALE_1, -1, 0, 0);
    case 2: return command(MOUSE_SCALE_2, -1, 0, 0);
    default: return MOUSE_BAD_INPUT;
    }
}

static uint8_t set_handler(struct regs *r)
{
    uint16_t ebda = BDA->ebda_segment;
    uint8_t flag2 = ebda_get(MOUSE_FLAG2) & (uint8_t)~FLAG2_HANDLER;
    far_write16(ebda, MOUSE_OFFSET, r->bx);
    far_write16(ebda, MOUSE_SEGMENT, r->es);
    ebda_put(MOUSE_FLAG2, r->bx || r->es ? flag2 | FLAG2_HANDLER : flag2);
    return MOUSE_OK;
}

static uint8_t dispatch(struct regs *r)
{
    uint8_t answer[1];
    uint8_t result;
    switch (r->al) {
    case 0x00: return enable(r->bh);
    case 0x01: return reset(r);
    case 0x02: return sample_rate(r->bh);
    case 0x03: return r->bh > 3 ? MOUSE_BAD_INPUT : command(MOUSE_SET_RESOLUTION, r->bh, 0, 0);
    case 0x04:
        result = command(MOUSE_GET_ID, -1, answer, 1);
        if (!result)
            r->bh = answer[0];
        return result;
    case 0x05: return initialize(r);
    case 0x06: return extended(r);
    case 0x07: return set_handler(r);
    default: return MOUSE_BAD_FUNCTION;
    }
}

void mouse_service(struct regs *r)
{
    uint8_t result = PRIVATE->mouse_present ? dispatch(r) : MOUSE_INTERFACE_ERROR;
    r->ah = result;
    regs_carry(r, result != MOUSE_OK);
}

/* The packet is complete: status, X, Y as words, and a zero. */
static void deliver(void)
{
    uint16_t ebda = BDA->ebda_segment;
    uint16_t packet[4] = {ebda_get(MOUSE_DATA), ebda_get(MOUSE_DATA + 1), ebda_get(MOUSE_DATA + 2), 0};
    uint32_t handler = far_read32(ebda, MOUSE_OFFSET);
    mouse_call(handler, packet);
}

void mouse_interrupt(struct regs *r)
{
    (void)r;
    uint8_t status = in8(PORT_KBD_STATUS);
    if ((status & (KBC_OBF | KBC_AUX)) == (KBC_OBF | KBC_AUX)) {
        uint8_t data = in8(PORT_KBD_DATA);
        uint8_t flag1 = ebda_get(MOUSE_FLAG1), flag2 = ebda_get(MOUSE_FLAG2);
        uint8_t index = flag1 & FLAG1_INDEX;
        if (flag2 & FLAG2_HANDLER) {
            bool complete = index >= (flag2 & FLAG2_SIZE);
            ebda_put((uint16_t)(MOUSE_DATA + index), data);
            ebda_put(MOUSE_FLAG1, (uint8_t)((flag1 & ~FLAG1_INDEX) | (complete ? 0 : index + 1)));
            if (complete)
                deliver();
        }
    }
    cpu_cli();
    pic_eoi(12);
}
