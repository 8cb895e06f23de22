/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "jit/code_cache.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/error.h"

static void *mapped(void *memory)
{
    return memory == MAP_FAILED ? NULL : memory;
}

static bool map_file(struct code_cache *cache)
{
    int fd = memfd_create("lathe-code", MFD_CLOEXEC);
    if (fd < 0)
        return false;
    if (!ftruncate(fd, (off_t)cache->size)) {
        cache->writable = mapped(mmap(NULL, cache->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
        cache->executable = mapped(mmap(NULL, cache->size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
    }
    int reason = errno;
    close(fd);
    errno = reason;
    return cache->writable != NULL;
}

/* The second view is what remapping nothing of a shared mapping makes. */
static bool map_nameless(struct code_cache *cache)
{
    cache->writable =
        mapped(mmap(NULL, cache->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    if (!cache->writable)
        return false;
    void *view = mapped(mremap(cache->writable, 0, cache->size, MREMAP_MAYMOVE));
    if (view && !mprotect(view, cache->size, PROT_READ | PROT_EXEC)) {
        cache->executable = view;
    } else if (view) {
        int reason = errno;
        munmap(view, cache->size);
        errno = reason;
    }
    return true;
}

bool code_cache_init(struct code_cache *cache, size_t size, bool nameless, struct error *err)
{
    *cache = (struct code_cache){.size = size};
    if (!(nameless ? map_nameless(cache) : map_file(cache)))
        return error_set(err, "no memory for translated code: %s; use --engine interp", strerror(errno));
    if (cache->executable)
        return true;
    int reason = errno;
    code_cache_free(cache);
    return error_set(err, "the host gives no executable memory: %s; use --engine interp", strerror(reason));
}

void code_cache_free(struct code_cache *cache)
{
    if (cache->writable)
        munmap(cache->writable, cache->size);
    if (cache->executable)
        munmap((void *)(uintptr_t)cache->executable, cache->size);
    *cache = (struct code_cache){0};
}
