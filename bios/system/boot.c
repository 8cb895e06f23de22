/* SPDX-License-Identifier: MIT */
/* INT 19h and INT 18h: boot sector, El Torito or boot entry vector, each device once, and a message that says
 * it all. */
#include "system/boot.h"

#include "system/bda.h"
#include "system/chipset.h"
#include "system/cmos.h"
#include "system/console.h"
#include "system/cpu.h"
#include "system/eltorito.h"
#include "system/keyboard.h"
#include "system/private.h"
#include "system/regs.h"

enum { BOOT_OFFSET = 0x7c00, SIGNATURE_OFFSET = 0x1fe, SIGNATURE = 0xaa55, READ_ATTEMPTS = 3 };

void boot_add(uint8_t kind, uint8_t drive, uint16_t segment, uint16_t entry, uint16_t name)
{
    uint8_t n = PRIVATE->boot_count;
    if (n == BOOT_MAX)
        return;
    PRIVATE->boot[n].kind = kind;
    PRIVATE->boot[n].drive = drive;
    PRIVATE->boot[n].segment = segment;
    PRIVATE->boot[n].entry = entry;
    PRIVATE->boot[n].name = name;
    PRIVATE->boot_count = (uint8_t)(n + 1);
}

static void swap_entries(uint8_t a, uint8_t b)
{
    volatile uint8_t __seg_gs *x = (volatile uint8_t __seg_gs *)&PRIVATE->boot[a];
    volatile uint8_t __seg_gs *y = (volatile uint8_t __seg_gs *)&PRIVATE->boot[b];
    for (unsigned i = 0; i < sizeof(struct boot_entry); i++) {
        uint8_t t = x[i];
        x[i] = y[i];
        y[i] = t;
    }
}

void boot_order(void)
{
    uint8_t first = cmos_read(CMOS_BOOT_FIRST);
    uint8_t order[3] = {first & 0x0f, first >> 4, cmos_read(CMOS_BOOT_THIRD) >> 4};
    if (first == 0) { /* nothing configured */
        order[0] = BOOT_FLOPPY;
        order[1] = BOOT_DISK;
        order[2] = BOOT_CDROM;
    }
    uint8_t sorted = 0;
    for (unsigned n = 0; n < 3; n++) {
        for (uint8_t i = sorted; i < PRIVATE->boot_count; i++) {
            if (PRIVATE->boot[i].kind != order[n])
                continue;
            for (uint8_t at = i; at > sorted; at--) /* keeps those of one kind in their order */
                swap_entries(at, (uint8_t)(at - 1));
            sorted++;
        }
    }
    PRIVATE->boot_count = sorted; /* what the order does not name is not tried */
}

static const char *kind_name(uint8_t kind)
{
    switch (kind) {
    case BOOT_FLOPPY: return "floppy";
    case BOOT_DISK: return "hard disk";
    case BOOT_CDROM: return "CD-ROM";
    case BOOT_NETWORK: return "network";
    default: return "other";
    }
}

static void print_entry(uint8_t i)
{
    print("%s", kind_name(PRIVATE->boot[i].kind));
    if (PRIVATE->boot[i].name) {
        print(" ");
        print_far(PRIVATE->boot[i].segment, PRIVATE->boot[i].name, 40);
    }
}

static bool read_boot_sector(uint8_t drive)
{
    for (unsigned attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        struct regs r;
        memset(&r, 0, sizeof r);
        r.dl = drive;
        if (attempt) /* the first read after a media change fails by design */
            soft_interrupt(0x13, &r);
        r.ax = 0x0201;
        r.bx = BOOT_OFFSET;
        r.cx = 0x0001;
        r.dx = drive;
        soft_interrupt(0x13, &r);
        if (!(r.flags & FLAG_CF))
            return true;
    }
    return false;
}

/* A sector that starts with zeroes or is all one byte was never a boot sector. */
static bool bootable(uint8_t drive)
{
    if (far_read16(0, BOOT_OFFSET + SIGNATURE_OFFSET) == SIGNATURE)
        return true;
    if (drive >= 0x80 || !(cmos_read(CMOS_BOOT_THIRD) & 1)) /* floppies of the early days have no signature */
        return false;
    uint16_t first = far_read16(0, BOOT_OFFSET);
    return first != 0 && first != 0xf6f6 && first != 0xffff;
}

static void boot_sector(uint8_t drive)
{
    if (!read_boot_sector(drive)) {
        print(": cannot be read\n");
        return;
    }
    if (!bootable(drive)) {
        print(": no boot sector\n");
        return;
    }
    print("\n");
    boot_jump(BOOT_OFFSET, drive);
}

static void boot_entry_vector(uint8_t i)
{
    struct regs r;
    memset(&r, 0, sizeof r);
    print("\n");
    far_call((uint32_t)PRIVATE->boot[i].segment << 16 | PRIVATE->boot[i].entry, &r);
}

static void boot_device(uint8_t i)
{
    print("Booting from ");
    print_entry(i);
    switch (PRIVATE->boot[i].kind) {
    case BOOT_FLOPPY:
    case BOOT_DISK: boot_sector(PRIVATE->boot[i].drive); break;
    case BOOT_CDROM: eltorito_boot(PRIVATE->boot[i].drive); break;
    default: boot_entry_vector(i); break;
    }
}

/* Nothing booted: say so, and start over on any key. */
static void give_up(void)
{
    print("\nNo bootable device. Tried:");
    for (uint8_t i = 0; i < PRIVATE->boot_count; i++) {
        print(i ? ", " : " ");
        print_entry(i);
    }
    print(PRIVATE->boot_count ? ".\n" : " nothing, for the machine has no boot device.\n");
    print("Insert a boot disk and press a key to try again.\n");
    soft_interrupt_ax(0x16, 0);
    print("\n");
}

void boot_next(void)
{
    cpu_sti();
    for (;;) {
        while (PRIVATE->boot_current < PRIVATE->boot_count) {
            uint8_t i = PRIVATE->boot_current++;
            boot_device(i);
        }
        give_up();
        PRIVATE->boot_current = 0;
    }
}

void boot_main(void)
{
    PRIVATE->boot_current = 0;
    PRIVATE->free_stacks = (1u << STACK_COUNT) - 1; /* whoever held one is gone */
    boot_next();
}
