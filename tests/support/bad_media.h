/* SPDX-License-Identifier: MIT */
/* A medium of zeros whose host fails: reads and writes that touch one byte range, and every flush. */
#ifndef LATHE_TESTS_SUPPORT_BAD_MEDIA_H
#define LATHE_TESTS_SUPPORT_BAD_MEDIA_H

#include "devices/media/media.h"

struct media *bad_media_new(enum media_kind kind, uint64_t size, uint64_t bad_at, uint64_t bad_size);

#endif
