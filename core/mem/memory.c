/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memfd_create, SEEK_DATA, fallocate */
#include "core/mem/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/buffer.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/sha256.h"

bool memory_init(struct memory *memory, uint64_t size, struct error *err)
{
    *memory = (struct memory){.fd = -1};
    size = (size + MEM_PAGE_SIZE - 1) & ~(uint64_t)(MEM_PAGE_SIZE - 1);
    if (size > SIZE_MAX / 2)
        return error_set(err, "guest memory: %" PRIu64 " MiB is more than this host can map", size >> 20);
    int fd = memfd_create("lathe-guest-memory", MFD_CLOEXEC);
    if (fd < 0)
        return error_set(err, "guest memory: memfd_create: %s", strerror(errno));
    if (ftruncate(fd, (off_t)size) != 0) {
        error_set(err, "guest memory: cannot size %" PRIu64 " MiB: %s", size >> 20, strerror(errno));
        close(fd);
        return false;
    }
    void *host = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (host == MAP_FAILED) {
        error_set(err, "guest memory: cannot map %" PRIu64 " MiB: %s; try a smaller --mem", size >> 20,
                  strerror(errno));
        close(fd);
        return false;
    }
    memory->host = host;
    memory->size = size;
    memory->fd = fd;
    memory->code_line = alloc_array((size_t)(size >> MEM_PAGE_SHIFT), sizeof *memory->code_line);
    return true;
}

void memory_free(struct memory *memory)
{
    if (memory->host)
        munmap(memory->host, (size_t)memory->size);
    if (memory->fd >= 0)
        close(memory->fd);
    alloc_free(memory->code_line);
    *memory = (struct memory){.fd = -1};
}

mem_t memory_take(struct memory *memory, uint64_t size)
{
    size = (size + MEM_PAGE_SIZE - 1) & ~(uint64_t)(MEM_PAGE_SIZE - 1);
    ASSERT(size <= memory->size - memory->used);
    mem_t offset = memory->used;
    memory->used += size;
    return offset;
}

uint32_t memory_line_mask(mem_t offset, uint64_t size)
{
    unsigned first = (unsigned)(offset & (MEM_PAGE_SIZE - 1)) >> MEM_LINE_SHIFT;
    unsigned last = (unsigned)((offset + size - 1) & (MEM_PAGE_SIZE - 1)) >> MEM_LINE_SHIFT;
    return (uint32_t)((((uint64_t)2 << last) - 1) & ~(((uint64_t)1 << first) - 1));
}

bool memory_mark_code(struct memory *memory, mem_t offset, uint64_t size)
{
    uint32_t *lines = &memory->code_line[offset >> MEM_PAGE_SHIFT];
    bool first = *lines == 0;
    *lines |= memory_line_mask(offset, size);
    return first;
}

void memory_unmark_code(struct memory *memory, mem_t offset, uint64_t size)
{
    memory->code_line[offset >> MEM_PAGE_SHIFT] &= ~memory_line_mask(offset, size);
}

void memory_written(struct memory *memory, mem_t offset, uint64_t size)
{
    while (size) {
        uint64_t in_page = MEM_PAGE_SIZE - (offset & (MEM_PAGE_SIZE - 1));
        uint64_t part = size < in_page ? size : in_page;
        uint32_t lines = memory->code_line[offset >> MEM_PAGE_SHIFT];
        if (lines && (lines & memory_line_mask(offset, part)) && memory->code_written)
            memory->code_written(memory->code_opaque, offset, part);
        offset += part;
        size -= part;
    }
}

static bool page_is_zero(const uint8_t *page)
{
    return page[0] == 0 && !memcmp(page, page + 1, MEM_PAGE_SIZE - 1);
}

typedef void page_fn(void *opaque, mem_t offset, const uint8_t *page);

/* Visits the pages that hold anything, in order. Holes of the memfd are skipped without making them resident.
 */
static void for_each_page(const struct memory *memory, page_fn *fn, void *opaque)
{
    off_t end = 0;
    for (;;) {
        off_t start = lseek(memory->fd, end, SEEK_DATA);
        if (start < 0 || (uint64_t)start >= memory->used)
            return;
        end = lseek(memory->fd, start, SEEK_HOLE);
        if (end < 0)
            end = (off_t)memory->used;
        for (mem_t at = (mem_t)start & ~(mem_t)(MEM_PAGE_SIZE - 1); at < (mem_t)end && at < memory->used;
             at += MEM_PAGE_SIZE) {
            if (!page_is_zero(memory->host + at))
                fn(opaque, at, memory->host + at);
        }
    }
}

struct comparison {
    const struct memory *other;
    mem_t *offset;
    bool equal;
};

static void compare_page(void *opaque, mem_t offset, const uint8_t *page)
{
    struct comparison *comparison = opaque;
    const uint8_t *other = comparison->other->host + offset;
    if (!comparison->equal || !memcmp(page, other, MEM_PAGE_SIZE))
        return;
    unsigned at = 0;
    while (page[at] == other[at])
        at++;
    comparison->equal = false;
    *comparison->offset = offset + at;
}

/* Pages that hold something in one or the other. */
bool memory_equal(const struct memory *a, const struct memory *b, mem_t *offset)
{
    struct comparison comparison = {.other = b, .offset = offset, .equal = true};
    for_each_page(a, compare_page, &comparison);
    comparison.other = a;
    if (comparison.equal)
        for_each_page(b, compare_page, &comparison);
    return comparison.equal;
}

static void hash_page(void *opaque, mem_t offset, const uint8_t *page)
{
    uint8_t address[8];
    store_le64(address, offset);
    sha256_update(opaque, address, sizeof address);
    sha256_update(opaque, page, MEM_PAGE_SIZE);
}

void memory_hash(const struct memory *memory, struct sha256 *sha)
{
    for_each_page(memory, hash_page, sha);
}

static void save_page(void *opaque, mem_t offset, const uint8_t *page)
{
    buffer_append_le(opaque, offset, 8);
    buffer_append(opaque, page, MEM_PAGE_SIZE);
}

void memory_save(const struct memory *memory, struct buffer *out)
{
    buffer_append_le(out, memory->used, 8);
    for_each_page(memory, save_page, out);
    buffer_append_le(out, UINT64_MAX, 8);
}

bool memory_load(struct memory *memory, struct reader *in, struct error *err)
{
    uint64_t used = reader_take_le(in, 8);
    if (used != memory->used)
        return error_set(err,
                         "state: %" PRIu64 " KiB of guest memory saved, this machine has %" PRIu64 " KiB",
                         used >> 10, memory->used >> 10);
    /* Not madvise, which may be ignored and still succeed: qemu-user does so. */
    if (fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)memory->used) != 0)
        memset(memory->host, 0, (size_t)memory->used);
    for (;;) {
        mem_t offset = reader_take_le(in, 8);
        if (offset == UINT64_MAX)
            break;
        if (in->failed || offset >= used || offset % MEM_PAGE_SIZE)
            return error_set(err, "state: guest memory is truncated or damaged");
        reader_take(in, memory->host + offset, MEM_PAGE_SIZE);
    }
    memory_written(memory, 0, memory->used);
    return true;
}
