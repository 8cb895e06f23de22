/* SPDX-License-Identifier: MIT */
/* x87 loads, stores and moves. Stores: compute, write, and only then commit, so that a page fault changes
 * nothing. */
#include "core/x86/exec/chain.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/sized.h"
#include "core/x86/exec/x87_access.h"
#include "core/x86/flags.h"

enum { M80 = 10, M80_ALIGN = 8 };

/* --- Loads --- */

bool op_fld_m32(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, 4, &value))
        return false;
    x87_fld_m32(&cpu->x87, (uint32_t)value);
    return true;
}

bool op_fld_m64(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, 8, &value))
        return false;
    x87_fld_m64(&cpu->x87, value);
    return true;
}

static bool begin_load_m80(struct cpu *cpu, const struct insn *insn, uint8_t image[M80])
{
    if (!x87_begin(cpu) || !x87_load_image(cpu, insn, image, M80, M80_ALIGN))
        return false;
    x87_note_data(cpu, insn);
    return true;
}

bool op_fld_m80(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[M80];
    if (!begin_load_m80(cpu, insn, image))
        return false;
    x87_fld_m80(&cpu->x87, (struct float80){load_le64(image), load_le16(image + 8)});
    return true;
}

bool op_fbld(struct cpu *cpu, const struct insn *insn)
{
    uint8_t image[M80];
    if (!begin_load_m80(cpu, insn, image))
        return false;
    x87_fbld(&cpu->x87, load_le64(image), load_le16(image + 8));
    return true;
}

static bool load_integer(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint64_t value;
    if (!x87_begin_load(cpu, insn, size, &value))
        return false;
    x87_fild(&cpu->x87, (int64_t)sign_extend(value, size * 8));
    return true;
}

bool op_fild_m16(struct cpu *cpu, const struct insn *insn)
{
    return load_integer(cpu, insn, 2);
}

bool op_fild_m32(struct cpu *cpu, const struct insn *insn)
{
    return load_integer(cpu, insn, 4);
}

bool op_fild_m64(struct cpu *cpu, const struct insn *insn)
{
    return load_integer(cpu, insn, 8);
}

/* --- Stores --- */

/* What an unmasked exception keeps from memory must be writable all the same, and its page fault comes first.
 */

static bool finish_store(struct cpu *cpu, const struct insn *insn, struct x87_store store, unsigned size)
{
    bool fine = store.write ? x87_put(cpu, insn, size, store.low) : x87_check(cpu, insn, size, size, true);
    if (!fine)
        return false;
    x87_note_data(cpu, insn);
    x87_store_commit(&cpu->x87, &store);
    return true;
}

static bool finish_store_m80(struct cpu *cpu, const struct insn *insn, struct x87_store store)
{
    uint8_t image[M80];
    store_le64(image, store.low);
    store_le16(image + 8, store.high);
    bool fine = store.write ? x87_put_image(cpu, insn, image, M80, M80_ALIGN)
                            : x87_check(cpu, insn, M80, M80_ALIGN, true);
    if (!fine)
        return false;
    x87_note_data(cpu, insn);
    x87_store_commit(&cpu->x87, &store);
    return true;
}

bool op_fst_m32(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin(cpu) && finish_store(cpu, insn, x87_fst_m32(&cpu->x87, false), 4);
}

bool op_fstp_m32(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin(cpu) && finish_store(cpu, insn, x87_fst_m32(&cpu->x87, true), 4);
}

bool op_fst_m64(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin(cpu) && finish_store(cpu, insn, x87_fst_m64(&cpu->x87, false), 8);
}

bool op_fstp_m64(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin(cpu) && finish_store(cpu, insn, x87_fst_m64(&cpu->x87, true), 8);
}

bool op_fstp_m80(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin(cpu) && finish_store_m80(cpu, insn, x87_fstp_m80(&cpu->x87));
}

bool op_fbstp(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin(cpu) && finish_store_m80(cpu, insn, x87_fbstp(&cpu->x87));
}

static bool store_integer(struct cpu *cpu, const struct insn *insn, unsigned size, bool pop)
{
    return x87_begin(cpu) && finish_store(cpu, insn, x87_fist(&cpu->x87, size * 8, pop), size);
}

bool op_fist_m16(struct cpu *cpu, const struct insn *insn)
{
    return store_integer(cpu, insn, 2, false);
}

bool op_fistp_m16(struct cpu *cpu, const struct insn *insn)
{
    return store_integer(cpu, insn, 2, true);
}

bool op_fist_m32(struct cpu *cpu, const struct insn *insn)
{
    return store_integer(cpu, insn, 4, false);
}

bool op_fistp_m32(struct cpu *cpu, const struct insn *insn)
{
    return store_integer(cpu, insn, 4, true);
}

bool op_fistp_m64(struct cpu *cpu, const struct insn *insn)
{
    return store_integer(cpu, insn, 8, true);
}

static bool store_truncated(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    return x87_begin(cpu) && finish_store(cpu, insn, x87_fisttp(&cpu->x87, size * 8), size);
}

bool op_fisttp_m16(struct cpu *cpu, const struct insn *insn)
{
    return store_truncated(cpu, insn, 2);
}

bool op_fisttp_m32(struct cpu *cpu, const struct insn *insn)
{
    return store_truncated(cpu, insn, 4);
}

bool op_fisttp_m64(struct cpu *cpu, const struct insn *insn)
{
    return store_truncated(cpu, insn, 8);
}

/* --- Between registers --- */

bool op_fld_sti(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fld_st(&cpu->x87, x87_sti(insn));
    return true;
}

bool op_fld_constant(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fld_constant(&cpu->x87, (enum x87_constant)x87_sti(insn));
    return true;
}

bool op_fst_sti(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fst_st(&cpu->x87, x87_sti(insn), false);
    return true;
}

bool op_fstp_sti(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fst_st(&cpu->x87, x87_sti(insn), true);
    return true;
}

bool op_fstp1(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fstp1(&cpu->x87, x87_sti(insn));
    return true;
}

bool op_fxch(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_fxch(&cpu->x87, x87_sti(insn));
    return true;
}

/* DA: B, E, BE, U; DB: their opposites. As condition codes: 2, 4, 6, A. */
bool op_fcmov(struct cpu *cpu, const struct insn *insn)
{
    static const uint8_t codes[4] = {2, 4, 6, 10};
    if (!x87_begin_register(cpu, insn))
        return false;
    bool met = flag_condition(cpu, codes[insn->reg & 3] | (insn->opcode & 1u));
    x87_fcmov(&cpu->x87, x87_sti(insn), met);
    return true;
}

bool op_ffree(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_ffree(&cpu->x87, x87_sti(insn), false);
    return true;
}

bool op_ffreep(struct cpu *cpu, const struct insn *insn)
{
    if (!x87_begin_register(cpu, insn))
        return false;
    x87_ffree(&cpu->x87, x87_sti(insn), true);
    return true;
}

bool op_fnop(struct cpu *cpu, const struct insn *insn)
{
    return x87_begin_register(cpu, insn);
}

/* --- Handlers --- */

#define OP op_fld_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_fld_m64
#include "core/x86/exec/x87_direct.inc"
#define OP op_fild_m16
#include "core/x86/exec/x87_direct.inc"
#define OP op_fild_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_fild_m64
#include "core/x86/exec/x87_direct.inc"
#define OP op_fst_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_fstp_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_fst_m64
#include "core/x86/exec/x87_direct.inc"
#define OP op_fstp_m64
#include "core/x86/exec/x87_direct.inc"
#define OP op_fist_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_fistp_m32
#include "core/x86/exec/x87_direct.inc"
#define OP op_fistp_m64
#include "core/x86/exec/x87_direct.inc"
#define OP op_fistp_m16
#include "core/x86/exec/x87_direct.inc"
#define OP op_fld_sti
#include "core/x86/exec/x87_direct.inc"
#define OP op_fld_constant
#include "core/x86/exec/x87_direct.inc"
#define OP op_fst_sti
#include "core/x86/exec/x87_direct.inc"
#define OP op_fstp_sti
#include "core/x86/exec/x87_direct.inc"
#define OP op_fxch
#include "core/x86/exec/x87_direct.inc"
#define OP op_fcmov
#include "core/x86/exec/x87_direct.inc"
