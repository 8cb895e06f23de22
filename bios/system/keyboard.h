/* SPDX-License-Identifier: MIT */
/* INT 09h and INT 16h. */
#ifndef BIOS_SYSTEM_KEYBOARD_H
#define BIOS_SYSTEM_KEYBOARD_H
#include <stdbool.h>
#include <stdint.h>

struct regs;

void keyboard_interrupt(struct regs *r); /* IRQ 1 */
void keyboard_service(struct regs *r);   /* INT 16h */
void keyboard_data_init(void);

/* Appends to the buffer; false when it is full. */
bool keyboard_store(uint16_t code);

/* Clean restart of the whole machine; does not return. */
void system_reset(void) __attribute__((noreturn));

#endif
