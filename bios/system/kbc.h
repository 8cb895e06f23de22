/* SPDX-License-Identifier: MIT */
/* The 8042 keyboard controller, polled (IBM PS/2 Technical Reference, "Keyboard and auxiliary device
 * controller"). */
#ifndef BIOS_SYSTEM_KBC_H
#define BIOS_SYSTEM_KBC_H
#include <stdbool.h>
#include <stdint.h>

enum kbc_status { KBC_OBF = 0x01, KBC_IBF = 0x02, KBC_AUX = 0x20 };

enum kbc_command {
    KBC_READ_COMMAND_BYTE = 0x20,
    KBC_WRITE_COMMAND_BYTE = 0x60,
    KBC_DISABLE_AUX = 0xa7,
    KBC_ENABLE_AUX = 0xa8,
    KBC_SELF_TEST = 0xaa,
    KBC_DISABLE_KEYBOARD = 0xad,
    KBC_ENABLE_KEYBOARD = 0xae,
    KBC_WRITE_AUX = 0xd4,
    KBC_PULSE_RESET = 0xfe,
};

enum kbc_command_byte {
    KBC_CB_IRQ1 = 0x01,
    KBC_CB_IRQ12 = 0x02,
    KBC_CB_SYSTEM = 0x04,
    KBC_CB_DISABLE_KEYBOARD = 0x10,
    KBC_CB_DISABLE_AUX = 0x20,
    KBC_CB_TRANSLATE = 0x40,
};

enum { PS2_ACK = 0xfa, PS2_RESEND = 0xfe, PS2_BAT_PASSED = 0xaa };

/* All return false, or -1, when the controller does not answer in time. */
bool kbc_command(uint8_t command);
bool kbc_write(uint8_t value);
int kbc_read(uint16_t timeout_ms);
void kbc_drain(void);
int kbc_get_command_byte(void);
bool kbc_set_command_byte(uint8_t value);

/* Sends a byte to the keyboard and waits for its acknowledgement. */
bool kbd_send(uint8_t value);

/* POST: controller self test, keyboard reset, scanning on. False when no keyboard answers. */
bool kbd_init(void);

#endif
