/* SPDX-License-Identifier: MIT */
/* Memory for host code, mapped twice: once writable, once executable, never both. */
#ifndef LATHE_JIT_CODE_CACHE_H
#define LATHE_JIT_CODE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct code_cache {
    uint8_t *writable;
    const uint8_t *executable;
    size_t size, used, end; /* room is from `used` to `end` */
};

/* `nameless`: in memory of no file, where perf looks for names of generated code. False with *err where the
 * host refuses memory that can be executed. */
bool code_cache_init(struct code_cache *cache, size_t size, bool nameless, struct error *err);
void code_cache_free(struct code_cache *cache);

#endif
