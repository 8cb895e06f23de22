/* SPDX-License-Identifier: MIT */
#include "vga/dispi.h"

#include "common/io.h"

enum { PORT_DISPI_INDEX = 0x1ce, PORT_DISPI_DATA = 0x1cf, ID_BASE = 0xb0c0, ID_NEWEST = 0xb0c5 };

uint16_t dispi_read(uint16_t index)
{
    out16(PORT_DISPI_INDEX, index);
    return in16(PORT_DISPI_DATA);
}

void dispi_write(uint16_t index, uint16_t value)
{
    out16(PORT_DISPI_INDEX, index);
    out16(PORT_DISPI_DATA, value);
}

void dispi_init(void)
{
    for (uint16_t id = ID_NEWEST; dispi_present() && id >= ID_BASE; id--) {
        dispi_write(DISPI_ID, id);
        if (dispi_read(DISPI_ID) == id)
            return;
    }
}

int dispi_present(void)
{
    return (dispi_read(DISPI_ID) & 0xfff0) == ID_BASE;
}

int dispi_active(void)
{
    return dispi_present() && dispi_read(DISPI_ENABLE) & DISPI_ENABLED;
}

void dispi_disable(void)
{
    if (dispi_present())
        dispi_write(DISPI_ENABLE, 0);
}

uint16_t dispi_memory(void)
{
    uint16_t units = dispi_read(DISPI_MEMORY_64K);
    return units && units != 0xffff ? units : 4;
}
