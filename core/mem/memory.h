/* SPDX-License-Identifier: MIT */
/* All memory that the guest can reach lives in one memfd-backed mapping: RAM, ROM images, video memory.
 *
 * An offset into it (mem_t) names a byte whatever addresses the guest sees it at, so code tracking by
 * offset reaches every alias. Pages that nobody touched are not resident.
 */
#ifndef LATHE_CORE_MEM_MEMORY_H
#define LATHE_CORE_MEM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct sha256;
struct buffer;
struct reader;

typedef uint64_t mem_t; /* byte offset into the guest memory mapping */
typedef uint64_t gpa_t; /* guest-physical address */
typedef uint64_t gva_t; /* guest-linear address */

enum {
    MEM_PAGE_SHIFT = 12,
    MEM_PAGE_SIZE = 1 << MEM_PAGE_SHIFT,
    MEM_LINE_SHIFT = 7, /* code tracking granule: 128 bytes, 32 to a page */
};

/* Code in [offset, offset+size) was overwritten: translations of it must go. */
typedef void memory_code_fn(void *opaque, mem_t offset, uint64_t size);

struct memory {
    uint8_t *host;
    uint64_t size;       /* bytes mapped */
    uint64_t used;       /* bytes handed out */
    uint32_t *code_line; /* one word a page, one bit a 128-byte line that holds translated code */
    memory_code_fn *code_written;
    void *code_opaque;
    int fd;
};

/* Maps `size` bytes (rounded up to pages). False with *err where the host refuses. */
bool memory_init(struct memory *memory, uint64_t size, struct error *err);
void memory_free(struct memory *memory);

/* Hands out zeroed, page-aligned guest memory; the total must stay within the size given to memory_init. */
mem_t memory_take(struct memory *memory, uint64_t size);

/* Whether a page holds translated code: stores to it must be reported through memory_written. */
static inline bool memory_page_has_code(const struct memory *memory, mem_t offset)
{
    return memory->code_line[offset >> MEM_PAGE_SHIFT] != 0;
}

/* Bits of code_line for the lines that [offset, offset+size), within one page, touches. */
uint32_t memory_line_mask(mem_t offset, uint64_t size);

/* Marks [offset, offset+size), within one page, as translated code. True where the page had none before. */
bool memory_mark_code(struct memory *memory, mem_t offset, uint64_t size);

/* Forgets that the given lines hold code (their translations are gone). */
void memory_unmark_code(struct memory *memory, mem_t offset, uint64_t size);

/* Reports a store that did not come through a fast path (DMA, slow path, loader, debugger). */
void memory_written(struct memory *memory, mem_t offset, uint64_t size);

/* Whether two memories of one size hold the same; else *offset is that of a byte that differs. */
bool memory_equal(const struct memory *a, const struct memory *b, mem_t *offset);

/* Hash, save and load of every page that is not all zero, as (offset, bytes); load zeroes the rest. */
void memory_hash(const struct memory *memory, struct sha256 *sha);
void memory_save(const struct memory *memory, struct buffer *out);
bool memory_load(struct memory *memory, struct reader *in, struct error *err);

#endif
