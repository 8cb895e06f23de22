/* SPDX-License-Identifier: MIT */
/* Polled access to the 8042; used in POST, by INT 16h AH=03h and by the mouse services. */
#include "system/kbc.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cpu.h"

enum { KBC_TIMEOUT_MS = 50, KBD_ACK_MS = 100, KBD_RESET_MS = 1500 };
enum { KBD_RESET = 0xff, KBD_ENABLE = 0xf4 };

static bool wait_input_empty(void)
{
    struct deadline limit;
    deadline_start(&limit, KBC_TIMEOUT_MS);
    while (in8(PORT_KBD_STATUS) & KBC_IBF)
        if (deadline_passed(&limit))
            return false;
    return true;
}

bool kbc_command(uint8_t command)
{
    if (!wait_input_empty())
        return false;
    out8(PORT_KBD_STATUS, command);
    return wait_input_empty();
}

bool kbc_write(uint8_t value)
{
    if (!wait_input_empty())
        return false;
    out8(PORT_KBD_DATA, value);
    return wait_input_empty();
}

int kbc_read(uint16_t timeout_ms)
{
    struct deadline limit;
    deadline_start(&limit, timeout_ms);
    while (!(in8(PORT_KBD_STATUS) & KBC_OBF))
        if (deadline_passed(&limit))
            return -1;
    return in8(PORT_KBD_DATA);
}

void kbc_drain(void)
{
    for (unsigned i = 0; i < 64 && (in8(PORT_KBD_STATUS) & KBC_OBF); i++)
        in8(PORT_KBD_DATA);
}

int kbc_get_command_byte(void)
{
    if (!kbc_command(KBC_READ_COMMAND_BYTE))
        return -1;
    return kbc_read(KBC_TIMEOUT_MS);
}

bool kbc_set_command_byte(uint8_t value)
{
    return kbc_command(KBC_WRITE_COMMAND_BYTE) && kbc_write(value);
}

bool kbd_send(uint8_t value)
{
    for (unsigned attempt = 0; attempt < 3; attempt++) {
        if (!kbc_write(value))
            return false;
        int answer = kbc_read(KBD_ACK_MS);
        if (answer == PS2_ACK)
            return true;
        if (answer != PS2_RESEND)
            return false;
    }
    return false;
}

bool kbd_init(void)
{
    kbc_drain();
    if (!kbc_command(KBC_SELF_TEST) || kbc_read(KBC_TIMEOUT_MS) != 0x55)
        return false;
    kbc_set_command_byte(KBC_CB_TRANSLATE | KBC_CB_SYSTEM | KBC_CB_DISABLE_AUX);
    if (!kbd_send(KBD_RESET) || kbc_read(KBD_RESET_MS) != PS2_BAT_PASSED || !kbd_send(KBD_ENABLE)) {
        kbc_set_command_byte(KBC_CB_TRANSLATE | KBC_CB_SYSTEM | KBC_CB_DISABLE_AUX | KBC_CB_IRQ1);
        return false;
    }
    kbc_set_command_byte(KBC_CB_TRANSLATE | KBC_CB_SYSTEM | KBC_CB_DISABLE_AUX | KBC_CB_IRQ1);
    BDA->kbd_flags3 = 0x10; /* 101 keys */
    return true;
}
