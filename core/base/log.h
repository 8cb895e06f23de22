/* SPDX-License-Identifier: MIT */
/* Log of one machine: each part writes through its own source, whose level `--log pic=debug,ide=trace` sets.
 */
#ifndef LATHE_CORE_BASE_LOG_H
#define LATHE_CORE_BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

struct error;
struct log;

/* From silent to chatty. LOG_GUEST: the guest did what hardware documents as wrong or undefined. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_GUEST, LOG_INFO, LOG_DEBUG, LOG_TRACE, LOG_LEVELS };

/* One part's handle. Embedded by value in the part; attached for as long as the log lives. */
struct log_source {
    struct log *log;
    const char *module;
    enum log_level level;
};

/* Creates a log that writes lines to `out` (not owned). Default level: LOG_WARN. */
struct log *log_new(FILE *out);
void log_free(struct log *log);

/* Sets levels from "module=level[,module=level...]", "all=level" or a bare level for all. False with *err on
 * a bad spec. */
bool log_configure(struct log *log, const char *spec, struct error *err);

/* False with *err where a module that log_configure was given is none that a source has had since, or that
 * was named as one whose sources come and go. */
bool log_check_modules(const struct log *log, struct error *err);
void log_expect(struct log *log, const char *module);

/* Attaches a source; module must be a string literal or outlive the log. A NULL log gives a silent source. */
void log_attach(struct log *log, struct log_source *source, const char *module);

/* Detaches a source that dies before its log. */
void log_detach(struct log_source *source);

static inline bool log_enabled(const struct log_source *source, enum log_level level)
{
    return source->log && level <= source->level;
}

/* Writes one line (without newline in the format) when the source's level allows it. */
void log_write(const struct log_source *source, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
