/* SPDX-License-Identifier: MIT */
/* Errors of the host or of the configuration: one line that says what, where and what would be right. */
#ifndef LATHE_CORE_BASE_ERROR_H
#define LATHE_CORE_BASE_ERROR_H

#include <stdbool.h>

enum { ERROR_TEXT_MAX = 512 };

/* Filled by a function that returns false. Plain data: owned by the caller, nothing to free. */
struct error {
    char text[ERROR_TEXT_MAX];
};

/* Formats the message into *err (ignored where err is NULL) and returns false, so that `return
 * error_set(...)` works. */
bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prefixes an already filled message with a context ("hda: ..."). Returns false. */
bool error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
