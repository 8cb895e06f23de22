/* SPDX-License-Identifier: MIT */
/* FNSTENV, FNSAVE and FXSAVE images, and the MMX view of the registers (Intel SDM volume
   1, 8.1.10, 9.5.1, 10.5.1).

   32-bit environment, one doubleword a line; a 16-bit one has the low words only:
       0 control   4 status   8 tags   12 FIP   16 FOP:FCS   20 FDP   24 FDS          (protected)
       12 FIP 15..0   16 bits 27..12: FIP 31..16, 10..0: FOP   20 FDP 15..0   24 bits 27..12: FDP 31..16
   (real) In real format FIP and FDP are linear addresses. */
#include "core/base/bytes.h"
#include "core/x86/fpu/x87_internal.h"

enum { RESERVED_HIGH = 0xffff, FOP_MASK = 0x7ff };

static bool is_wide(enum x87_layout layout)
{
    return layout == X87_REAL32 || layout == X87_PROTECTED32;
}

static bool is_real(enum x87_layout layout)
{
    return layout == X87_REAL16 || layout == X87_REAL32;
}

unsigned x87_env_size(enum x87_layout layout)
{
    return is_wide(layout) ? 28 : 14;
}

/* Fields in the order of the image. */
enum { CONTROL, STATUS, TAGS, FIP, FCS, FDP, FDS };

static void encode_pointers(const struct x87 *f, enum x87_layout layout, uint32_t *field)
{
    if (!is_real(layout)) {
        field[FIP] = (uint32_t)f->fip;
        field[FCS] = (uint32_t)f->fop << 16 | f->fcs;
        field[FDP] = (uint32_t)f->fdp;
        field[FDS] = (uint32_t)RESERVED_HIGH << 16 | f->fds;
        return;
    }
    uint32_t ip = ((uint32_t)f->fcs << 4) + (uint32_t)f->fip, dp = ((uint32_t)f->fds << 4) + (uint32_t)f->fdp;
    field[FIP] = (uint32_t)RESERVED_HIGH << 16 | (ip & 0xffff);
    field[FCS] = (ip >> 16) << 12 | f->fop;
    field[FDP] = (uint32_t)RESERVED_HIGH << 16 | (dp & 0xffff);
    field[FDS] = (dp >> 16) << 12;
}

void x87_fnstenv(const struct x87 *f, enum x87_layout layout, uint8_t image[X87_ENV_MAX])
{
    uint32_t field[7] = {[CONTROL] = (uint32_t)RESERVED_HIGH << 16 | f->control,
                         [STATUS] = (uint32_t)RESERVED_HIGH << 16 | x87_fnstsw(f),
                         [TAGS] = (uint32_t)RESERVED_HIGH << 16 | x87_tag_word(f)};
    encode_pointers(f, layout, field);
    for (unsigned i = 0; i < 7; i++) {
        if (is_wide(layout))
            store_le32(image + 4 * i, field[i]);
        else
            store_le16(image + 2 * i, (uint16_t)field[i]);
    }
}

void x87_fnstenv_commit(struct x87 *f)
{
    f->control |= FLOAT_EXCEPTIONS;
}

static void decode_pointers(struct x87 *f, enum x87_layout layout, const uint32_t *field)
{
    if (!is_real(layout)) {
        f->fip = field[FIP];
        f->fcs = (uint16_t)field[FCS];
        f->fop = field[FCS] >> 16 & FOP_MASK;
        f->fdp = field[FDP];
        f->fds = (uint16_t)field[FDS];
        return;
    }
    f->fip = (field[FIP] & 0xffff) | (field[FCS] >> 12 & 0xffff) << 16;
    f->fdp = (field[FDP] & 0xffff) | (field[FDS] >> 12 & 0xffff) << 16;
    f->fop = field[FCS] & FOP_MASK;
    f->fcs = 0;
    f->fds = 0;
}

void x87_fldenv(struct x87 *f, enum x87_layout layout, const uint8_t image[X87_ENV_MAX])
{
    uint32_t field[7];
    for (unsigned i = 0; i < 7; i++)
        field[i] = is_wide(layout) ? load_le32(image + 4 * i) : load_le16(image + 2 * i);
    x87_fldcw(f, (uint16_t)field[CONTROL]);
    x87_set_status(f, (uint16_t)field[STATUS]);
    f->tag = 0;
    for (unsigned r = 0; r < 8; r++)
        if ((field[TAGS] >> 2 * r & 3) != 3)
            f->tag |= (uint8_t)(1u << r);
    decode_pointers(f, layout, field);
    if (layout == X87_PROTECTED16)
        f->fop = 0; /* not in this image */
}

void x87_fnsave(const struct x87 *f, enum x87_layout layout, uint8_t image[X87_SAVE_MAX])
{
    x87_fnstenv(f, layout, image);
    uint8_t *p = image + x87_env_size(layout);
    for (unsigned i = 0; i < 8; i++, p += 10) {
        struct float80 value = x87_get(f, i);
        store_le64(p, value.mantissa);
        store_le16(p + 8, value.sign_exponent);
    }
}

void x87_fnsave_commit(struct x87 *f)
{
    x87_fninit(f);
}

/* Sets ST(i) and leaves its tag alone. */
static void set_untagged(struct x87 *f, unsigned i, const uint8_t *p)
{
    unsigned r = (f->top + i) & 7;
    f->mantissa[r] = load_le64(p);
    f->sign_exponent[r] = load_le16(p + 8);
}

void x87_frstor(struct x87 *f, enum x87_layout layout, const uint8_t image[X87_SAVE_MAX])
{
    x87_fldenv(f, layout, image);
    const uint8_t *p = image + x87_env_size(layout);
    for (unsigned i = 0; i < 8; i++)
        set_untagged(f, i, p + 10 * i);
}

void x87_fxsave(const struct x87 *f, bool wide, uint8_t image[X87_FXSAVE_SIZE])
{
    store_le16(image, f->control);
    store_le16(image + 2, x87_fnstsw(f));
    image[4] = f->tag;
    image[5] = 0;
    store_le16(image + 6, f->fop);
    if (wide) {
        store_le64(image + 8, f->fip);
        store_le64(image + 16, f->fdp);
    } else {
        store_le64(image + 8, (uint32_t)f->fip | (uint64_t)f->fcs << 32);
        store_le64(image + 16, (uint32_t)f->fdp | (uint64_t)f->fds << 32);
    }
    for (unsigned i = 0; i < 8; i++) {
        struct float80 value = x87_get(f, i);
        store_le64(image + 32 + 16 * i, value.mantissa);
        store_le64(image + 40 + 16 * i, value.sign_exponent);
    }
}

void x87_fxrstor(struct x87 *f, bool wide, const uint8_t image[X87_FXSAVE_SIZE])
{
    x87_fldcw(f, load_le16(image));
    x87_set_status(f, load_le16(image + 2));
    f->tag = image[4];
    f->fop = load_le16(image + 6) & FOP_MASK;
    f->fip = load_le64(image + 8);
    f->fdp = load_le64(image + 16);
    f->fcs = 0;
    f->fds = 0;
    if (!wide) {
        f->fcs = load_le16(image + 12);
        f->fds = load_le16(image + 20);
        f->fip = (uint32_t)f->fip;
        f->fdp = (uint32_t)f->fdp;
    }
    for (unsigned i = 0; i < 8; i++)
        set_untagged(f, i, image + 32 + 16 * i);
}

bool x87_is_initial(const struct x87 *f)
{
    unsigned any = f->control ^ X87_CONTROL_DEFAULT;
    any |= f->status | f->top | f->tag | f->fop | f->fcs | f->fds | (f->fip != 0) | (f->fdp != 0);
    for (unsigned r = 0; r < 8; r++)
        any |= f->sign_exponent[r] | (f->mantissa[r] != 0);
    return !any;
}

void x87_emms(struct x87 *f)
{
    f->top = 0;
    f->tag = 0;
}
