/* SPDX-License-Identifier: MIT */
/* Little-endian loads and stores at any alignment, and small bit helpers: the only punned access in the
 * project. */
#ifndef LATHE_CORE_BASE_BYTES_H
#define LATHE_CORE_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t bswap_if_big16(uint16_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap16(v);
#else
    return v;
#endif
}

static inline uint32_t bswap_if_big32(uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap32(v);
#else
    return v;
#endif
}

static inline uint64_t bswap_if_big64(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(v);
#else
    return v;
#endif
}

static inline uint16_t load_le16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return bswap_if_big16(v);
}

static inline uint32_t load_le32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return bswap_if_big32(v);
}

static inline uint64_t load_le64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return bswap_if_big64(v);
}

static inline void store_le16(void *p, uint16_t v)
{
    v = bswap_if_big16(v);
    memcpy(p, &v, sizeof v);
}

static inline void store_le32(void *p, uint32_t v)
{
    v = bswap_if_big32(v);
    memcpy(p, &v, sizeof v);
}

static inline void store_le64(void *p, uint64_t v)
{
    v = bswap_if_big64(v);
    memcpy(p, &v, sizeof v);
}

static inline uint16_t load_be16(const void *p)
{
    return __builtin_bswap16(load_le16(p));
}

static inline uint32_t load_be32(const void *p)
{
    return __builtin_bswap32(load_le32(p));
}

static inline uint64_t load_be64(const void *p)
{
    return __builtin_bswap64(load_le64(p));
}

static inline void store_be16(void *p, uint16_t v)
{
    store_le16(p, __builtin_bswap16(v));
}

static inline void store_be32(void *p, uint32_t v)
{
    store_le32(p, __builtin_bswap32(v));
}

static inline void store_be64(void *p, uint64_t v)
{
    store_le64(p, __builtin_bswap64(v));
}

/* Little-endian value of `size` bytes (1, 2, 4 or 8). */
static inline uint64_t load_le(const void *p, unsigned size)
{
    switch (size) {
    case 1: return *(const uint8_t *)p;
    case 2: return load_le16(p);
    case 4: return load_le32(p);
    default: return load_le64(p);
    }
}

static inline void store_le(void *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 1: *(uint8_t *)p = (uint8_t)v; break;
    case 2: store_le16(p, (uint16_t)v); break;
    case 4: store_le32(p, (uint32_t)v); break;
    default: store_le64(p, v); break;
    }
}

#endif
