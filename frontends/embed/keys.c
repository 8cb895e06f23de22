/* SPDX-License-Identifier: MIT */
#include "frontends/embed/keys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct key_char {
    char plain, shifted;
    uint8_t usage;
};

/* Everything but letters. */
static const struct key_char key_chars[] = {
    {'1', '!', 0x1E},  {'2', '@', 0x1F}, {'3', '#', 0x20},  {'4', '$', 0x21}, {'5', '%', 0x22},
    {'6', '^', 0x23},  {'7', '&', 0x24}, {'8', '*', 0x25},  {'9', '(', 0x26}, {'0', ')', 0x27},
    {'\n', 0, 0x28},   {'\r', 0, 0x28},  {'\x1B', 0, 0x29}, {'\b', 0, 0x2A},  {'\t', 0, 0x2B},
    {' ', 0, 0x2C},    {'-', '_', 0x2D}, {'=', '+', 0x2E},  {'[', '{', 0x2F}, {']', '}', 0x30},
    {'\\', '|', 0x31}, {';', ':', 0x33}, {'\'', '"', 0x34}, {'`', '~', 0x35}, {',', '<', 0x36},
    {'.', '>', 0x37},  {'/', '?', 0x38},
};

bool key_of_character(char character, uint16_t *usage, bool *shift)
{
    *shift = character >= 'A' && character <= 'Z';
    if (*shift || (character >= 'a' && character <= 'z')) {
        *usage = (uint16_t)(KEY_A + (*shift ? character - 'A' : character - 'a'));
        return true;
    }
    if (!character)
        return false;
    for (size_t i = 0; i < sizeof key_chars / sizeof key_chars[0]; i++) {
        const struct key_char *key = &key_chars[i];
        if (key->plain == character || key->shifted == character) {
            *usage = key->usage;
            *shift = key->shifted == character;
            return true;
        }
    }
    return false;
}

struct key_name {
    const char *name;
    uint8_t usage;
};

static const struct key_name key_names[] = {
    {"enter", 0x28},   {"return", 0x28},     {"esc", 0x29},      {"escape", 0x29},   {"backspace", 0x2A},
    {"tab", 0x2B},     {"space", 0x2C},      {"minus", 0x2D},    {"equal", 0x2E},    {"capslock", 0x39},
    {"print", 0x46},   {"scrolllock", 0x47}, {"pause", 0x48},    {"ins", 0x49},      {"insert", 0x49},
    {"home", 0x4A},    {"pgup", 0x4B},       {"pageup", 0x4B},   {"del", 0x4C},      {"delete", 0x4C},
    {"end", 0x4D},     {"pgdn", 0x4E},       {"pagedown", 0x4E}, {"right", 0x4F},    {"left", 0x50},
    {"down", 0x51},    {"up", 0x52},         {"numlock", 0x53},  {"kpdivide", 0x54}, {"kpmultiply", 0x55},
    {"kpminus", 0x56}, {"kpplus", 0x57},     {"kpenter", 0x58},  {"kp1", 0x59},      {"kp2", 0x5A},
    {"kp3", 0x5B},     {"kp4", 0x5C},        {"kp5", 0x5D},      {"kp6", 0x5E},      {"kp7", 0x5F},
    {"kp8", 0x60},     {"kp9", 0x61},        {"kp0", 0x62},      {"kpdot", 0x63},    {"less", 0x64},
    {"menu", 0x65},    {"ctrl", 0xE0},       {"shift", 0xE1},    {"alt", 0xE2},      {"win", 0xE3},
    {"rctrl", 0xE4},   {"rshift", 0xE5},     {"altgr", 0xE6},    {"ralt", 0xE6},     {"rwin", 0xE7},
};

/* "f1" to "f12". */
static bool function_key(const char *name, size_t length, uint16_t *usage)
{
    if (length < 2 || length > 3 || (name[0] != 'f' && name[0] != 'F'))
        return false;
    unsigned number = 0;
    for (size_t i = 1; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        number = number * 10 + (unsigned)(name[i] - '0');
    }
    *usage = (uint16_t)(KEY_F1 + number - 1);
    return number >= 1 && number <= 12;
}

bool key_of_name(const char *name, size_t length, uint16_t *usage)
{
    bool shift;
    if (length == 1)
        return key_of_character(name[0] >= 'A' && name[0] <= 'Z' ? (char)(name[0] + 32) : name[0], usage,
                                &shift) &&
               !shift;
    if (function_key(name, length, usage))
        return true;
    for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++) {
        if (strlen(key_names[i].name) == length && !strncasecmp(key_names[i].name, name, length)) {
            *usage = key_names[i].usage;
            return true;
        }
    }
    return false;
}

bool key_combo(const char *combo, uint16_t usages[KEY_COMBO_MAX], unsigned *count)
{
    for (*count = 0;; combo++) {
        /* A leading '-' is the minus key itself. */
        size_t length = *combo == '-' ? 1 : strcspn(combo, "-");
        if (*count == KEY_COMBO_MAX || !key_of_name(combo, length, &usages[*count]))
            return false;
        (*count)++;
        combo += length;
        if (!*combo)
            return true;
    }
}
