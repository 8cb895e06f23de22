/* SPDX-License-Identifier: MIT */
/* What small processors spend their days with: lists that get searched, sorted and reversed, products of
 * small integer matrices, a state machine over text, and a CRC over the results of each. */
#include <stdbool.h>
#include <string.h>

#include "bench.h"

/* CRC-16 of polynomial 8005h, bit by bit, as where there is no room for a table. */
static uint16_t crc_of(uint16_t crc, uint32_t value, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++, value >>= 1)
        crc = (uint16_t)((crc ^ value) & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    return crc;
}

/* --- Lists ------------------------------------------------------------------------------------------------
 */

struct item {
    int16_t key, place;
};

struct link {
    struct link *next;
    const struct item *item;
};

enum { LINKS = 64 };

typedef int compare_fn(const struct item *a, const struct item *b);

static int by_key(const struct item *a, const struct item *b)
{
    return a->key - b->key;
}

static int by_place(const struct item *a, const struct item *b)
{
    return a->place - b->place;
}

static struct link *reverse(struct link *list)
{
    struct link *done = NULL;
    while (list) {
        struct link *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static struct link *merge(struct link *a, struct link *b, compare_fn *compare)
{
    struct link *head = NULL, **end = &head;
    while (a && b) {
        struct link **least = compare(a->item, b->item) <= 0 ? &a : &b;
        *end = *least;
        end = &(*least)->next;
        *least = (*least)->next;
    }
    *end = a ? a : b;
    return head;
}

static struct link *sort(struct link *list, compare_fn *compare)
{
    if (!list || !list->next)
        return list;
    struct link *middle = list, *half;
    for (const struct link *end = list->next; end && end->next; end = end->next->next)
        middle = middle->next;
    half = middle->next;
    middle->next = NULL;
    return merge(sort(list, compare), sort(half, compare), compare);
}

static const struct link *find(const struct link *list, int16_t key)
{
    while (list && list->item->key != key)
        list = list->next;
    return list;
}

static uint16_t work_on_lists(uint16_t crc)
{
    static struct item items[LINKS];
    static struct link links[LINKS];
    uint32_t state = crc;
    for (unsigned i = 0; i < LINKS; i++) {
        items[i] = (struct item){(int16_t)(bench_random(&state) & 0xFF), (int16_t)i};
        links[i] = (struct link){i + 1 < LINKS ? &links[i + 1] : NULL, &items[i]};
    }
    struct link *list = links;
    for (int16_t key = 0; key < 24; key++) {
        const struct link *found = find(list, key);
        crc = crc_of(crc, found ? (uint16_t)found->item->place : 0xFFFF, 16);
        list = reverse(list);
    }
    list = sort(list, by_key);
    for (const struct link *at = list; at; at = at->next)
        crc = crc_of(crc, (uint16_t)at->item->key, 8);
    list = sort(list, by_place);
    return crc_of(crc, (uint16_t)list->item->key, 16);
}

/* --- Matrices ---------------------------------------------------------------------------------------------
 */

enum { ORDER = 12 };

struct matrices {
    int16_t a[ORDER][ORDER], b[ORDER][ORDER];
    int32_t product[ORDER][ORDER];
};

static void multiply(struct matrices *m)
{
    for (unsigned i = 0; i < ORDER; i++) {
        for (unsigned j = 0; j < ORDER; j++) {
            int32_t sum = 0;
            for (unsigned k = 0; k < ORDER; k++)
                sum += m->a[i][k] * m->b[k][j];
            m->product[i][j] = sum;
        }
    }
}

/* Products of what lies in the middle of both numbers, as fixed-point code has it. */
static int32_t multiply_fields(const struct matrices *m)
{
    int32_t sum = 0;
    for (unsigned i = 0; i < ORDER; i++) {
        for (unsigned j = 0; j < ORDER; j++) {
            int32_t field = m->product[i][j] >> 2;
            sum += (field & 0xF) * (field >> 5 & 0x7F);
        }
    }
    return sum;
}

static uint16_t work_on_matrices(uint16_t crc)
{
    static struct matrices m;
    uint32_t state = crc;
    for (unsigned i = 0; i < ORDER; i++) {
        for (unsigned j = 0; j < ORDER; j++) {
            m.a[i][j] = (int16_t)(bench_random(&state) & 0x3FF);
            m.b[i][j] = (int16_t)(m.a[i][j] - 512);
        }
    }
    for (int16_t round = 0; round < 3; round++) {
        multiply(&m);
        crc = crc_of(crc, (uint32_t)multiply_fields(&m), 32);
        for (unsigned i = 0; i < ORDER; i++)
            m.a[i][round] = (int16_t)(m.a[i][round] + round - 1);
    }
    return crc;
}

/* --- The state machine ------------------------------------------------------------------------------------
 */

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT_MARK, EXPONENT_SIGN, EXPONENT, WRONG, STATES };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_sign(char c)
{
    return c == '+' || c == '-';
}

/* Where a character of a number leads. */
static enum state next_state(enum state state, char c)
{
    switch (state) {
    case START: return is_digit(c) ? INTEGER : is_sign(c) ? SIGN : c == '.' ? FRACTION : WRONG;
    case SIGN: return is_digit(c) ? INTEGER : c == '.' ? FRACTION : WRONG;
    case INTEGER: return is_digit(c) ? INTEGER : c == '.' ? FRACTION : WRONG;
    case FRACTION: return is_digit(c) ? FRACTION : (c | 32) == 'e' ? EXPONENT_MARK : WRONG;
    case EXPONENT_MARK: return is_sign(c) ? EXPONENT_SIGN : is_digit(c) ? EXPONENT : WRONG;
    case EXPONENT_SIGN:
    case EXPONENT: return is_digit(c) ? EXPONENT : WRONG;
    default: return WRONG;
    }
}

static uint16_t work_on_text(uint16_t crc)
{
    static const char numbers[] =
        "5012,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,"
        "+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";
    char text[sizeof numbers];
    memcpy(text, numbers, sizeof text);
    for (unsigned i = crc & 7; i < sizeof text - 1; i += 11)
        text[i] = (char)(text[i] == ',' ? ',' : text[i] ^ (crc & 3));
    unsigned ends[STATES] = {0}, moves[STATES] = {0};
    enum state state = START;
    for (const char *at = text; *at; at++) {
        if (*at == ',') {
            ends[state]++;
            state = START;
            continue;
        }
        enum state next = next_state(state, *at);
        moves[state] += next != state;
        state = next;
    }
    for (unsigned i = 0; i < STATES; i++)
        crc = crc_of(crc, ends[i] << 8 | moves[i], 16);
    return crc;
}

/* --- Kernels ----------------------------------------------------------------------------------------------
 */

typedef uint16_t work_fn(uint16_t crc);

static uint32_t repeat(uint32_t count, work_fn *const *works, unsigned number)
{
    uint16_t crc = 0x1234;
    for (uint32_t i = 0; i < count * 10; i++) {
        for (unsigned j = 0; j < number; j++)
            crc = works[j](crc);
    }
    return crc;
}

static uint32_t run_lists(uint32_t count)
{
    return repeat(count, (work_fn *const[]){work_on_lists}, 1);
}

static uint32_t run_matrices(uint32_t count)
{
    return repeat(count, (work_fn *const[]){work_on_matrices}, 1);
}

static uint32_t run_states(uint32_t count)
{
    return repeat(count, (work_fn *const[]){work_on_text}, 1);
}

static uint32_t run_mixed(uint32_t count)
{
    return repeat(count, (work_fn *const[]){work_on_lists, work_on_text, work_on_matrices, work_on_text}, 4);
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = {
        {"lists", run_lists}, {"matrices", run_matrices}, {"states", run_states}, {"mixed", run_mixed},
        {NULL, NULL},
    };
    return bench_main(argc, argv, "embedded", kernels);
}
