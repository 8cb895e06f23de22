/* SPDX-License-Identifier: MIT */
/* Input queue: order, due points, growth. */
#include "devices/media/media.h"
#include "devices/pc/input_queue.h"
#include "tests/support/suite.h"

static void post(struct input_queue *queue, uint64_t insns, uint64_t ns, uint16_t usage)
{
    input_queue_post(queue,
                     &(struct input){.insns = insns, .ns = ns, .kind = INPUT_KEY, .u.key = {usage, true}});
}

START_TEST(entries_of_one_time_keep_their_order)
{
    struct input_queue queue = {0};
    struct input input;
    for (uint16_t i = 0; i < 200; i++)
        post(&queue, 5, 5, i);
    for (uint16_t i = 0; i < 200; i++) {
        ck_assert(input_queue_take(&queue, 5, 5, &input));
        ck_assert_uint_eq(input.u.key.usage, i);
    }
    ck_assert(!input_queue_take(&queue, 5, 5, &input));
    input_queue_free(&queue);
}
END_TEST

START_TEST(earlier_entries_come_first)
{
    struct input_queue queue = {0};
    struct input input;
    post(&queue, 30, 300, 3);
    post(&queue, 10, 100, 1);
    post(&queue, 20, 200, 2);
    for (uint16_t i = 1; i <= 3; i++) {
        ck_assert(input_queue_take(&queue, 30, 300, &input));
        ck_assert_uint_eq(input.u.key.usage, i);
    }
    input_queue_free(&queue);
}
END_TEST

START_TEST(both_count_and_time_must_be_reached)
{
    struct input_queue queue = {0};
    struct input input;
    post(&queue, 10, 100, 1);
    ck_assert(!input_queue_take(&queue, 9, 1000, &input));
    ck_assert(!input_queue_take(&queue, 1000, 99, &input));
    ck_assert(input_queue_take(&queue, 10, 100, &input));
    input_queue_free(&queue);
}
END_TEST

START_TEST(space_is_used_again)
{
    struct input_queue queue = {0};
    struct input input;
    for (unsigned i = 0; i < 10000; i++) {
        post(&queue, i, i, (uint16_t)i);
        post(&queue, i, i, (uint16_t)(i + 1));
        ck_assert(input_queue_take(&queue, i, i, &input));
        ck_assert(input_queue_take(&queue, i, i, &input));
        ck_assert_uint_eq(input.u.key.usage, (uint16_t)(i + 1));
    }
    ck_assert_uint_le(queue.capacity, 64);
    input_queue_free(&queue);
}
END_TEST

START_TEST(a_medium_that_was_never_inserted_is_closed)
{
    static const uint8_t bytes[512];
    struct input_queue queue = {0};
    struct media *media = media_from_bytes("disk", MEDIA_FLOPPY, bytes, sizeof bytes, NULL);
    input_queue_post(&queue, &(struct input){.kind = INPUT_INSERT, .u.media = {0, media}});
    input_queue_free(&queue); /* the address sanitizer sees a leak otherwise */
    ck_assert_ptr_null(input_queue_peek(&queue));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {entries_of_one_time_keep_their_order, earlier_entries_come_first,
                                  both_count_and_time_must_be_reached, space_is_used_again,
                                  a_medium_that_was_never_inserted_is_closed};
    return suite_run("input queue", tests, sizeof tests / sizeof tests[0]);
}
