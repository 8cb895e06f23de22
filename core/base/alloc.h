/* SPDX-License-Identifier: MIT */
/* Heap memory. Running out of it ends the process here, in one place, with one line. */
#ifndef LATHE_CORE_BASE_ALLOC_H
#define LATHE_CORE_BASE_ALLOC_H

#include <stddef.h>

/* Zeroed block of `size` bytes, aligned for any object; never NULL. Free with alloc_free. */
void *alloc_zeroed(size_t size);

/* Zeroed array; a product that overflows counts as out of memory. */
void *alloc_array(size_t count, size_t size);

/* Resizes a block; new bytes are undefined. */
void *alloc_resize(void *block, size_t size);

/* Copy of a string, to be freed with alloc_free. */
char *alloc_string(const char *text);

/* Frees a block; NULL is allowed. */
void alloc_free(void *block);

/* Zeroed memory in pages of its own, away from the heap; never NULL. Free with alloc_free_pages and the same
 * size. */
void *alloc_pages(size_t size);
void alloc_free_pages(void *pages, size_t size);

#endif
