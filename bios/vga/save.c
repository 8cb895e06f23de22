/* SPDX-License-Identifier: MIT */
#include "vga/save.h"

#include "vga/bda.h"

enum { SECONDARY_DCC_AT = 2 };

static far_t read_far(far_t table, unsigned at)
{
    return far_make(far_read16(far_add(table, at + 2)), far_read16(far_add(table, at)));
}

far_t save_entry(unsigned index)
{
    far_t table = bda()->save_pointer;
    return table ? read_far(table, index * 4) : 0;
}

void save_install(void)
{
    bda()->save_pointer = far_rom(save_table);
}

far_t save_dcc_table(void)
{
    far_t secondary = save_entry(SAVE_SECONDARY);
    return secondary ? read_far(secondary, SECONDARY_DCC_AT) : 0;
}

void save_palette(unsigned index, uint8_t value)
{
    far_t area = save_entry(SAVE_DYNAMIC);
    if (area)
        far_write8(far_add(area, index), value);
}
