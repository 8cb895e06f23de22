/* SPDX-License-Identifier: MIT */
/* Opening an image for a drive: what is wrong with it is said here, in one line each. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"
#include "devices/media/floppy_geometry.h"
#include "devices/media/media.h"
#include "devices/media/media_file.h"
#include "devices/media/media_probe.h"

#define MAX_DISK_SECTORS ((uint64_t)1 << 48) /* what a 48-bit LBA reaches */

struct opening {
    const struct media_config *config;
    struct log_source log;
    struct media_handle handle;
    uint8_t *head;
    size_t have;
    uint64_t size; /* of the medium: may be more than the file's */
};

static bool check_size(const struct opening *opening, struct error *err)
{
    const char *path = opening->config->path;
    uint64_t size = opening->handle.size;
    if (!size)
        return error_set(err, "'%s' is empty; a %s image is needed", path,
                         media_kind_name(opening->config->kind));
    if (size < MEDIA_SECTOR)
        return error_set(err, "'%s' has only %" PRIu64 " bytes, less than one sector of 512", path, size);
    if (size % MEDIA_SECTOR)
        return error_set(err,
                         "'%s' is truncated or no raw image: %" PRIu64
                         " bytes are not a multiple of 512 (%" PRIu64 " too many)",
                         path, size, size % MEDIA_SECTOR);
    return true;
}

/* Things that are certainly something else than a raw image for any drive. */
static bool check_content(const struct opening *opening, struct error *err)
{
    const char *path = opening->config->path;
    const char *container = media_container_name(opening->head, opening->have);
    if (container)
        return error_set(err, "'%s' is a %s file; a raw image is needed (convert or unpack it first)", path,
                         container);
    if (media_recognise(opening->head, opening->have, opening->handle.size) == MEDIA_KERNEL)
        return error_set(err, "'%s' is a kernel, not a %s image; start it with --kernel", path,
                         media_kind_name(opening->config->kind));
    return true;
}

static bool fit_floppy(struct opening *opening, struct error *err)
{
    struct floppy_geometry geometry;
    uint64_t size = opening->handle.size;
    if (!floppy_geometry_find(size, opening->head, &geometry))
        return error_set(err, "'%s' is too large for a floppy: %" PRIu64 " bytes, 2.88M holds 2949120",
                         opening->config->path, size);
    opening->size = floppy_geometry_size(&geometry);
    if (opening->size > size)
        log_write(&opening->log, LOG_INFO,
                  "'%s': %" PRIu64
                  " bytes taken as the start of a disk with %u cylinders, %u heads, %u sectors",
                  opening->config->path, size, geometry.cylinders, geometry.heads, geometry.sectors);
    return true;
}

static bool fit_disk(struct opening *opening, struct error *err)
{
    opening->size = opening->handle.size;
    if (opening->size / MEDIA_SECTOR > MAX_DISK_SECTORS)
        return error_set(err, "'%s' is too large for a disk: a 48-bit sector number reaches 128 PiB",
                         opening->config->path);
    return true;
}

static bool fit_cdrom(struct opening *opening, struct error *err)
{
    const char *path = opening->config->path;
    uint64_t size = opening->handle.size;
    uint32_t sectors;
    bool iso = media_is_iso(opening->head, opening->have, &sectors);
    opening->size = (size + MEDIA_CD_SECTOR - 1) / MEDIA_CD_SECTOR * MEDIA_CD_SECTOR;
    if (opening->size / MEDIA_CD_SECTOR > UINT32_MAX)
        return error_set(err, "'%s' is too large for a CD-ROM or DVD-ROM: %" PRIu64 " bytes", path, size);
    if (!iso)
        log_write(&opening->log, LOG_WARN, "'%s': no ISO 9660 or UDF descriptor found", path);
    else if ((uint64_t)sectors * MEDIA_CD_SECTOR > opening->size)
        log_write(&opening->log, LOG_WARN,
                  "'%s' is truncated: its descriptor promises %" PRIu32 " sectors of 2048, %" PRIu64
                  " are there",
                  path, sectors, opening->size / MEDIA_CD_SECTOR);
    return true;
}

static bool fit(struct opening *opening, struct error *err)
{
    switch (opening->config->kind) {
    case MEDIA_FLOPPY: return fit_floppy(opening, err);
    case MEDIA_DISK: return fit_disk(opening, err);
    case MEDIA_CDROM: return fit_cdrom(opening, err);
    default: return error_set(err, "'%s': no drive takes this kind of file", opening->config->path);
    }
}

static bool examine(struct opening *opening, struct error *err)
{
    const char *path = opening->config->path;
    uint64_t size = opening->handle.size;
    opening->have = size < MEDIA_PROBE_BYTES ? (size_t)size : MEDIA_PROBE_BYTES;
    if (!media_handle_read(opening->handle.fd, 0, opening->head, opening->have))
        return error_set(err, "'%s': cannot read: %s", path,
                         errno ? strerror(errno) : "the file became shorter");
    return check_content(opening, err) && check_size(opening, err) && fit(opening, err) &&
           media_handle_lock(&opening->handle, path, &opening->log, err);
}

static struct media *finish(struct opening *opening)
{
    const struct media_config *config = opening->config;
    struct media *media =
        media_file_new(&opening->handle, config->path, config->kind, opening->size, config->log);
    if (config->snapshot && config->kind != MEDIA_CDROM && !config->read_only)
        return media_overlay_new(media, config->log);
    if (media->read_only && config->kind != MEDIA_CDROM)
        log_write(&opening->log, config->read_only ? LOG_INFO : LOG_WARN, "'%s' is opened read-only%s",
                  config->path, config->read_only ? "" : ": this user may not write to it");
    return media;
}

struct media *media_open(const struct media_config *config, struct error *err)
{
    struct opening opening = {.config = config};
    struct media *media = NULL;
    bool want_write = config->kind != MEDIA_CDROM && !config->read_only && !config->snapshot;
    if (!media_handle_open(&opening.handle, config->path, want_write, err))
        return NULL;
    log_attach(config->log, &opening.log, "media");
    opening.head = alloc_zeroed(MEDIA_PROBE_BYTES);
    if (examine(&opening, err))
        media = finish(&opening);
    else
        close(opening.handle.fd);
    alloc_free(opening.head);
    log_detach(&opening.log);
    return media;
}
