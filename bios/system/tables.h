/* SPDX-License-Identifier: MIT */
/* Structures that software searches F0000h-FFFFFh for. */
#ifndef BIOS_SYSTEM_TABLES_H
#define BIOS_SYSTEM_TABLES_H
#include <stdint.h>
extern const uint8_t pnp_installation[]; /* tables.S */
#endif
