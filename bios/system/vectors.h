/* SPDX-License-Identifier: MIT */
/* Interrupt vector table set-up. */
#ifndef BIOS_SYSTEM_VECTORS_H
#define BIOS_SYSTEM_VECTORS_H
#include <stdint.h>

void vectors_init(void);
void vector_set(uint8_t n, uint16_t segment, uint32_t offset);

#endif
