/* SPDX-License-Identifier: MIT */
/* Builds without Lua. */
#include "core/base/error.h"
#include "frontends/script/script.h"

bool script_read(const char *path, struct script_source *source, struct error *err)
{
    *source = (struct script_source){.path = path};
    return error_set(err, "--script: '%s': this build of Lathe has no Lua", path);
}

void script_free(struct script_source *source)
{
    buffer_free(&source->text);
}

void script_run(struct lathe *lathe, const struct script_source *source, const struct script_host *host,
                struct script_result *result)
{
    (void)lathe, (void)source, (void)host;
    *result = (struct script_result){.end = SCRIPT_FAILED};
}
