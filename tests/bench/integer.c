/* SPDX-License-Identifier: MIT */
/* Integer kernels: what compilers make of everyday code. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static __attribute__((noinline, noclone)) uint32_t fib(uint32_t n)
{
    if (n < 2)
        return n;
    uint32_t first = fib(n - 1);
    __asm__ volatile(""); /* keeps the second call a call */
    return first + fib(n - 2);
}

static uint32_t run_fib(uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += fib(20);
    return sum;
}

enum { SIEVE_SIZE = 1 << 17 };

static uint32_t run_sieve(uint32_t count)
{
    static uint8_t composite[SIEVE_SIZE];
    uint32_t primes = 0;
    for (uint32_t round = 0; round < count; round++) {
        memset(composite, 0, sizeof composite);
        for (uint32_t i = 2; i < SIEVE_SIZE; i++) {
            if (composite[i])
                continue;
            primes++;
            for (uint32_t j = i * 2; j < SIEVE_SIZE; j += i)
                composite[j] = 1;
        }
    }
    return primes;
}

enum { CRC_BYTES = 1 << 16 };

static uint32_t run_crc(uint32_t count)
{
    static uint32_t table[256];
    static uint8_t data[CRC_BYTES];
    uint32_t state = 1, crc = UINT32_MAX;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
        table[i] = value;
    }
    for (uint32_t i = 0; i < CRC_BYTES; i++)
        data[i] = (uint8_t)bench_random(&state);
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < CRC_BYTES; i++)
            crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xFF];
    }
    return ~crc;
}

struct node {
    struct node *next;
    uint32_t value;
};

enum { NODES = 1 << 14 };

/* A cycle through all nodes in shuffled order, so that neither caches nor strides help. */
static uint32_t run_list(uint32_t count)
{
    static struct node nodes[NODES];
    static uint32_t order[NODES];
    uint32_t state = 7, sum = 0;
    for (uint32_t i = 0; i < NODES; i++)
        order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) {
        uint32_t j = bench_random(&state) % (i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (uint32_t i = 0; i < NODES; i++)
        nodes[order[i]] = (struct node){&nodes[order[(i + 1) % NODES]], i};
    const struct node *node = nodes;
    for (uint32_t i = 0; i < count * NODES; i++) {
        sum = sum * 3 + node->value;
        node = node->next;
    }
    return sum;
}

static void quicksort(int32_t *first, int32_t *last)
{
    while (first < last) {
        int32_t pivot = first[(last - first) / 2], *low = first, *high = last;
        do {
            while (*low < pivot)
                low++;
            while (*high > pivot)
                high--;
            if (low <= high) {
                int32_t swap = *low;
                *low++ = *high;
                *high-- = swap;
            }
        } while (low <= high);
        quicksort(first, high);
        first = low;
    }
}

enum { SORTED = 20000 };

static uint32_t run_quicksort(uint32_t count)
{
    static int32_t data[SORTED];
    uint32_t state = 3, sum = 0;
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < SORTED; i++)
            data[i] = (int32_t)(bench_random(&state) << 8);
        quicksort(data, data + SORTED - 1);
        for (uint32_t i = 1; i < SORTED; i++)
            sum += data[i - 1] <= data[i];
        sum ^= (uint32_t)data[SORTED / 2];
    }
    return sum;
}

/* A stack machine's loop: the indirect jumps and short operations of every interpreter. */
enum opcode { OP_PUSH, OP_ADD, OP_XOR, OP_LOAD, OP_STORE, OP_DEC, OP_JUMP_NOT_ZERO, OP_END };

static uint32_t interpret(const uint8_t *code, uint32_t loops)
{
    uint32_t stack[16], variable[4] = {loops, 0, 0x12345678, 0}, *top = stack;
    for (const uint8_t *at = code;;) {
        switch ((enum opcode) * at++) {
        case OP_PUSH: *++top = *at++; break;
        case OP_ADD: top--, top[0] += top[1]; break;
        case OP_XOR: top--, top[0] ^= top[1]; break;
        case OP_LOAD: *++top = variable[*at++]; break;
        case OP_STORE: variable[*at++] = *top--; break;
        case OP_DEC: variable[*at++]--; break;
        case OP_JUMP_NOT_ZERO: at = *top-- ? code + *at : at + 1; break;
        case OP_END: return variable[1];
        }
    }
}

static uint32_t run_bytecode(uint32_t count)
{
    static const uint8_t code[] = {OP_LOAD,          1,        OP_LOAD, 2,       OP_ADD, OP_PUSH, 91,
                                   OP_XOR,           OP_STORE, 1,       OP_LOAD, 2,      OP_LOAD, 1,
                                   OP_XOR,           OP_STORE, 2,       OP_DEC,  0,      OP_LOAD, 0,
                                   OP_JUMP_NOT_ZERO, 0,        OP_END};
    return interpret(code, count * 1000);
}

/* 64-bit arithmetic in pairs of registers: carries, double shifts, products, and the library's division. */
static uint32_t run_arith64(uint32_t count)
{
    uint64_t x = UINT64_C(88172645463325252), sum = 0;
    for (uint32_t i = 0; i < count * 1000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum += x * UINT64_C(0x9E3779B97F4A7C15);
        if (i % 8 == 0)
            sum ^= x / ((sum >> 40) | 1);
    }
    return (uint32_t)(sum ^ sum >> 32);
}

enum { TEXT_BYTES = 4096 };

/* Copies, fills, comparisons and scans by the C library and by the string instructions. */
static uint32_t run_strings(uint32_t count)
{
    static char from[TEXT_BYTES], to[TEXT_BYTES];
    uint32_t state = 5, sum = 0;
    for (uint32_t i = 0; i < TEXT_BYTES - 1; i++)
        from[i] = (char)('a' + bench_random(&state) % 26);
    for (uint32_t round = 0; round < count; round++) {
        uint32_t at = round % 61;
        memset(to, 'x', sizeof to);
        memcpy(to, from + at, TEXT_BYTES - at);
        sum += (uint32_t)strlen(to) + (memcmp(to, from + at, TEXT_BYTES - at) == 0);
        char *target = to;
        const char *source = from;
        uint32_t words = TEXT_BYTES / 4;
        __asm__ volatile("rep movsl" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
        sum += (uint32_t)(strchr(to, '\0') - to) + (uint8_t)to[at];
    }
    return sum;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = {
        {"fib", run_fib},         {"sieve", run_sieve},         {"crc", run_crc},
        {"list", run_list},       {"quicksort", run_quicksort}, {"bytecode", run_bytecode},
        {"arith64", run_arith64}, {"strings", run_strings},     {NULL, NULL},
    };
    return bench_main(argc, argv, "integer", kernels);
}
