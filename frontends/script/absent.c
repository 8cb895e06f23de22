/* SPDX-License-Identifier: MIT */
/* Builds without Lua. */
#include "core/base/error.h"
#include "frontends/script/script.h"

bool script_check(const char *path, struct error *err)
{
    return error_set(err, "--script: '%s': this build of Lathe has no Lua", path);
}

void script_run(struct lathe *lathe, const char *path, const struct script_host *host,
                struct script_result *result)
{
    (void)lathe, (void)path, (void)host;
    *result = (struct script_result){.end = SCRIPT_FAILED};
}
