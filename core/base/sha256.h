/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), for state hashes. */
#ifndef LATHE_CORE_BASE_SHA256_H
#define LATHE_CORE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK = 64 };

struct sha256 {
    uint32_t h[8];
    uint64_t length;
    uint8_t block[SHA256_BLOCK];
};

void sha256_init(struct sha256 *sha);
void sha256_update(struct sha256 *sha, const void *bytes, size_t size);
void sha256_final(struct sha256 *sha, uint8_t digest[SHA256_BYTES]);

/* Lower-case hex with a terminating NUL. */
void sha256_hex(const uint8_t digest[SHA256_BYTES], char text[2 * SHA256_BYTES + 1]);

#endif
