/* SPDX-License-Identifier: MIT */
/* Reproducible random numbers (SplitMix64) and choices between interesting values. */
#ifndef LATHE_TESTS_SUPPORT_RNG_H
#define LATHE_TESTS_SUPPORT_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)((rng_next(rng) >> 32) * bound >> 32);
}

static inline bool rng_chance(struct rng *rng, unsigned percent)
{
    return rng_below(rng, 100) < percent;
}

/* A value near what makes comparisons and sums go wrong, or any at all. */
static inline uint32_t rng_edge(struct rng *rng)
{
    uint32_t bit = UINT32_C(1) << rng_below(rng, 32);
    switch (rng_below(rng, 6)) {
    case 0: return rng_below(rng, 16);
    case 1: return 0 - rng_below(rng, 16);
    case 2: return bit;
    case 3: return bit - 1;
    case 4: return 0 - bit;
    default: return (uint32_t)rng_next(rng);
    }
}

#endif
