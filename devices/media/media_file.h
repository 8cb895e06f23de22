/* SPDX-License-Identifier: MIT */
/* Host files as media, and the first look at a file that probing shares with opening. */
#ifndef LATHE_DEVICES_MEDIA_MEDIA_FILE_H
#define LATHE_DEVICES_MEDIA_MEDIA_FILE_H

#include "devices/media/media.h"

/* A file descriptor and what the host says of it. */
struct media_handle {
    int fd;
    uint64_t size;
    bool writable;
};

/* Opens a regular file or block device for reading, and for writing where asked for and allowed. False with
 * *err where it is missing, a directory, something else than bytes, or unreadable. */
bool media_handle_open(struct media_handle *handle, const char *path, bool want_write, struct error *err);

/* Reads exactly `size` bytes; errno tells why not (0: end of file). */
bool media_handle_read(int fd, uint64_t offset, void *bytes, size_t size);

/* Takes the lock that keeps two machines off one image. */
bool media_handle_lock(const struct media_handle *handle, const char *path, struct log_source *log,
                       struct error *err);

/* Makes a medium of `size` bytes from a handle, which it owns from here on. Where the file is shorter, the
 * rest reads as zeros and exists once written. */
struct media *media_file_new(const struct media_handle *handle, const char *path, enum media_kind kind,
                             uint64_t size, struct log *log);

#endif
