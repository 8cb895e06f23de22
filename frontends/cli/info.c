/* SPDX-License-Identifier: MIT */
/* `lathe info`: what this build can be and do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "frontends/cli/cli.h"
#include "frontends/embed/images.h"
#include "frontends/embed/lathe.h"

static int info_models(void)
{
    struct lathe_model model;
    for (unsigned i = 0; lathe_model_at(i, &model); i++)
        printf("  %-12s %s%s\n", model.name, model.description, model.is_default ? " [default]" : "");
    return CLI_OK;
}

static int info_insns(void)
{
    struct lathe_insn insn;
    for (unsigned i = 0; lathe_insn_at(i, &insn); i++)
        printf("%-12s %-16s %-16s %s\n", insn.mnemonic, insn.encoding, insn.operands, insn.modes);
    return CLI_OK;
}

/* Parts of the default machine: those whose state is hashed and saved. */
static int info_parts(void)
{
    struct lathe *lathe = lathe_new();
    int status = CLI_OK;
    if (lathe_power_on(lathe)) {
        char *text = lathe_dump(lathe, NULL);
        fputs(text, stdout);
        free(text);
    } else {
        status = cli_fail(CLI_HOST, "%s", lathe_error(lathe));
    }
    lathe_free(lathe);
    return status;
}

static int info_build(void)
{
    printf("lathe %s\n\nengine: interpreter%s\nboard: pc (Intel 440FX, PIIX3)\n", lathe_version(),
           lathe_can_translate() ? " and translator" : "");
    printf("window: %s\nscripts: %s\nscreenshots: %s\nstate files: %s\nELF kernels: %s\n",
           LATHE_HAVE_SDL ? "SDL2" : "no", LATHE_HAVE_LUA ? "Lua" : "no", LATHE_HAVE_PNG ? "PNG" : "no",
           LATHE_HAVE_ZLIB ? "zlib" : "no", LATHE_HAVE_ELF ? "libelf" : "no");
    puts("\nbuilt-in images:");
    for (const struct builtin_image *image = builtin_images; image->name; image++)
        printf("  %-12s %zu bytes\n", image->name, image->size);
    puts("\nprocessor models (--cpu):");
    info_models();
    puts("\nmore: lathe info models, lathe info insns (instruction table), lathe info parts (state at "
         "power-on)");
    return CLI_OK;
}

int verb_info(int count, char **arguments)
{
    const char *what = count ? arguments[0] : "";
    if (count > 1)
        return cli_fail(CLI_USAGE, "info takes one word: models, insns or parts");
    if (!count)
        return info_build();
    if (!strcmp(what, "models"))
        return info_models();
    if (!strcmp(what, "insns"))
        return info_insns();
    if (!strcmp(what, "parts"))
        return info_parts();
    return cli_fail(CLI_USAGE, "info: '%s' is none of models, insns, parts", what);
}
