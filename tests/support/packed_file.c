/* SPDX-License-Identifier: MIT */
#include "tests/support/packed_file.h"

#include <stdio.h>

#include "config.h"

#if LATHE_HAVE_ZLIB

#include <zlib.h>

/* struct packed_file is zlib's gzFile. */

struct packed_file *packed_file_open(const char *path)
{
    return (struct packed_file *)gzopen(path, "rb");
}

struct packed_file *packed_file_create(const char *path)
{
    return (struct packed_file *)gzopen(path, "wb9");
}

bool packed_file_read(struct packed_file *file, void *to, unsigned size)
{
    return gzread((gzFile)file, to, size) == (int)size;
}

bool packed_file_write(struct packed_file *file, const void *from, unsigned size)
{
    return gzwrite((gzFile)file, from, size) == (int)size;
}

bool packed_file_close(struct packed_file *file)
{
    return gzclose((gzFile)file) == Z_OK;
}

#else

/* struct packed_file is the C library's FILE. */

struct packed_file *packed_file_open(const char *path)
{
    return (struct packed_file *)fopen(path, "rb");
}

struct packed_file *packed_file_create(const char *path)
{
    (void)path;
    return NULL;
}

bool packed_file_read(struct packed_file *file, void *to, unsigned size)
{
    return fread(to, 1, size, (FILE *)file) == size;
}

bool packed_file_write(struct packed_file *file, const void *from, unsigned size)
{
    return fwrite(from, 1, size, (FILE *)file) == size;
}

bool packed_file_close(struct packed_file *file)
{
    return fclose((FILE *)file) == 0;
}

#endif
