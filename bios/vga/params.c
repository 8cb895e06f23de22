/* SPDX-License-Identifier: MIT */
/*
 * Register values of the standard modes (IBM PS/2 and PC BIOS Interface Technical Reference, "Video
 * parameters"). The groups repeat between modes, so the table is put together from named rows.
 */
#include "vga/params.h"

/* Horizontal timing, 40 and 80 columns, text and graphics. */
#define H40_TEXT 0x2d, 0x27, 0x28, 0x90, 0x2b, 0xa0
#define H40_GFX  0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80
#define H80_TEXT 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81
#define H80_GFX  0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80
/* Vertical total and overflow: 400 lines (200 doubled) and 350 lines; 480 lines. */
#define V400   0xbf, 0x1f
#define V480   0x0b, 0x3e
#define START0 0x00, 0x00, 0x00, 0x00
/* Retrace start and end, display end; blanking follows after offset and underline. */
#define R400 0x9c, 0x8e, 0x8f
#define R350 0x83, 0x85, 0x5d
#define R480 0xea, 0x8c, 0xdf
#define B400 0x96, 0xb9
#define B350 0x63, 0xba
#define B480 0xe7, 0x04

#define ATTR_CGA                                                                                             \
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17
#define ATTR_EGA                                                                                             \
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f
#define ATTR_CGA4                                                                                            \
    0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17
#define ATTR_CGA2                                                                                            \
    0x00, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17
#define ATTR_MONO                                                                                            \
    0x00, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x10, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18, 0x18
#define ATTR_MONO_GFX                                                                                        \
    0x00, 0x08, 0x00, 0x00, 0x18, 0x18, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00
#define ATTR_WHITE                                                                                           \
    0x00, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f
#define ATTR_256                                                                                             \
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f
#define GFX_TEXT   0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff
#define GFX_MDA    0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0a, 0x00, 0xff
#define GFX_PLANAR 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff

#define TEXT40_200                                                                                           \
    {                                                                                                        \
        40, 24, 8, 0x0800, {0x09, 0x03, 0x00, 0x02}, 0x63,                                                   \
            {H40_TEXT, V400, 0x00, 0xc7, 0x06, 0x07, START0, R400, 0x14, 0x1f, B400, 0xa3, 0xff},            \
            {ATTR_CGA, 0x08, 0x00, 0x0f, 0x00}, {GFX_TEXT},                                                  \
    }
#define TEXT80_200                                                                                           \
    {                                                                                                        \
        80, 24, 8, 0x1000, {0x01, 0x03, 0x00, 0x02}, 0x63,                                                   \
            {H80_TEXT, V400, 0x00, 0xc7, 0x06, 0x07, START0, R400, 0x28, 0x1f, B400, 0xa3, 0xff},            \
            {ATTR_CGA, 0x08, 0x00, 0x0f, 0x00}, {GFX_TEXT},                                                  \
    }
#define TEXT40_350                                                                                           \
    {                                                                                                        \
        40, 24, 14, 0x0800, {0x09, 0x03, 0x00, 0x02}, 0xa3,                                                  \
            {H40_TEXT, V400, 0x00, 0x4d, 0x0b, 0x0c, START0, R350, 0x14, 0x1f, B350, 0xa3, 0xff},            \
            {ATTR_EGA, 0x08, 0x00, 0x0f, 0x00}, {GFX_TEXT},                                                  \
    }
#define TEXT80_350                                                                                           \
    {                                                                                                        \
        80, 24, 14, 0x1000, {0x01, 0x03, 0x00, 0x02}, 0xa3,                                                  \
            {H80_TEXT, V400, 0x00, 0x4d, 0x0b, 0x0c, START0, R350, 0x28, 0x1f, B350, 0xa3, 0xff},            \
            {ATTR_EGA, 0x08, 0x00, 0x0f, 0x00}, {GFX_TEXT},                                                  \
    }
#define CGA_320                                                                                              \
    {                                                                                                        \
        40, 24, 8, 0x4000, {0x09, 0x03, 0x00, 0x02}, 0x63,                                                   \
            {H40_GFX, V400, 0x00, 0xc1, 0x00, 0x00, START0, R400, 0x14, 0x00, B400, 0xa2, 0xff},             \
            {ATTR_CGA4, 0x01, 0x00, 0x03, 0x00}, {0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x00, 0xff},     \
    }
#define TEXT_MONO                                                                                            \
    {                                                                                                        \
        80, 24, 14, 0x1000, {0x00, 0x03, 0x00, 0x03}, 0xa6,                                                  \
            {H80_TEXT, V400, 0x00, 0x4d, 0x0b, 0x0c, START0, R350, 0x28, 0x0d, B350, 0xa3, 0xff},            \
            {ATTR_MONO, 0x0e, 0x00, 0x0f, 0x08}, {GFX_MDA},                                                  \
    }
#define MODE_F                                                                                               \
    {                                                                                                        \
        80, 24, 14, 0x8000, {0x01, 0x0f, 0x00, 0x06}, 0xa2,                                                  \
            {H80_GFX, V400, 0x00, 0x40, 0x00, 0x00, START0, R350, 0x28, 0x0f, B350, 0xe3, 0xff},             \
            {ATTR_MONO_GFX, 0x0b, 0x00, 0x05, 0x00}, {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x05, 0xff}, \
    }
#define MODE_10                                                                                              \
    {                                                                                                        \
        80, 24, 14, 0x8000, {0x01, 0x0f, 0x00, 0x06}, 0xa3,                                                  \
            {H80_GFX, V400, 0x00, 0x40, 0x00, 0x00, START0, R350, 0x28, 0x0f, B350, 0xe3, 0xff},             \
            {ATTR_EGA, 0x01, 0x00, 0x0f, 0x00}, {GFX_PLANAR},                                                \
    }

ROM_DATA struct params params_table[PARAMS_COUNT] = {
    [0x00] = TEXT40_200,
    [0x01] = TEXT40_200,
    [0x02] = TEXT80_200,
    [0x03] = TEXT80_200,
    [0x04] = CGA_320,
    [0x05] = CGA_320,
    [0x06] = {80,
              24,
              8,
              0x4000,
              {0x01, 0x01, 0x00, 0x06},
              0x63,
              {H80_GFX, V400, 0x00, 0xc1, 0x00, 0x00, START0, R400, 0x28, 0x00, B400, 0xc2, 0xff},
              {ATTR_CGA2, 0x01, 0x00, 0x01, 0x00},
              {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x00, 0xff}},
    [PARAMS_7] = TEXT_MONO,
    /* 8 to Ch: not modes; BIOSes of the EGA kept font-loading set-ups here. Harmless text set-ups. */
    [0x08] = TEXT80_200,
    [0x09] = TEXT80_200,
    [0x0a] = TEXT80_200,
    [0x0b] = TEXT80_350,
    [0x0c] = TEXT_MONO,
    [PARAMS_D] = {40,
                  24,
                  8,
                  0x2000,
                  {0x09, 0x0f, 0x00, 0x06},
                  0x63,
                  {H40_GFX, V400, 0x00, 0xc0, 0x00, 0x00, START0, R400, 0x14, 0x00, B400, 0xe3, 0xff},
                  {ATTR_CGA, 0x01, 0x00, 0x0f, 0x00},
                  {GFX_PLANAR}},
    [PARAMS_E] = {80,
                  24,
                  8,
                  0x4000,
                  {0x01, 0x0f, 0x00, 0x06},
                  0x63,
                  {H80_GFX, V400, 0x00, 0xc0, 0x00, 0x00, START0, R400, 0x28, 0x00, B400, 0xe3, 0xff},
                  {ATTR_CGA, 0x01, 0x00, 0x0f, 0x00},
                  {GFX_PLANAR}},
    [0x0f] = MODE_F, /* the EGA's 64 KiB variants */
    [0x10] = MODE_10,
    [PARAMS_F] = MODE_F,
    [PARAMS_10] = MODE_10,
    [PARAMS_350 + 0] = TEXT40_350,
    [PARAMS_350 + 1] = TEXT40_350,
    [PARAMS_350 + 2] = TEXT80_350,
    [PARAMS_350 + 3] = TEXT80_350,
    [PARAMS_400_40] = {40,
                       24,
                       16,
                       0x0800,
                       {0x08, 0x03, 0x00, 0x02},
                       0x67,
                       {H40_TEXT, V400, 0x00, 0x4f, 0x0d, 0x0e, START0, R400, 0x14, 0x1f, B400, 0xa3, 0xff},
                       {ATTR_EGA, 0x0c, 0x00, 0x0f, 0x08},
                       {GFX_TEXT}},
    [PARAMS_400_80] = {80,
                       24,
                       16,
                       0x1000,
                       {0x00, 0x03, 0x00, 0x02},
                       0x67,
                       {H80_TEXT, V400, 0x00, 0x4f, 0x0d, 0x0e, START0, R400, 0x28, 0x1f, B400, 0xa3, 0xff},
                       {ATTR_EGA, 0x0c, 0x00, 0x0f, 0x08},
                       {GFX_TEXT}},
    [PARAMS_7_400] = {80,
                      24,
                      16,
                      0x1000,
                      {0x00, 0x03, 0x00, 0x02},
                      0x66,
                      {H80_TEXT, V400, 0x00, 0x4f, 0x0d, 0x0e, START0, R400, 0x28, 0x0f, B400, 0xa3, 0xff},
                      {ATTR_MONO, 0x0e, 0x00, 0x0f, 0x08},
                      {GFX_MDA}},
    [PARAMS_11] = {80,
                   29,
                   16,
                   0xa000,
                   {0x01, 0x0f, 0x00, 0x06},
                   0xe3,
                   {H80_GFX, V480, 0x00, 0x40, 0x00, 0x00, START0, R480, 0x28, 0x00, B480, 0xc3, 0xff},
                   {ATTR_WHITE, 0x01, 0x00, 0x0f, 0x00},
                   {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x01, 0xff}},
    [PARAMS_12] = {80,
                   29,
                   16,
                   0xa000,
                   {0x01, 0x0f, 0x00, 0x06},
                   0xe3,
                   {H80_GFX, V480, 0x00, 0x40, 0x00, 0x00, START0, R480, 0x28, 0x00, B480, 0xe3, 0xff},
                   {ATTR_EGA, 0x01, 0x00, 0x0f, 0x00},
                   {GFX_PLANAR}},
    [PARAMS_13] =
        {40,
         24,
         8,
         0x2000,
         {0x01, 0x0f, 0x00, 0x0e},
         0x63,
         {H80_GFX, V400, 0x00, 0x41, 0x00, 0x00, START0, R400, 0x28, 0x40, B400, 0xa3, 0xff},
         {ATTR_256, 0x41, 0x00, 0x0f, 0x00},
         {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff}},
};
