/* SPDX-License-Identifier: MIT */
/* A file read or written from its beginning to its end, compressed with gzip. */
#ifndef LATHE_TESTS_SUPPORT_PACKED_FILE_H
#define LATHE_TESTS_SUPPORT_PACKED_FILE_H

#include <stdbool.h>

struct packed_file;

/* NULL where the file cannot be opened. Files that are not compressed are read as they are; without zlib
 * these are the only ones. */
struct packed_file *packed_file_open(const char *path);

/* NULL where the file cannot be written, or without zlib. */
struct packed_file *packed_file_create(const char *path);

/* False where there are not that many bytes. */
bool packed_file_read(struct packed_file *file, void *to, unsigned size);

/* False where they could not be written. */
bool packed_file_write(struct packed_file *file, const void *from, unsigned size);

/* False where the file was damaged or what was written did not get there. */
bool packed_file_close(struct packed_file *file);

#endif
