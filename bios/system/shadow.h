/* SPDX-License-Identifier: MIT */
/* RAM in place of ROM between C0000h and FFFFFh, by the 440FX's PAM registers. */
#ifndef BIOS_SYSTEM_SHADOW_H
#define BIOS_SYSTEM_SHADOW_H
#include <stdbool.h>
#include <stdint.h>

/* POST: everything becomes RAM with what was there copied into it. False on a board without PAM: nothing
 * changed. */
bool shadow_open(void);

/* End of POST: our image and the option ROMs become read-only, the empty rest is given back to the bus. */
void shadow_close(uint16_t rom_end_segment);

#endif
