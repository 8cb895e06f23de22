/* SPDX-License-Identifier: MIT */
/* Media: what a floppy, disk or CD-ROM drive reads and writes, as bytes at a 64-bit offset.
 *
 * A medium is a host file, bytes in memory, or a copy-on-write overlay over another one. Nothing is
 * buffered here: a write has reached the host's file when media_write returns, and media_flush makes it
 * durable, so that ending the process at any moment leaves no half-written image.
 */
#ifndef LATHE_DEVICES_MEDIA_MEDIA_H
#define LATHE_DEVICES_MEDIA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/log.h"

struct buffer;
struct error;
struct media;
struct reader;

enum { MEDIA_SECTOR = 512, MEDIA_CD_SECTOR = 2048 };

enum media_kind { MEDIA_UNKNOWN, MEDIA_FLOPPY, MEDIA_DISK, MEDIA_CDROM, MEDIA_KERNEL };

/* `read` and `write` stay within media->size and move everything or fail. `save` and `load` exist where the
 * medium holds bytes that its host file does not. */
struct media_ops {
    bool (*read)(struct media *media, uint64_t offset, void *bytes, size_t size);
    bool (*write)(struct media *media, uint64_t offset, const void *bytes, size_t size);
    bool (*flush)(struct media *media);
    void (*close)(struct media *media);
    void (*save)(const struct media *media, struct buffer *out);
    bool (*load)(struct media *media, struct reader *in, struct error *err);
};

struct media {
    const struct media_ops *ops;
    char *name; /* for messages; owned */
    enum media_kind kind;
    uint64_t size;
    bool read_only;
    struct log_source log;
};

struct media_config {
    const char *path;
    enum media_kind kind; /* the drive that it goes into: FLOPPY, DISK or CDROM */
    bool read_only;       /* refuse writes even where the file would take them */
    bool snapshot;        /* keep writes in memory and drop them at the end */
    struct log *log;
};

/* Opens an image file or block device and locks it: shared where only read, else exclusive. NULL with *err
 * (what, where, remedy) where it is missing, no image of that kind, damaged or in use. A CD-ROM, and a file
 * that the user may not write, is read-only. */
struct media *media_open(const struct media_config *config, struct error *err);

/* A medium over `size` bytes of the caller's, which outlive it and are never changed: writes stay in memory.
 */
struct media *media_from_bytes(const char *name, enum media_kind kind, const void *bytes, size_t size,
                               struct log *log);

/* A writable overlay that holds changed clusters in memory. Owns `base` from here on. */
struct media *media_overlay_new(struct media *base, struct log *log);

/* A second view of a medium that outlives it: sees what is written to the other one, and keeps what is
 * written to itself in memory. */
struct media *media_share(struct media *other);

/* Closes and frees; NULL is allowed. */
void media_close(struct media *media);

/* Reads or writes bytes. False where the range is outside, the medium is read-only, or the host fails (which
 * is logged). */
bool media_read(struct media *media, uint64_t offset, void *bytes, size_t size);
bool media_write(struct media *media, uint64_t offset, const void *bytes, size_t size);

/* Returns once every finished write is durable on the host. */
bool media_flush(struct media *media);

/* Saves and loads what exists in memory only (overlays); nothing for plain files. */
void media_save(const struct media *media, struct buffer *out);
bool media_load(struct media *media, struct reader *in, struct error *err);

/* For constructors of media: sets the common part. */
void media_init(struct media *media, const struct media_ops *ops, const char *name, enum media_kind kind,
                struct log *log);

#endif
