/* SPDX-License-Identifier: MIT */
#include "vga/vgaregs.h"

uint16_t crtc_port(void)
{
    return in8(PORT_MISC_READ) & 1 ? PORT_CRTC_COLOUR : PORT_CRTC_MONO;
}

void attr_reset(void)
{
    in8((uint16_t)(crtc_port() + STATUS_FROM_CRTC));
}

uint8_t attr_read(uint8_t index)
{
    attr_reset();
    out8(PORT_ATTR, index | ATTR_SHOW);
    uint8_t value = in8(PORT_ATTR_READ);
    attr_reset();
    return value;
}

void attr_write(uint8_t index, uint8_t value)
{
    attr_reset();
    out8(PORT_ATTR, index | ATTR_SHOW);
    out8(PORT_ATTR, value);
}
