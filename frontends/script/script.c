/* SPDX-License-Identifier: MIT */
/* The `vm` object of Lua scripts. Times are guest virtual seconds.
 *
 *   vm:expect(text [, {timeout=60, on="any"}])  waits until text is on "screen", "serial" or "any" of them
 *   vm:type(text)  vm:key("ctrl-alt-del")  vm:mouse{dx=, dy=, wheel=, buttons=}  vm:serial_send(text [,
 * port]) vm:run(seconds)  vm:wait_poweroff{timeout=60} vm:insns()  vm:time()  vm:screen_text()
 * vm:serial_text()  vm:screenshot(path)  vm:state_hash() vm:screen_mode()  vm:dump([part]) vm:save(path)
 * vm:load(path)  vm:insert(drive, path)  vm:eject(drive)  vm:reset()  vm:power_button() vm:exit([status])
 *
 * expect searches what COM1 has sent since the last expect that matched there; the screen as it is.
 */
#include "frontends/script/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/error.h"

enum {
    LOOK_NS = 20000000, /* virtual time between two looks at screen and serial line */
    TAIL_BYTES = 2000,  /* of serial output in a failure message */
};

enum { SOURCE_MAX = 16 << 20, HOOK_COUNT = 10000 /* Lua instructions between two looks for a signal */ };

#define REGISTRY_KEY "lathe.script"

static const double default_timeout = 60;

struct script {
    struct lathe *lathe;
    struct script_host host;
    struct script_result *result;
    struct buffer serial; /* everything that COM1 has sent */
    size_t matched;       /* up to here it was used up by expect */
    bool ended;           /* result is decided: unwind */
};

static struct script *script_of(lua_State *lua)
{
    return *(struct script **)luaL_checkudata(lua, 1, "lathe.vm");
}

static void on_serial(void *self, unsigned port, uint8_t byte)
{
    if (port == 0)
        buffer_append(&((struct script *)self)->serial, &byte, 1);
}

static void on_count(lua_State *lua, lua_Debug *activation);

/* Unwinds the script; the result says why. Where the script catches that as if it were an error of its own,
 * the next instruction raises it again. */
static int unwind(lua_State *lua, struct script *script, enum script_end end)
{
    if (!script->ended)
        script->result->end = end;
    script->ended = true;
    lua_sethook(lua, on_count, LUA_MASKCOUNT, 1);
    return luaL_error(lua, "ended");
}

/* Scripts that compute for ever can be stopped, in all their coroutines. */
static void on_count(lua_State *lua, lua_Debug *activation)
{
    (void)activation;
    lua_getfield(lua, LUA_REGISTRYINDEX, REGISTRY_KEY);
    struct script *script = lua_touserdata(lua, -1);
    lua_pop(lua, 1);
    if (!script->ended && !script->host.interrupted(script->host.opaque))
        return;
    if (!script->ended)
        script->result->stop = LATHE_INTERRUPTED;
    unwind(lua, script, SCRIPT_STOPPED);
}

/* Lets the guest run. Unwinds where the machine stops. */
static void run_until(lua_State *lua, struct script *script, uint64_t ns)
{
    enum lathe_stop stop = script->host.run(script->host.opaque, ns);
    if (stop != LATHE_LIMIT || lathe_time_ns(script->lathe) < ns) {
        script->result->stop = stop;
        unwind(lua, script, SCRIPT_STOPPED);
    }
}

static uint64_t to_ns(lua_State *lua, double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        luaL_error(lua, "%f is no number of seconds", seconds);
    return (uint64_t)(seconds * 1e9 + 0.5);
}

static int fail(lua_State *lua, struct script *script)
{
    return luaL_error(lua, "%s", lathe_error(script->lathe));
}

/* Number in the table argument at `index`, or a default. */
static double table_number(lua_State *lua, int index, const char *key, double otherwise)
{
    if (!lua_istable(lua, index))
        return otherwise;
    lua_getfield(lua, index, key);
    double value = lua_isnil(lua, -1) ? otherwise : luaL_checknumber(lua, -1);
    lua_pop(lua, 1);
    return value;
}

/* The same as an integer, 0 where absent; far out of range means the end of the range. */
static int table_int(lua_State *lua, int index, const char *key)
{
    double value = table_number(lua, index, key, 0);
    return value >= INT16_MAX ? INT16_MAX : value > INT16_MIN ? (int)value : INT16_MIN;
}

/* --- expect ----------------------------------------------------------------------------------------- */

struct expectation {
    const char *text;
    size_t length;
    bool screen, serial;
    double timeout;
};

static void read_expectation(lua_State *lua, struct expectation *want)
{
    static const char *const places[] = {"any", "screen", "serial", NULL};
    want->text = luaL_checklstring(lua, 2, &want->length);
    want->timeout = table_number(lua, 3, "timeout", default_timeout);
    int place = 0;
    if (lua_istable(lua, 3)) {
        lua_getfield(lua, 3, "on");
        place = luaL_checkoption(lua, -1, "any", places);
        lua_pop(lua, 1);
    }
    want->screen = place != 2;
    want->serial = place != 1;
    luaL_argcheck(lua, want->length > 0, 2, "an empty text is always there");
}

static bool found_on_serial(struct script *script, const struct expectation *want)
{
    for (size_t at = script->matched; at + want->length <= script->serial.size; at++) {
        if (!memcmp(script->serial.data + at, want->text, want->length)) {
            script->matched = at + want->length;
            return true;
        }
    }
    return false;
}

static bool is_there(struct script *script, const struct expectation *want)
{
    return (want->serial && found_on_serial(script, want)) ||
           (want->screen && strstr(lathe_screen_text(script->lathe), want->text));
}

/* The end of what COM1 sent, with control characters made visible. */
static void push_serial_tail(lua_State *lua, const struct script *script)
{
    size_t from = script->serial.size > TAIL_BYTES ? script->serial.size - TAIL_BYTES : 0;
    luaL_Buffer out;
    luaL_buffinit(lua, &out);
    for (size_t i = from; i < script->serial.size; i++) {
        uint8_t byte = script->serial.data[i];
        if (byte == '\n' || (byte >= ' ' && byte != 0x7F))
            luaL_addchar(&out, (char)byte);
        else if (byte != '\r')
            luaL_addchar(&out, '.');
    }
    luaL_pushresult(&out);
}

static int expect_failed(lua_State *lua, struct script *script, const struct expectation *want)
{
    const char *screen = lathe_screen_text(script->lathe);
    push_serial_tail(lua, script);
    const char *tail = lua_tostring(lua, -1);
    return luaL_error(lua,
                      "expect: no \"%s\" within %f virtual seconds\n--- screen (%s)\n%s--- serial\n%s\n---",
                      want->text, want->timeout, lathe_screen_mode(script->lathe), screen, tail);
}

static int vm_expect(lua_State *lua)
{
    struct script *script = script_of(lua);
    struct expectation want;
    read_expectation(lua, &want);
    uint64_t end = lathe_time_ns(script->lathe) + to_ns(lua, want.timeout);
    while (!is_there(script, &want)) {
        uint64_t now = lathe_time_ns(script->lathe);
        if (now >= end)
            return expect_failed(lua, script, &want);
        run_until(lua, script, now + LOOK_NS < end ? now + LOOK_NS : end);
    }
    return 0;
}

/* --- Keys, mouse, serial, buttons ---------------------------------------------------------------------- */

static void wait_for_typist(lua_State *lua, struct script *script)
{
    while (lathe_typing(script->lathe))
        run_until(lua, script, lathe_time_ns(script->lathe) + LOOK_NS);
}

static int vm_type(lua_State *lua)
{
    struct script *script = script_of(lua);
    if (!lathe_type(script->lathe, luaL_checkstring(lua, 2)))
        return fail(lua, script);
    wait_for_typist(lua, script);
    return 0;
}

static int vm_key(lua_State *lua)
{
    struct script *script = script_of(lua);
    if (!lathe_key_combo(script->lathe, luaL_checkstring(lua, 2)))
        return fail(lua, script);
    wait_for_typist(lua, script);
    return 0;
}

/* "left", "left+right", "" */
static unsigned button_bits(lua_State *lua, const char *text)
{
    unsigned bits = 0;
    while (*text) {
        size_t length = strcspn(text, "+, ");
        if (length == 4 && !strncmp(text, "left", 4))
            bits |= LATHE_BUTTON_LEFT;
        else if (length == 5 && !strncmp(text, "right", 5))
            bits |= LATHE_BUTTON_RIGHT;
        else if (length == 6 && !strncmp(text, "middle", 6))
            bits |= LATHE_BUTTON_MIDDLE;
        else if (length && !(length == 4 && !strncmp(text, "none", 4)))
            luaL_error(lua, "mouse: buttons are left, right, middle, joined by +");
        text += length + strspn(text + length, "+, ");
    }
    return bits;
}

static int vm_mouse(lua_State *lua)
{
    struct script *script = script_of(lua);
    luaL_checktype(lua, 2, LUA_TTABLE);
    int dx = table_int(lua, 2, "dx"), dy = table_int(lua, 2, "dy"), wheel = table_int(lua, 2, "wheel");
    lua_getfield(lua, 2, "buttons");
    unsigned buttons = button_bits(lua, luaL_optstring(lua, -1, ""));
    lathe_mouse(script->lathe, dx, dy, wheel, buttons);
    run_until(lua, script, lathe_time_ns(script->lathe) + LOOK_NS);
    return 0;
}

static int vm_serial_send(lua_State *lua)
{
    struct script *script = script_of(lua);
    size_t left;
    const char *text = luaL_checklstring(lua, 2, &left);
    lua_Integer port = luaL_optinteger(lua, 3, 1);
    luaL_argcheck(lua, port == 1 || port == 2, 3, "serial ports are 1 and 2");
    while (left) {
        size_t room = lathe_serial_room(script->lathe, (unsigned)port - 1);
        size_t part = left < room ? left : room;
        lathe_serial_send(script->lathe, (unsigned)port - 1, text, part);
        text += part;
        left -= part;
        if (left)
            run_until(lua, script, lathe_time_ns(script->lathe) + LOOK_NS);
    }
    return 0;
}

static int vm_reset(lua_State *lua)
{
    lathe_reset(script_of(lua)->lathe);
    return 0;
}

static int vm_power_button(lua_State *lua)
{
    lathe_power_button(script_of(lua)->lathe);
    return 0;
}

/* --- Time --------------------------------------------------------------------------------------------- */

static int vm_run(lua_State *lua)
{
    struct script *script = script_of(lua);
    run_until(lua, script, lathe_time_ns(script->lathe) + to_ns(lua, luaL_checknumber(lua, 2)));
    return 0;
}

static int vm_wait_poweroff(lua_State *lua)
{
    struct script *script = script_of(lua);
    double timeout = table_number(lua, 2, "timeout", default_timeout);
    uint64_t end = lathe_time_ns(script->lathe) + to_ns(lua, timeout);
    enum lathe_stop stop = script->host.run(script->host.opaque, end);
    if (stop == LATHE_POWERED_OFF)
        return 0;
    if (stop != LATHE_LIMIT || lathe_time_ns(script->lathe) < end) {
        script->result->stop = stop;
        return unwind(lua, script, SCRIPT_STOPPED);
    }
    return luaL_error(lua, "wait_poweroff: still on after %f virtual seconds\n--- screen\n%s---", timeout,
                      lathe_screen_text(script->lathe));
}

static int vm_insns(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)lathe_insns(script_of(lua)->lathe));
    return 1;
}

static int vm_time(lua_State *lua)
{
    lua_pushnumber(lua, (lua_Number)lathe_time_ns(script_of(lua)->lathe) / 1e9);
    return 1;
}

/* --- What it shows -------------------------------------------------------------------------------------- */

static int vm_screen_text(lua_State *lua)
{
    lua_pushstring(lua, lathe_screen_text(script_of(lua)->lathe));
    return 1;
}

static int vm_screen_mode(lua_State *lua)
{
    lua_pushstring(lua, lathe_screen_mode(script_of(lua)->lathe));
    return 1;
}

static int vm_serial_text(lua_State *lua)
{
    const struct buffer *serial = &script_of(lua)->serial;
    lua_pushlstring(lua, (const char *)serial->data, serial->size);
    return 1;
}

static int vm_state_hash(lua_State *lua)
{
    char hex[LATHE_HASH_CHARS + 1];
    lathe_state_hash(script_of(lua)->lathe, hex);
    lua_pushstring(lua, hex);
    return 1;
}

/* vm:dump("cpu0"): the part's registers as "name = value" lines. */
static int vm_dump(lua_State *lua)
{
    char *text = lathe_dump(script_of(lua)->lathe, luaL_optstring(lua, 2, NULL));
    lua_pushstring(lua, text ? text : "");
    free(text);
    return 1;
}

/* Calls of the form vm:name(path). */
static int call_with_path(lua_State *lua, bool (*function)(struct lathe *, const char *))
{
    struct script *script = script_of(lua);
    if (!function(script->lathe, luaL_checkstring(lua, 2)))
        return fail(lua, script);
    return 0;
}

static int vm_screenshot(lua_State *lua)
{
    return call_with_path(lua, lathe_screenshot);
}

static int vm_save(lua_State *lua)
{
    return call_with_path(lua, lathe_save);
}

static int vm_load(lua_State *lua)
{
    return call_with_path(lua, lathe_load);
}

static int vm_eject(lua_State *lua)
{
    return call_with_path(lua, lathe_eject);
}

static int vm_insert(lua_State *lua)
{
    struct script *script = script_of(lua);
    if (!lathe_insert(script->lathe, luaL_checkstring(lua, 2), luaL_checkstring(lua, 3)))
        return fail(lua, script);
    return 0;
}

static int vm_exit(lua_State *lua)
{
    struct script *script = script_of(lua);
    lua_Integer status = luaL_optinteger(lua, 2, 0);
    luaL_argcheck(lua, status >= 0 && status <= 255, 2, "an exit status is 0 to 255");
    script->result->status = (int)status;
    return unwind(lua, script, SCRIPT_EXITED);
}

static const luaL_Reg methods[] = {
    {"expect", vm_expect},
    {"type", vm_type},
    {"key", vm_key},
    {"mouse", vm_mouse},
    {"serial_send", vm_serial_send},
    {"serial_text", vm_serial_text},
    {"run", vm_run},
    {"wait_poweroff", vm_wait_poweroff},
    {"insns", vm_insns},
    {"time", vm_time},
    {"screen_text", vm_screen_text},
    {"screen_mode", vm_screen_mode},
    {"screenshot", vm_screenshot},
    {"state_hash", vm_state_hash},
    {"dump", vm_dump},
    {"save", vm_save},
    {"load", vm_load},
    {"insert", vm_insert},
    {"eject", vm_eject},
    {"reset", vm_reset},
    {"power_button", vm_power_button},
    {"exit", vm_exit},
    {NULL, NULL},
};

static void make_vm(lua_State *lua, struct script *script)
{
    luaL_openlibs(lua);
    lua_pushlightuserdata(lua, script);
    lua_setfield(lua, LUA_REGISTRYINDEX, REGISTRY_KEY);
    *(struct script **)lua_newuserdatauv(lua, sizeof script, 0) = script;
    luaL_newmetatable(lua, "lathe.vm");
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -2, "__index");
    luaL_setfuncs(lua, methods, 0);
    lua_setmetatable(lua, -2);
    lua_setglobal(lua, "vm");
}

/* Compiles the text; a first line that begins with # is for the shell. */
static bool load_source(lua_State *lua, const struct script_source *source)
{
    const char *text = (const char *)source->text.data;
    size_t size = source->text.size, skipped = 0;
    while (size && text[0] == '#' && skipped < size && text[skipped] != '\n')
        skipped++;
    char name[256];
    snprintf(name, sizeof name, "@%s", source->path);
    return luaL_loadbufferx(lua, text ? text + skipped : "", size - skipped, name, "t") == LUA_OK;
}

static bool read_source(const char *path, struct buffer *text, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, "--script: '%s': %s", path, strerror(errno));
    char chunk[4096];
    size_t size;
    while (text->size <= SOURCE_MAX && (size = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_append(text, chunk, size);
    bool good = !ferror(file) || error_set(err, "--script: '%s': cannot read: %s", path, strerror(errno));
    fclose(file);
    if (good && text->size > SOURCE_MAX)
        return error_set(err, "--script: '%s' is no script: larger than %d MiB", path, SOURCE_MAX >> 20);
    return good;
}

bool script_read(const char *path, struct script_source *source, struct error *err)
{
    *source = (struct script_source){.path = path};
    if (!read_source(path, &source->text, err))
        return false;
    lua_State *lua = luaL_newstate();
    bool good = load_source(lua, source);
    if (!good)
        error_set(err, "--script: %s", lua_tostring(lua, -1));
    lua_close(lua);
    return good;
}

void script_free(struct script_source *source)
{
    buffer_free(&source->text);
}

void script_run(struct lathe *lathe, const struct script_source *source, const struct script_host *host,
                struct script_result *result)
{
    struct script script = {.lathe = lathe, .host = *host, .result = result};
    *result = (struct script_result){.end = SCRIPT_FINISHED};
    lathe_on_serial(lathe, on_serial, &script);
    lua_State *lua = luaL_newstate();
    make_vm(lua, &script);
    lua_sethook(lua, on_count, LUA_MASKCOUNT, HOOK_COUNT);
    bool good = load_source(lua, source) && lua_pcall(lua, 0, 0, 0) == LUA_OK;
    if (!good && !script.ended) {
        result->end = SCRIPT_FAILED;
        result->message = strdup(lua_tostring(lua, -1) ? lua_tostring(lua, -1) : "error without a message");
    }
    lua_close(lua);
    lathe_on_serial(lathe, NULL, &script);
    buffer_free(&script.serial);
}
