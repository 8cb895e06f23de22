/* SPDX-License-Identifier: MIT */
/* Option ROMs. */
#ifndef BIOS_SYSTEM_ROM_SCAN_H
#define BIOS_SYSTEM_ROM_SCAN_H
#include <stdint.h>

/* POST, in this order: the video ROM at C0000h; everything behind it (adds boot entries); write protection.
 */
void rom_init_video(void);
void rom_init_others(void);
uint16_t rom_end_segment(void); /* behind the last one */

#endif
