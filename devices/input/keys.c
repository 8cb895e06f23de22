/* SPDX-License-Identifier: MIT */
#include "devices/input/keys.h"

#include <string.h>

struct named_key {
    const char *name;
    enum key_code code;
};

/* The first name of a key is the one that key_name gives. */
static const struct named_key names[] = {
/* clang-format off */
#define KEY(name, usage, text, set2, set3, type) {text, KEY_##name},
#include "devices/input/keys.def"
#undef KEY
    /* clang-format on */
    {"ret", KEY_ENTER},         {"return", KEY_ENTER},
    {"escape", KEY_ESC},        {"bs", KEY_BACKSPACE},
    {"spc", KEY_SPACE},         {"del", KEY_DELETE},
    {"ins", KEY_INSERT},        {"pgup", KEY_PAGEUP},
    {"pgdn", KEY_PAGEDOWN},     {"sysrq", KEY_PRINTSCREEN},
    {"print", KEY_PRINTSCREEN}, {"break", KEY_PAUSE},
    {"caps", KEY_CAPSLOCK},     {"num", KEY_NUMLOCK},
    {"scroll", KEY_SCROLLLOCK}, {"lctrl", KEY_LEFTCTRL},
    {"control", KEY_LEFTCTRL},  {"lshift", KEY_LEFTSHIFT},
    {"lalt", KEY_LEFTALT},      {"altgr", KEY_RIGHTALT},
    {"win", KEY_LEFTMETA},      {"lwin", KEY_LEFTMETA},
    {"rwin", KEY_RIGHTMETA},    {"app", KEY_MENU},
    {"-", KEY_MINUS},           {"=", KEY_EQUAL},
    {"[", KEY_LEFTBRACE},       {"]", KEY_RIGHTBRACE},
    {"\\", KEY_BACKSLASH},      {";", KEY_SEMICOLON},
    {"'", KEY_APOSTROPHE},      {"`", KEY_GRAVE},
    {",", KEY_COMMA},           {".", KEY_DOT},
    {"/", KEY_SLASH},           {"asterisk", KEY_KP_ASTERISK},
    {"less", KEY_102ND},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *name, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (lower(text[i]) != name[i])
            return false;
    }
    return name[length] == '\0';
}

enum key_code key_from_name(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (length <= strlen(names[i].name) && same_name(names[i].name, text, length))
            return names[i].code;
    }
    return KEY_NONE;
}

const char *key_name(enum key_code code)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].code == code)
            return names[i].name;
    }
    return NULL;
}

/* Characters of the US layout, unshifted and shifted, with the keys that make them in the same order. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyz1234567890 -=[]\\;'`,./";
static const char shifted[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*() _+{}|:\"~<>?";
static const uint8_t punctuation[] = {KEY_SPACE,      KEY_MINUS,     KEY_EQUAL,     KEY_LEFTBRACE,
                                      KEY_RIGHTBRACE, KEY_BACKSLASH, KEY_SEMICOLON, KEY_APOSTROPHE,
                                      KEY_GRAVE,      KEY_COMMA,     KEY_DOT,       KEY_SLASH};

/* Letters and digits stand in the order of their usages. */
static enum key_code key_at(size_t position)
{
    enum { ORDERED = 36 };
    if (position < ORDERED)
        return (enum key_code)(KEY_A + position);
    return (enum key_code)punctuation[position - ORDERED];
}

static bool control_stroke(char c, struct key_stroke *stroke)
{
    switch (c) {
    case '\n':
    case '\r': stroke->code = KEY_ENTER; return true;
    case '\t': stroke->code = KEY_TAB; return true;
    case '\b':
    case 0x7F: stroke->code = KEY_BACKSPACE; return true;
    case 0x1B: stroke->code = KEY_ESC; return true;
    default: break;
    }
    if (c < 1 || c > 26)
        return false;
    stroke->code = (enum key_code)(KEY_A + c - 1);
    stroke->ctrl = true;
    return true;
}

bool key_stroke_for(char c, struct key_stroke *stroke)
{
    *stroke = (struct key_stroke){KEY_NONE, false, false};
    if (c == '\0')
        return false;
    const char *at = strchr(plain, c);
    if (at) {
        stroke->code = key_at((size_t)(at - plain));
        return true;
    }
    at = strchr(shifted, c);
    if (at) {
        stroke->code = key_at((size_t)(at - shifted));
        stroke->shift = true;
        return true;
    }
    return control_stroke(c, stroke);
}
