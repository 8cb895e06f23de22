/* SPDX-License-Identifier: MIT */
/* What the monitor says about itself: an EDID 1.3 base block (VESA E-EDID standard, section 3). */
#ifndef LATHE_DEVICES_VIDEO_EDID_H
#define LATHE_DEVICES_VIDEO_EDID_H

#include <stdint.h>

enum { EDID_BYTES = 128 };

/* Fills in a monitor that prefers 1024x768 at 60 Hz and takes what the adapter can show. */
void edid_build(uint8_t block[EDID_BYTES]);

#endif
