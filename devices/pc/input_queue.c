/* SPDX-License-Identifier: MIT */
#include "devices/pc/input_queue.h"

#include <string.h>

#include "core/base/alloc.h"
#include "devices/media/media.h"

enum { INITIAL_ENTRIES = 64 };

void input_queue_free(struct input_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        struct input *input = &queue->entries[queue->head + i];
        if (input->kind == INPUT_INSERT)
            media_close(input->u.media.media);
    }
    alloc_free(queue->entries);
    *queue = (struct input_queue){0};
}

/* Room for one more entry behind the last. */
static void make_room(struct input_queue *queue)
{
    if (queue->head + queue->count < queue->capacity)
        return;
    if (queue->head > queue->count) {
        memcpy(queue->entries, queue->entries + queue->head, queue->count * sizeof *queue->entries);
        queue->head = 0;
        return;
    }
    queue->capacity = queue->capacity ? 2 * queue->capacity : INITIAL_ENTRIES;
    queue->entries = alloc_resize(queue->entries, queue->capacity * sizeof *queue->entries);
}

static bool is_later(const struct input *a, const struct input *b)
{
    return a->ns != b->ns ? a->ns > b->ns : a->insns > b->insns;
}

void input_queue_post(struct input_queue *queue, const struct input *input)
{
    make_room(queue);
    struct input *first = queue->entries + queue->head;
    size_t at = queue->count;
    while (at > 0 && is_later(&first[at - 1], input))
        at--;
    memmove(&first[at + 1], &first[at], (queue->count - at) * sizeof *first);
    first[at] = *input;
    queue->count++;
}

const struct input *input_queue_peek(const struct input_queue *queue)
{
    return queue->count ? &queue->entries[queue->head] : NULL;
}

bool input_queue_take(struct input_queue *queue, uint64_t insns, uint64_t ns, struct input *input)
{
    const struct input *first = input_queue_peek(queue);
    if (!first || first->insns > insns || first->ns > ns)
        return false;
    *input = *first;
    queue->head++;
    queue->count--;
    if (!queue->count)
        queue->head = 0;
    return true;
}
