/* SPDX-License-Identifier: MIT */
#include "devices/media/media_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/error.h"

struct media_file {
    struct media media; /* first: ops get a pointer to it */
    int fd;
    uint64_t file_size;
};

static bool open_failed(const char *path, struct error *err)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return error_set(err, "'%s': no such file", path);
    if (errno == EACCES || errno == EPERM)
        return error_set(err, "'%s': not readable by this user (check its permissions)", path);
    return error_set(err, "'%s': cannot open: %s", path, strerror(errno));
}

static bool check_type(const char *path, struct error *err)
{
    struct stat st;
    if (stat(path, &st))
        return open_failed(path, err);
    if (S_ISDIR(st.st_mode))
        return error_set(err, "'%s' is a directory; a disk image file is needed", path);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return error_set(err, "'%s' is neither a file nor a block device", path);
    return true;
}

static int open_retry(const char *path, int flags)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd;
}

bool media_handle_open(struct media_handle *handle, const char *path, bool want_write, struct error *err)
{
    *handle = (struct media_handle){.fd = -1};
    if (!check_type(path, err))
        return false;
    if (want_write) {
        handle->fd = open_retry(path, O_RDWR);
        handle->writable = handle->fd >= 0;
        if (handle->fd < 0 && errno != EACCES && errno != EPERM && errno != EROFS)
            return open_failed(path, err);
    }
    if (handle->fd < 0)
        handle->fd = open_retry(path, O_RDONLY);
    if (handle->fd < 0)
        return open_failed(path, err);
    off_t size = lseek(handle->fd, 0, SEEK_END);
    if (size < 0) {
        error_set(err, "'%s': cannot tell its size: %s", path, strerror(errno));
        close(handle->fd);
        return false;
    }
    handle->size = (uint64_t)size;
    return true;
}

bool media_handle_read(int fd, uint64_t offset, void *bytes, size_t size)
{
    uint8_t *out = bytes;
    while (size) {
        ssize_t got = pread(fd, out, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got ? errno : 0;
            return false;
        }
        out += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

bool media_handle_lock(const struct media_handle *handle, const char *path, struct log_source *log,
                       struct error *err)
{
    int rc;
    do
        rc = flock(handle->fd, (handle->writable ? LOCK_EX : LOCK_SH) | LOCK_NB);
    while (rc && errno == EINTR);
    if (!rc)
        return true;
    if (errno == EWOULDBLOCK)
        return error_set(err, "'%s' is in use by another machine%s", path,
                         handle->writable ? "; end that one, or use --snapshot in both"
                                          : " that writes to it");
    log_write(log, LOG_INFO, "'%s': cannot be locked here: %s", path, strerror(errno));
    return true;
}

static bool file_read(struct media *media, uint64_t offset, void *bytes, size_t size)
{
    struct media_file *file = (struct media_file *)media;
    size_t there = size;
    if (offset >= file->file_size)
        there = 0;
    else if (size > file->file_size - offset)
        there = (size_t)(file->file_size - offset);
    memset((uint8_t *)bytes + there, 0, size - there);
    if (media_handle_read(file->fd, offset, bytes, there))
        return true;
    log_write(&media->log, LOG_ERROR, "'%s': reading %zu bytes at %" PRIu64 " failed: %s", media->name, size,
              offset, errno ? strerror(errno) : "the file became shorter");
    return false;
}

static bool file_write(struct media *media, uint64_t offset, const void *bytes, size_t size)
{
    struct media_file *file = (struct media_file *)media;
    const uint8_t *in = bytes;
    while (size) {
        ssize_t put = pwrite(file->fd, in, size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            log_write(&media->log, LOG_ERROR, "'%s': writing %zu bytes at %" PRIu64 " failed: %s",
                      media->name, size, offset, put ? strerror(errno) : "no room");
            return false;
        }
        in += put;
        offset += (uint64_t)put;
        size -= (size_t)put;
        if (offset > file->file_size)
            file->file_size = offset;
    }
    return true;
}

static bool file_flush(struct media *media)
{
    struct media_file *file = (struct media_file *)media;
    if (!fdatasync(file->fd))
        return true;
    log_write(&media->log, LOG_ERROR, "'%s': flushing failed: %s", media->name, strerror(errno));
    return false;
}

static void file_close(struct media *media)
{
    struct media_file *file = (struct media_file *)media;
    close(file->fd);
    alloc_free(file);
}

static const struct media_ops file_ops = {
    .read = file_read, .write = file_write, .flush = file_flush, .close = file_close};

struct media *media_file_new(const struct media_handle *handle, const char *path, enum media_kind kind,
                             uint64_t size, struct log *log)
{
    struct media_file *file = alloc_zeroed(sizeof *file);
    media_init(&file->media, &file_ops, path, kind, log);
    file->media.size = size;
    file->media.read_only = !handle->writable;
    file->fd = handle->fd;
    file->file_size = handle->size;
    return &file->media;
}
