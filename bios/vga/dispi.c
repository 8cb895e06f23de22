/* SPDX-License-Identifier: MIT */
#include "vga/dispi.h"

#include "common/io.h"

enum { PORT_DISPI_INDEX = 0x1ce, PORT_DISPI_DATA = 0x1cf, ID_BASE = 0xb0c0, ID_MEMORY = 0xb0c4 };

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
    uint16_t units = dispi_read(DISPI_ID) >= ID_MEMORY ? dispi_read(DISPI_MEMORY_64K) : 0;
    return units ? units : 4;
}
