/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "core/base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { EXIT_HOST_ERROR = 5 };

static void *checked(void *block, size_t size)
{
    if (block)
        return block;
    fprintf(stderr, "lathe: out of memory (%zu bytes asked for)\n", size);
    exit(EXIT_HOST_ERROR);
}

void *alloc_zeroed(size_t size)
{
    return checked(calloc(1, size ? size : 1), size);
}

void *alloc_array(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return checked(NULL, SIZE_MAX);
    return alloc_zeroed(count * size);
}

void *alloc_resize(void *block, size_t size)
{
    return checked(realloc(block, size ? size : 1), size);
}

char *alloc_string(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(alloc_zeroed(size), text, size);
}

void alloc_free(void *block)
{
    free(block);
}

void *alloc_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return checked(pages == MAP_FAILED ? NULL : pages, size);
}

void alloc_free_pages(void *pages, size_t size)
{
    if (pages)
        munmap(pages, size);
}
