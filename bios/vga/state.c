/* SPDX-License-Identifier: MIT */
/*
 * Video state in a caller's buffer. The parts asked for follow each other:
 *   hardware  misc, four index registers, SEQ, CRTC, GFX, ATTR registers
 *   BDA       40:49-66, 40:84-8A, 40:A8, vectors 1Fh and 43h
 *   DAC       mask, 256 triples
 *   VBE       dispi registers XRES to Y_OFFSET
 */
#include "vga/state.h"

#include "vga/bda.h"
#include "vga/dispi.h"
#include "vga/vgaregs.h"

enum { BLOCK = 64, INDEXES = 4, BDA_SEGMENT = 0x40, VECTOR_BYTES = 4 };
enum { HARDWARE_BYTES = 1 + INDEXES + SEQ_COUNT + CRTC_COUNT + GFX_COUNT + ATTR_COUNT, DAC_BYTES = 1 + 768 };
enum { DISPI_SAVED = DISPI_Y_OFFSET - DISPI_XRES + 1 };

/* Pieces of low memory in the BDA part. */
struct piece {
    uint16_t at, size;
};
static ROM_DATA struct piece pieces[] = {
    {0x449, 0x66 - 0x49 + 1},
    {0x484, 0x8a - 0x84 + 1},
    {0x4a8, 4},
    {VEC_FONT_UPPER * VECTOR_BYTES, VECTOR_BYTES},
    {VEC_FONT * VECTOR_BYTES, VECTOR_BYTES},
};
enum { PIECES = sizeof pieces / sizeof pieces[0], BDA_BYTES = 30 + 7 + 4 + 8 };

static uint16_t part_bytes(unsigned part)
{
    switch (part) {
    case STATE_HARDWARE: return HARDWARE_BYTES;
    case STATE_BDA: return BDA_BYTES;
    case STATE_DAC: return DAC_BYTES;
    default: return DISPI_SAVED * 2;
    }
}

uint16_t state_blocks(unsigned parts)
{
    unsigned bytes = 0;
    for (unsigned part = 1; part <= STATE_VBE; part <<= 1)
        if (parts & part)
            bytes += part_bytes(part);
    return (uint16_t)((bytes + BLOCK - 1) / BLOCK);
}

static far_t put(far_t p, uint8_t value)
{
    far_write8(p, value);
    return far_add(p, 1);
}

static far_t save_indexed(far_t p, uint16_t port, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++)
        p = put(p, indexed_read(port, i));
    return p;
}

static void save_hardware(far_t p)
{
    uint16_t crtc = crtc_port();
    uint8_t seq_index = in8(PORT_SEQ), crtc_index = in8(crtc), gfx_index = in8(PORT_GFX);
    p = put(p, in8(PORT_MISC_READ));
    p = put(p, seq_index);
    p = put(p, crtc_index);
    p = put(p, gfx_index);
    p = put(p, in8(PORT_ATTR));
    p = save_indexed(p, PORT_SEQ, SEQ_COUNT);
    p = save_indexed(p, crtc, CRTC_COUNT);
    p = save_indexed(p, PORT_GFX, GFX_COUNT);
    for (uint8_t i = 0; i < ATTR_COUNT; i++)
        p = put(p, attr_read(i));
    out8(PORT_SEQ, seq_index);
    out8(crtc, crtc_index);
    out8(PORT_GFX, gfx_index);
}

static far_t restore_indexed(far_t p, uint16_t port, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++, p = far_add(p, 1))
        indexed_write(port, i, far_read8(p));
    return p;
}

static void restore_hardware(far_t p)
{
    far_t indexes = far_add(p, 1);
    out8(PORT_MISC_WRITE, far_read8(p));
    uint16_t crtc = crtc_port();
    p = restore_indexed(far_add(indexes, INDEXES), PORT_SEQ, SEQ_COUNT);
    indexed_write(crtc, CRTC_VSYNC_END, 0); /* unlocks registers 0 to 7 */
    p = restore_indexed(p, crtc, CRTC_COUNT);
    p = restore_indexed(p, PORT_GFX, GFX_COUNT);
    attr_reset();
    for (uint8_t i = 0; i < ATTR_COUNT; i++, p = far_add(p, 1)) {
        out8(PORT_ATTR, i);
        out8(PORT_ATTR, far_read8(p));
    }
    out8(PORT_SEQ, far_read8(indexes));
    out8(crtc, far_read8(far_add(indexes, 1)));
    out8(PORT_GFX, far_read8(far_add(indexes, 2)));
    out8(PORT_ATTR, far_read8(far_add(indexes, 3)));
    attr_reset();
}

static void copy_bda(far_t p, int restore)
{
    for (unsigned i = 0; i < PIECES; i++) {
        far_t low = far_make(0, pieces[i].at);
        far_copy(restore ? low : p, restore ? p : low, pieces[i].size);
        p = far_add(p, pieces[i].size);
    }
}

static void save_dac(far_t p)
{
    p = put(p, in8(PORT_DAC_MASK));
    out8(PORT_DAC_READ, 0);
    for (unsigned i = 0; i < 768; i++)
        p = put(p, in8(PORT_DAC_DATA));
}

static void restore_dac(far_t p)
{
    out8(PORT_DAC_MASK, far_read8(p));
    out8(PORT_DAC_WRITE, 0);
    for (unsigned i = 0; i < 768; i++)
        out8(PORT_DAC_DATA, far_read8(p = far_add(p, 1)));
}

static void save_vbe(far_t p)
{
    for (uint16_t i = DISPI_XRES; i <= DISPI_Y_OFFSET; i++, p = far_add(p, 2))
        far_write16(p, dispi_read(i));
}

/* The size must be there when ENABLE is written, the rest after. */
static void restore_vbe(far_t p)
{
    dispi_write(DISPI_ENABLE, 0);
    if (!(far_read16(far_add(p, (DISPI_ENABLE - DISPI_XRES) * 2)) & DISPI_ENABLED))
        return;
    for (uint16_t i = DISPI_XRES; i <= DISPI_Y_OFFSET; i++, p = far_add(p, 2)) {
        uint16_t value = far_read16(p);
        if (i != DISPI_VIRT_HEIGHT)
            dispi_write(i, i == DISPI_ENABLE ? value | DISPI_NOCLEAR : value);
    }
}

static void save_part(unsigned part, far_t p)
{
    switch (part) {
    case STATE_HARDWARE: save_hardware(p); break;
    case STATE_BDA: copy_bda(p, 0); break;
    case STATE_DAC: save_dac(p); break;
    case STATE_VBE: save_vbe(p); break;
    }
}

static void restore_part(unsigned part, far_t p)
{
    switch (part) {
    case STATE_HARDWARE: restore_hardware(p); break;
    case STATE_BDA: copy_bda(p, 1); break;
    case STATE_DAC: restore_dac(p); break;
    case STATE_VBE: restore_vbe(p); break;
    }
}

void state_save(unsigned parts, far_t p)
{
    for (unsigned part = 1; part <= STATE_VBE; part <<= 1)
        if (parts & part) {
            save_part(part, p);
            p = far_add(p, part_bytes(part));
        }
}

void state_restore(unsigned parts, far_t p)
{
    if (parts & STATE_VBE)
        dispi_disable(); /* standard registers first; the dispi part sets its mode on top of them */
    for (unsigned part = 1; part <= STATE_VBE; part <<= 1)
        if (parts & part) {
            restore_part(part, p);
            p = far_add(p, part_bytes(part));
        }
}

void state_service(struct regs *r)
{
    unsigned parts = r->cx.x & (STATE_HARDWARE | STATE_BDA | STATE_DAC);
    far_t p = far_make(r->es, r->bx.x);
    switch (r->ax.b.l) {
    case 0: r->bx.x = state_blocks(parts); break;
    case 1: state_save(parts, p); break;
    case 2: state_restore(parts, p); break;
    default: return;
    }
    r->ax.b.l = 0x1c;
}
