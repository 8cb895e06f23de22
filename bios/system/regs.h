/* SPDX-License-Identifier: MIT */
/* The caller's registers as entry.S pushes them: every service reads its arguments and leaves its results
 * here. */
#ifndef BIOS_SYSTEM_REGS_H
#define BIOS_SYSTEM_REGS_H
#include <stddef.h>
#include <stdint.h>

#define REG_UNION(n)                                                                                         \
    union {                                                                                                  \
        uint32_t e##n##x;                                                                                    \
        uint16_t n##x;                                                                                       \
        struct {                                                                                             \
            uint8_t n##l, n##h;                                                                              \
        };                                                                                                   \
    }

struct regs {
    uint16_t gs, fs, ds, es;
    union {
        uint32_t edi;
        uint16_t di;
    };
    union {
        uint32_t esi;
        uint16_t si;
    };
    union {
        uint32_t ebp;
        uint16_t bp;
    };
    uint32_t esp_unused;
    REG_UNION(b);
    REG_UNION(d);
    REG_UNION(c);
    REG_UNION(a);
    uint32_t handler;
    uint16_t ip, cs, flags;
};
_Static_assert(offsetof(struct regs, handler) == 40, "entry.S knows this layout");
_Static_assert(sizeof(struct regs) == 52, "entry.S knows this layout");

enum { FLAG_CF = 0x0001, FLAG_ZF = 0x0040, FLAG_TF = 0x0100, FLAG_IF = 0x0200 };

static inline void regs_carry(struct regs *r, int set)
{
    r->flags = (uint16_t)(set ? r->flags | FLAG_CF : r->flags & ~FLAG_CF);
}

/* entry.S. Loads all of *r but CS:IP, raises software interrupt `vector` through the IVT, and stores what
 * came back. */
void soft_interrupt(uint8_t vector, struct regs *r);

/* entry.S. Far call to segment:offset with *r loaded; for option ROMs. */
void far_call(uint32_t segment_offset, struct regs *r);

/* As soft_interrupt for the many cases that need AX alone: enters with AX, other registers 0; returns AX, and
 * CF in bit 16. */
uint32_t soft_interrupt_ax(uint8_t vector, uint16_t ax);

#endif
