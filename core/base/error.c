/* SPDX-License-Identifier: MIT */
#include "core/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *err, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return false;
}

bool error_prefix(struct error *err, const char *format, ...)
{
    if (!err)
        return false;
    char prefix[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    size_t prefix_length = strlen(prefix);
    size_t keep = sizeof err->text - 1 - prefix_length;
    size_t text_length = strnlen(err->text, sizeof err->text - 1);
    if (text_length > keep)
        text_length = keep;
    memmove(err->text + prefix_length, err->text, text_length);
    memcpy(err->text, prefix, prefix_length);
    err->text[prefix_length + text_length] = '\0';
    return false;
}
