/* SPDX-License-Identifier: MIT */
#include "tests/silicon/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parse_encoding_token(struct form *form, const char *token)
{
    if (!strcmp(token, "NP")) {
        form->none = true;
    } else if (!strncmp(token, "REX.", 4)) {
        form->rex |= token[4] == 'W' ? 8 : 1;
    } else if (token[0] == '/') {
        form->modrm = true;
        if (token[1] == '=')
            form->exact = (int16_t)strtol(token + 2, NULL, 16);
        else if (token[1] != 'r')
            form->digit = (int8_t)(token[1] - '0');
    } else if (token[0] == '+') {
        form->opcode_reg = true;
    } else {
        uint8_t byte = (uint8_t)strtoul(token, NULL, 16);
        bool mandatory = byte == 0x66 || byte == 0xF2 || byte == 0xF3;
        if (mandatory && !form->opcode_size && !form->prefix)
            form->prefix = byte;
        else
            form->opcode[form->opcode_size++] = byte;
    }
}

static enum form_immediate immediate_of(const char *token)
{
    switch (token[1]) {
    case 'b': return FORM_IB;
    case 'w': return FORM_IW;
    case 'z': return FORM_IZ;
    default: return FORM_IV;
    }
}

static void parse_operand(struct form *form, const char *token)
{
    char last = token[strlen(token) - 1];
    bool z_or_v = last == 'v' || last == 'z' || last == 'y' || !strcmp(token, "eAX");
    switch (token[0]) {
    case 'I': form->immediate = form->immediate == FORM_IW ? FORM_IW_IB : (uint8_t)immediate_of(token); break;
    case 'J': form->immediate = token[1] == 'b' ? FORM_JB : FORM_JZ; break;
    case 'A':
        form->immediate = FORM_AP;
        form->far_pointer = true;
        break;
    case 'O': form->immediate = FORM_MOFFS; break;
    case 'M':
        form->registers = false;
        form->far_pointer |= token[1] == 'p';
        break;
    case 'X':
    case 'Y': form->string = true; break;
    case 'N':
    case 'U':
    case 'R': form->memory = false; break;
    case 'S': form->memory &= strcmp(token, "STi") != 0; break;
    default: break;
    }
    form->sized |= z_or_v && token[0] != 'P' && token[0] != 'V' && token[0] != 'W';
}

static void for_each_token(struct form *form, const char *text, const char *separator,
                           void (*parse)(struct form *, const char *))
{
    char copy[40], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *token = strtok_r(copy, separator, &rest); token; token = strtok_r(NULL, separator, &rest))
        parse(form, token);
}

void form_parse(struct form *form, unsigned row)
{
    *form = (struct form){.row = &insn_table[row],
                          .number = (uint16_t)row,
                          .digit = -1,
                          .exact = -1,
                          .registers = true,
                          .memory = true};
    for_each_token(form, form->row->encoding, " ", parse_encoding_token);
    for_each_token(form, form->row->operands, ",", parse_operand);
    if (form->exact >= 0xC0 || !form->modrm)
        form->memory = false;
    form->registers &= form->modrm;
    /* Stack, far and branch rows without such operands have an operand size all the same. */
    form->sized |= !form->modrm && !form->row->operands[0] && form->opcode_size == 1;
    form->sized |= form->far_pointer || form->immediate == FORM_IW_IB;
}

bool form_has_operand(const struct form *form, char letter)
{
    for (const char *at = form->row->operands; *at; at++) {
        if (*at == letter && (at == form->row->operands || at[-1] == ','))
            return true;
    }
    return false;
}

bool form_is_x87(const struct form *form)
{
    unsigned feature = form->row->feature;
    return feature == FEATURE_FPU || feature == FEATURE_FCMOV || feature == FEATURE_FXSR ||
           (form->opcode[0] >= 0xD8 && form->opcode[0] <= 0xDF && form->opcode_size == 1);
}

bool form_is_simd(const struct form *form)
{
    return !form_is_x87(form) && form->row->feature >= FEATURE_MMX &&
           strpbrk(form->row->operands, "PQVWNU") != NULL;
}
