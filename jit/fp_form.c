/* SPDX-License-Identifier: MIT */
#include "jit/fp_form.h"

#include <stdlib.h>
#include <string.h>

#include "core/x86/cpu.h"

/* Results differ between processors, or there are operands that the column does not show, or more happens
 * than on the registers: their handlers stay. */
static const char *const excluded[] = {
    "F2XM1",     "FYL2X",    "FYL2XP1",    "FPTAN",   "FPATAN",  "FSIN",      "FCOS",      "FSINCOS",
    "FPREM",     "FPREM1",   "FXTRACT",    "FSCALE",  "FBLD",    "FBSTP",     "FSTP1",     "FFREE",
    "FFREEP",    "FNENI",    "FNDISI",     "FNSETPM", "FNCLEX",  "FNINIT",    "FLDENV",    "FNSTENV",
    "FRSTOR",    "FNSAVE",   "FWAIT",      "FXSAVE",  "FXRSTOR", "RCPPS",     "RCPSS",     "RSQRTPS",
    "RSQRTSS",   "MASKMOVQ", "MASKMOVDQU", "LDMXCSR", "STMXCSR", "PCMPESTRI", "PCMPESTRM", "PCMPISTRI",
    "PCMPISTRM", "FNOP",     "FDECSTP",    "FINCSTP"};

static bool is_excluded(const char *mnemonic)
{
    for (unsigned i = 0; i < sizeof excluded / sizeof excluded[0]; i++)
        if (!strcmp(mnemonic, excluded[i]))
            return true;
    return false;
}

static unsigned bytes_of(const char *suffix)
{
    static const struct {
        const char *suffix;
        uint8_t bytes;
    } sizes[] = {{"ps", 16}, {"pd", 16}, {"x", 16}, {"dq", 16}, {"q", 8},  {"sd", 8}, {"d", 4},
                 {"ss", 4},  {"w", 2},   {"b", 1},  {"t", 10},  {"dw", 2}, {"db", 1}};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (!strcmp(suffix, sizes[i].suffix))
            return sizes[i].bytes;
    return 0;
}

/* One operand of the column. False for a kind that the host's instruction cannot take over. */
static bool add_operand(struct fp_form *form, const char *operand, unsigned position)
{
    switch (*operand) {
    case 'V':
    case 'U': form->parts |= FP_SSE; return true;
    case 'P':
    case 'N': form->parts |= FP_X87; return true;
    case 'W':
    case 'Q': form->parts |= *operand == 'W' ? FP_SSE : FP_X87; break;
    case 'S': return true; /* ST and STi: the opcode says which */
    case 'G': form->general = true; return operand[1] == 'd' || operand[1] == 'y';
    case 'I': form->has_imm = true; return operand[1] == 'b';
    case 'E': form->general = true; break;
    case 'M': break;
    default: return false;
    }
    form->bytes = (uint8_t)bytes_of(operand + 1);
    form->stores = position == 0;
    return form->bytes || operand[1] == 'y';
}

static bool add_operands(struct fp_form *form, const char *column)
{
    char operands[32];
    unsigned position = 0;
    if (strlen(column) >= sizeof operands)
        return false;
    strcpy(operands, column);
    for (char *rest = operands, *comma; rest && *rest; rest = comma, position++) {
        comma = strchr(rest, ',');
        if (comma)
            *comma++ = 0;
        if (!add_operand(form, rest, position))
            return false;
    }
    return true;
}

/* "66 0F 38 00 /r", "NP 0F 71 /2". */
static bool parse_encoding(struct fp_form *form, const char *encoding)
{
    if (!strncmp(encoding, "NP ", 3))
        encoding += 3;
    else if (!strncmp(encoding, "66 ", 3) || !strncmp(encoding, "F2 ", 3) || !strncmp(encoding, "F3 ", 3)) {
        form->prefix = (uint8_t)strtoul(encoding, NULL, 16);
        encoding += 3;
    }
    if (strncmp(encoding, "0F ", 3))
        return false;
    encoding += 3;
    form->map = !strncmp(encoding, "38 ", 3) ? 2 : !strncmp(encoding, "3A ", 3) ? 3 : 1;
    encoding += form->map > 1 ? 3 : 0;
    form->opcode = (uint8_t)strtoul(encoding, NULL, 16);
    form->digit =
        encoding[2] == ' ' && encoding[3] == '/' && encoding[4] != 'r' ? (int8_t)(encoding[4] - '0') : -1;
    return true;
}

static bool is_x87(const struct insn_row *row)
{
    return row->encoding[0] == 'D' && strchr("89ABCDEF", row->encoding[1]) && row->encoding[2] == ' ';
}

static int condition_of(const struct insn_row *row)
{
    static const struct {
        const char *mnemonic;
        int8_t cond;
    } moves[] = {{"FCMOVB", 2},  {"FCMOVNB", 3},  {"FCMOVE", 4},  {"FCMOVNE", 5},
                 {"FCMOVBE", 6}, {"FCMOVNBE", 7}, {"FCMOVU", 10}, {"FCMOVNU", 11}};
    for (unsigned i = 0; i < sizeof moves / sizeof moves[0]; i++)
        if (!strcmp(row->mnemonic, moves[i].mnemonic))
            return moves[i].cond;
    return -1;
}

static bool is_control(const struct insn_row *row)
{
    return !strncmp(row->mnemonic, "FNST", 4) || !strcmp(row->mnemonic, "FLDCW");
}

static bool parse_x87(struct fp_form *form, const struct insn_row *row)
{
    form->parts = FP_X87;
    form->cond = (int8_t)condition_of(row);
    form->pointers = !is_control(row);
    form->loads_control = !strcmp(row->mnemonic, "FLDCW");
    if (!add_operands(form, row->operands))
        return false;
    form->stores = form->stores && !form->loads_control && row->operands[0] != 'S';
    return true;
}

static bool is_unaligned_move(const char *mnemonic)
{
    return !strcmp(mnemonic, "MOVUPS") || !strcmp(mnemonic, "MOVUPD") || !strcmp(mnemonic, "MOVDQU") ||
           !strcmp(mnemonic, "LDDQU");
}

struct fp_form fp_form_of(const struct insn_row *row)
{
    struct fp_form form = {.cond = -1, .digit = -1};
    const struct fp_form none = form;
    if (row->class != CLASS_NORMAL || is_excluded(row->mnemonic))
        return none;
    form.compares = row->flags_written != 0;
    if (is_x87(row))
        return parse_x87(&form, row) ? form : none;
    if (!parse_encoding(&form, row->encoding) || !add_operands(&form, row->operands))
        return none;
    form.aligned = form.bytes == 16 && !is_unaligned_move(row->mnemonic);
    return form.parts == FP_X87 || form.parts == FP_SSE ? form : none;
}
