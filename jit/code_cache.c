/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "jit/code_cache.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/error.h"

bool code_cache_init(struct code_cache *cache, size_t size, struct error *err)
{
    *cache = (struct code_cache){.size = size};
    int fd = memfd_create("lathe-code", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size)) {
        error_set(err, "no memory for translated code: %s; use --engine interp", strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    void *writable = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *executable = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    int reason = errno;
    close(fd);
    cache->writable = writable == MAP_FAILED ? NULL : writable;
    cache->executable = executable == MAP_FAILED ? NULL : executable;
    if (cache->writable && cache->executable)
        return true;
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
