/* SPDX-License-Identifier: MIT */
#include "core/base/log.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/error.h"

enum { MAX_SOURCES = 128, MAX_RULES = 64, MODULE_MAX = 32 };

struct rule {
    char module[MODULE_MAX];
    enum log_level level;
    bool known; /* some source has that name */
};

struct log {
    FILE *out;
    enum log_level default_level;
    struct rule rules[MAX_RULES];
    unsigned rule_count;
    struct log_source *sources[MAX_SOURCES];
    unsigned source_count;
};

static const char *const level_names[LOG_LEVELS] = {"error", "warn", "guest", "info", "debug", "trace"};

struct log *log_new(FILE *out)
{
    struct log *log = alloc_zeroed(sizeof *log);
    log->out = out;
    log->default_level = LOG_WARN;
    return log;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    for (unsigned i = 0; i < log->source_count; i++)
        log->sources[i]->log = NULL;
    alloc_free(log);
}

static bool parse_level(const char *text, size_t length, enum log_level *level)
{
    for (unsigned i = 0; i < LOG_LEVELS; i++) {
        if (strlen(level_names[i]) == length && !strncmp(level_names[i], text, length)) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static enum log_level level_of(const struct log *log, const char *module)
{
    enum log_level level = log->default_level;
    for (unsigned i = 0; i < log->rule_count; i++) {
        if (!strcmp(log->rules[i].module, module))
            level = log->rules[i].level;
    }
    return level;
}

/* One item of the spec: "level", "all=level" or "module=level". */
static bool configure_item(struct log *log, const char *item, size_t length, struct error *err)
{
    const char *equals = memchr(item, '=', length);
    const char *value = equals ? equals + 1 : item;
    size_t module_length = equals ? (size_t)(equals - item) : 0;
    enum log_level level;
    if (!parse_level(value, length - (size_t)(value - item), &level))
        return error_set(
            err, "'%.*s' is not MODULE=LEVEL with a level of error, warn, guest, info, debug or trace",
            (int)length, item);
    if (!equals || (module_length == 3 && !strncmp(item, "all", 3))) {
        log->default_level = level;
        return true;
    }
    if (log->rule_count == MAX_RULES || module_length >= MODULE_MAX)
        return error_set(err, "too many or too long module names at '%.*s'", (int)length, item);
    struct rule *rule = &log->rules[log->rule_count++];
    *rule = (struct rule){.level = level};
    memcpy(rule->module, item, module_length);
    return true;
}

bool log_configure(struct log *log, const char *spec, struct error *err)
{
    while (*spec) {
        size_t length = strcspn(spec, ",");
        if (!configure_item(log, spec, length, err))
            return false;
        spec += length + (spec[length] == ',');
    }
    for (unsigned i = 0; i < log->source_count; i++)
        log->sources[i]->level = level_of(log, log->sources[i]->module);
    return true;
}

void log_expect(struct log *log, const char *module)
{
    for (unsigned i = 0; i < log->rule_count; i++)
        log->rules[i].known = log->rules[i].known || !strcmp(log->rules[i].module, module);
}

bool log_check_modules(const struct log *log, struct error *err)
{
    unsigned at = 0;
    while (at < log->rule_count && log->rules[at].known)
        at++;
    if (at == log->rule_count)
        return true;
    char names[160] = "all";
    for (unsigned i = 0; i < log->source_count; i++) {
        size_t length = strlen(names);
        if (!strstr(names, log->sources[i]->module))
            snprintf(names + length, sizeof names - length, ", %s", log->sources[i]->module);
    }
    return error_set(err, "there is no '%s'; there are %s", log->rules[at].module, names);
}

void log_attach(struct log *log, struct log_source *source, const char *module)
{
    *source = (struct log_source){.module = module};
    if (!log || log->source_count == MAX_SOURCES)
        return;
    source->log = log;
    source->level = level_of(log, module);
    log_expect(log, module);
    log->sources[log->source_count++] = source;
}

void log_detach(struct log_source *source)
{
    struct log *log = source->log;
    if (!log)
        return;
    for (unsigned i = 0; i < log->source_count; i++) {
        if (log->sources[i] == source) {
            log->sources[i] = log->sources[--log->source_count];
            break;
        }
    }
    source->log = NULL;
}

void log_write(const struct log_source *source, enum log_level level, const char *format, ...)
{
    if (!log_enabled(source, level))
        return;
    FILE *out = source->log->out;
    fprintf(out, "%s: %s: ", source->module, level_names[level]);
    va_list args;
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    fputc('\n', out);
}
