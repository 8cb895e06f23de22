/* SPDX-License-Identifier: MIT */
/* Standard modes: the list, and INT 10h AH=00h. */
#ifndef BIOS_VGA_MODE_H
#define BIOS_VGA_MODE_H
#include "vga/params.h"

enum mem_model { MODEL_TEXT, MODEL_CGA4, MODEL_CGA2, MODEL_PLANAR, MODEL_256, MODEL_VBE };
enum dac_kind { DAC_MONO, DAC_CGA, DAC_EGA, DAC_256 };

struct std_mode {
    uint8_t mode;
    uint8_t model;  /* enum mem_model */
    uint8_t dac;    /* enum dac_kind */
    uint8_t params; /* of the table; modes 0 to 3 and 7 depend on the scan lines selected */
    uint16_t seg;
    uint8_t msr, pages;
    uint16_t colours;
};

/* Entry of a mode number without its no-clear bit, or null. */
ROM struct std_mode *mode_find(uint8_t mode);
/* Where in the parameter table a mode is, at the scan line count that 40:89 selects. */
uint8_t mode_params_index(ROM struct std_mode *mode);
far_t mode_params(ROM struct std_mode *mode);
/* Sets a standard mode (bit 7: keep memory). False: no such mode, nothing changed. */
int mode_set(uint8_t number);
/* Loads all registers of a parameter table entry, screen off. */
void mode_load_registers(const struct params *p);
void mode_screen_off(int off);

#endif
