/* SPDX-License-Identifier: MIT */
/* Keys, mouse, buttons, serial lines, media: everything here is posted to the machine's input queue. */
#include <string.h>

#include "core/base/assert.h"
#include "devices/media/media.h"
#include "devices/pc/machine.h"
#include "frontends/embed/embed.h"
#include "frontends/embed/lathe.h"

void lathe_key(struct lathe *lathe, unsigned usage, bool down)
{
    typist_move(&lathe->typist, (uint16_t)usage, down);
}

bool lathe_key_combo(struct lathe *lathe, const char *combo)
{
    return typist_combo(&lathe->typist, combo) ||
           error_set(&lathe->error, "'%s' is not a key or combination such as ctrl-alt-del, f1, a", combo);
}

bool lathe_type(struct lathe *lathe, const char *text)
{
    return typist_type(&lathe->typist, text) ||
           error_set(&lathe->error, "the text to type has characters that are on no key of a US keyboard");
}

bool lathe_typing(const struct lathe *lathe)
{
    return lathe->typist.count != 0;
}

static int16_t clamp16(int value)
{
    return (int16_t)(value < -32768 ? -32768 : value > 32767 ? 32767 : value);
}

void lathe_mouse(struct lathe *lathe, int dx, int dy, int wheel, unsigned buttons)
{
    machine_post(lathe->machine,
                 (struct input){.kind = INPUT_MOUSE,
                                .u.mouse = {clamp16(dx), clamp16(dy), clamp16(wheel), (uint8_t)buttons}});
}

void lathe_reset(struct lathe *lathe)
{
    machine_post(lathe->machine, (struct input){.kind = INPUT_RESET});
}

void lathe_power_button(struct lathe *lathe)
{
    machine_post(lathe->machine, (struct input){.kind = INPUT_POWER_BUTTON});
}

static void remove_listener(struct lathe *lathe, const void *opaque)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < lathe->serial_count; i++) {
        if (lathe->serial[i].opaque != opaque)
            lathe->serial[kept++] = lathe->serial[i];
    }
    lathe->serial_count = kept;
}

void lathe_on_serial(struct lathe *lathe, lathe_serial_fn *fn, void *opaque)
{
    if (!fn) {
        remove_listener(lathe, opaque);
        return;
    }
    ASSERT(lathe->serial_count < EMBED_LISTENERS);
    lathe->serial[lathe->serial_count++] = (struct serial_listener){fn, opaque};
}

size_t lathe_serial_room(const struct lathe *lathe, unsigned port)
{
    return machine_serial_room(lathe->machine, port);
}

void lathe_serial_send(struct lathe *lathe, unsigned port, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < size; i++)
        machine_post(lathe->machine,
                     (struct input){.kind = INPUT_SERIAL, .u.serial = {(uint8_t)port, byte[i]}});
}

void lathe_on_debugcon(struct lathe *lathe, lathe_byte_fn *fn, void *opaque)
{
    lathe->debugcon = fn;
    lathe->debugcon_opaque = opaque;
}

/* The drive of a name, and what goes into it. */
static bool find_drive(struct lathe *lathe, const char *name, enum machine_drive *drive,
                       enum media_kind *kind)
{
    static const char *const names[DRIVE_COUNT] = {"fda", "fdb", "hda", "hdb", "hdc", "hdd"};
    bool any_cdrom = !strcmp(name, "cdrom");
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        bool cdrom = lathe->config.is_cdrom[i];
        if (strcmp(name, names[i]) && !(any_cdrom && cdrom))
            continue;
        if (i >= DRIVE_HDA && !cdrom)
            return error_set(&lathe->error, "%s is a hard disk: only floppies and CDs can be changed", name);
        *drive = (enum machine_drive)i;
        *kind = cdrom ? MEDIA_CDROM : MEDIA_FLOPPY;
        return true;
    }
    return error_set(&lathe->error, "there is no drive '%s'; use fda, fdb or cdrom", name);
}

bool lathe_insert(struct lathe *lathe, const char *drive_name, const char *path)
{
    enum machine_drive drive;
    enum media_kind kind;
    if (!find_drive(lathe, drive_name, &drive, &kind))
        return false;
    const struct media_config config = {
        .path = path, .kind = kind, .snapshot = lathe->options.snapshot, .log = lathe->log};
    struct media *media = media_open(&config, &lathe->error);
    if (!media)
        return false;
    machine_post(lathe->machine, (struct input){.kind = INPUT_INSERT, .u.media = {(uint8_t)drive, media}});
    return true;
}

bool lathe_eject(struct lathe *lathe, const char *drive_name)
{
    enum machine_drive drive;
    enum media_kind kind;
    if (!find_drive(lathe, drive_name, &drive, &kind))
        return false;
    machine_post(lathe->machine, (struct input){.kind = INPUT_EJECT, .u.media = {(uint8_t)drive, NULL}});
    return true;
}
