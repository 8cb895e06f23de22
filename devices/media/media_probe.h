/* SPDX-License-Identifier: MIT */
/* Recognition of a file by its content: which drive it belongs into, or that it is a kernel. */
#ifndef LATHE_DEVICES_MEDIA_MEDIA_PROBE_H
#define LATHE_DEVICES_MEDIA_MEDIA_PROBE_H

#include "devices/media/media.h"

enum { MEDIA_PROBE_BYTES = 64 * 1024 };

/* What the file at `path` is. False with *err where it cannot be read, is empty, or is a container that is
 * not a raw image (qcow2, VMDK, gzip, ...); MEDIA_UNKNOWN where it is readable but nothing known. */
bool media_probe(const char *path, enum media_kind *kind, struct error *err);

/* The same from the first `have` bytes (up to MEDIA_PROBE_BYTES) of a file of `size` bytes. */
enum media_kind media_recognise(const uint8_t *head, size_t have, uint64_t size);

/* Name of a format that is a disk image but not a raw one, or NULL. */
const char *media_container_name(const uint8_t *head, size_t have);

/* "floppy", "disk", "CD-ROM", "kernel" or "unknown". */
const char *media_kind_name(enum media_kind kind);

/* Whether an ISO 9660, High Sierra or UDF descriptor is there; *sectors: the size that it gives, or 0. */
bool media_is_iso(const uint8_t *head, size_t have, uint32_t *sectors);

#endif
