/* SPDX-License-Identifier: MIT */
#include "tests/silicon/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"

static const char *const gpr_names[16] = {"ax", "cx", "dx",  "bx",  "sp",  "bp",  "si",  "di",
                                          "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const seg_names[6] = {"es", "cs", "ss", "ds", "fs", "gs"};

/* --- Writing --- */

struct writer {
    char *line;
    unsigned used;
};

__attribute__((format(printf, 2, 3))) static void write_text(struct writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(w->line + w->used, LINE_MAX_SIZE - w->used, format, arguments);
    va_end(arguments);
    if (size > 0 && w->used + (unsigned)size < LINE_MAX_SIZE)
        w->used += (unsigned)size;
}

static void write_hex(struct writer *w, const uint8_t *bytes, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        write_text(w, "%02x", bytes[i]);
}

void silicon_case_to_line(const struct silicon_case *c, char line[LINE_MAX_SIZE])
{
    struct writer w = {.line = line};
    struct silicon_case initial;
    silicon_case_init(&initial, c->mode);
    write_text(&w, "mode=%u insns=%u code=", c->mode == MODE_64 ? 64 : 32, c->insns);
    write_hex(&w, c->code, c->size);
    if (c->in.rip != initial.in.rip)
        write_text(&w, " ip=%llx", (unsigned long long)c->in.rip);
    if (c->in.rflags != initial.in.rflags)
        write_text(&w, " flags=%llx", (unsigned long long)c->in.rflags);
    for (unsigned i = 0; i < 16; i++) {
        if (c->in.gpr[i] != initial.in.gpr[i])
            write_text(&w, " %s=%llx", gpr_names[i], (unsigned long long)c->in.gpr[i]);
    }
    for (unsigned i = 0; i < 6; i++) {
        if (c->in.seg[i] != initial.in.seg[i])
            write_text(&w, " %s=%x", seg_names[i], c->in.seg[i]);
    }
    for (unsigned i = 0; i < FX_WORDS; i++) {
        uint64_t word = load_le64(c->in.fx + 8 * i);
        if (word != load_le64(initial.in.fx + 8 * i))
            write_text(&w, " fx%u=%llx", 8 * i, (unsigned long long)word);
    }
    for (unsigned i = 0; i < c->patches; i++) {
        write_text(&w, " m%x=", c->patch[i].address);
        write_hex(&w, c->patch[i].bytes, c->patch[i].size);
    }
}

/* --- Reading --- */

static bool read_hex(const char *text, uint8_t *bytes, unsigned room, unsigned *size)
{
    size_t length = strlen(text);
    *size = (unsigned)(length / 2);
    if (length % 2 || *size > room || strspn(text, "0123456789abcdefABCDEF") != length)
        return false;
    for (unsigned i = 0; i < *size; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static int index_of(const char *name, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!strcmp(name, names[i]))
            return (int)i;
    }
    return -1;
}

static bool read_code(struct silicon_case *c, const char *value)
{
    unsigned size;
    if (!read_hex(value, c->code, sizeof c->code, &size))
        return false;
    c->size = (uint8_t)size;
    return true;
}

static bool read_patch(struct silicon_case *c, const char *name, const char *value)
{
    uint8_t bytes[PATCH_SIZE];
    unsigned size;
    uint64_t address = strtoull(name, NULL, 16);
    if (!read_hex(value, bytes, sizeof bytes, &size) || !size || silicon_page_index(address) < 0)
        return false;
    silicon_case_patch(c, address, bytes, size);
    return true;
}

static bool read_number(struct silicon_case *c, const char *name, uint64_t value)
{
    int gpr = index_of(name, gpr_names, 16), seg = index_of(name, seg_names, 6);
    if (gpr >= 0)
        c->in.gpr[gpr] = value;
    else if (seg >= 0)
        c->in.seg[seg] = (uint16_t)value;
    else if (!strcmp(name, "ip"))
        c->in.rip = value;
    else if (!strcmp(name, "flags"))
        c->in.rflags = value;
    else if (!strncmp(name, "fx", 2) && strtoul(name + 2, NULL, 10) <= FX_SIZE - 8)
        store_le64(c->in.fx + strtoul(name + 2, NULL, 10), value);
    else
        return false;
    return true;
}

static bool read_pair(struct silicon_case *c, char *token)
{
    char *value = strchr(token, '=');
    if (!value)
        return false;
    *value++ = '\0';
    if (!strcmp(token, "mode"))
        return true;
    if (!strcmp(token, "insns")) {
        c->insns = (uint8_t)strtoul(value, NULL, 10);
        return c->insns <= CASE_INSNS;
    }
    if (!strcmp(token, "code"))
        return read_code(c, value);
    if (token[0] == 'm')
        return read_patch(c, token + 1, value);
    return read_number(c, token, strtoull(value, NULL, 16));
}

bool silicon_case_from_line(struct silicon_case *c, const char *line)
{
    static const char mode_64[] = "mode=64 ";
    char copy[LINE_MAX_SIZE], *rest = NULL;
    bool fine = strlen(line) < sizeof copy;
    silicon_case_init(c, strncmp(line, mode_64, sizeof mode_64 - 1) ? MODE_32 : MODE_64);
    snprintf(copy, sizeof copy, "%s", line);
    for (char *token = strtok_r(copy, " \n", &rest); token && fine; token = strtok_r(NULL, " \n", &rest))
        fine = read_pair(c, token);
    return fine && c->size && c->in.rip >= CODE && c->in.rip < CODE_END;
}

/* --- Outcomes --- */

static void print_memory(const struct silicon_case *c, const struct silicon_outcome *o)
{
    struct silicon_outcome *before = calloc(1, sizeof *before);
    unsigned shown = 0;
    for (unsigned i = 0; before && i < WRITABLE_PAGES; i++)
        silicon_fill_page(before->memory[i], i);
    if (before)
        silicon_apply_patches(c, before->memory);
    for (unsigned i = 0; before && i < WRITABLE_PAGES * PAGE && shown < 64; i++) {
        unsigned page = i / PAGE, at = i % PAGE;
        if (o->memory[page][at] == before->memory[page][at])
            continue;
        unsigned linear = page < DATA_PAGES ? DATA + i : STACK + i - DATA_PAGES * PAGE;
        printf("%s%x:%02x", shown++ ? " " : "\n    memory ", linear, o->memory[page][at]);
    }
    free(before);
}

void silicon_print_outcome(const char *who, const struct silicon_case *c, const struct silicon_outcome *o)
{
    const struct silicon_state *s = &o->out;
    printf("  %s vector %d error %x cr2 %llx ip %llx flags %llx fcw %04x fsw %04x tags %02x mxcsr %05x", who,
           o->vector, o->error, (unsigned long long)o->cr2, (unsigned long long)s->rip,
           (unsigned long long)s->rflags, load_le16(s->fx + FX_CONTROL), load_le16(s->fx + FX_STATUS),
           s->fx[FX_TAG], load_le32(s->fx + FX_MXCSR));
    printf("\n    fop %04x fip %llx fdp %llx seg", load_le16(s->fx + FX_OPCODE),
           (unsigned long long)load_le64(s->fx + FX_IP), (unsigned long long)load_le64(s->fx + FX_DP));
    for (unsigned i = 0; i < 6; i++)
        printf(" %02x", s->seg[i]);
    for (unsigned i = 0; i < (c->mode == MODE_64 ? 16 : 8); i++)
        printf("%s%s %llx", i % 8 ? " " : "\n    ", gpr_names[i], (unsigned long long)s->gpr[i]);
    for (unsigned i = 0; i < 8; i++)
        printf("%s%04x:%016llx", i % 4 ? " " : "\n    st  ", load_le16(s->fx + FX_ST + 16 * i + 8),
               (unsigned long long)load_le64(s->fx + FX_ST + 16 * i));
    for (unsigned i = 0; i < 16; i++) {
        const uint8_t *xmm = s->fx + FX_XMM + 16 * i;
        if (load_le64(xmm) || load_le64(xmm + 8))
            printf("\n    xmm%u %016llx_%016llx", i, (unsigned long long)load_le64(xmm + 8),
                   (unsigned long long)load_le64(xmm));
    }
    print_memory(c, o);
    putchar('\n');
}
