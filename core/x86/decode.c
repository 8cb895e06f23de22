/* SPDX-License-Identifier: MIT */
/* The table's encoding and operand columns are parsed once per decoder into struct form; decoding an
 * instruction then reads prefixes, finds the opcode's candidate rows and takes the first one that fits. */
#include "core/x86/decode.h"

#include <stddef.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/x86/exec/handlers.h"
#include "core/x86/model.h"

enum prefix_need { NEED_ANY, NEED_NONE, NEED_66, NEED_F3, NEED_F2 };
enum size_kind { SIZE_V, SIZE_B, SIZE_W, SIZE_D, SIZE_Q, SIZE_Z, SIZE_Y };
enum imm_kind {
    IMM_NONE,
    IMM_B,
    IMM_B_SIGNED,
    IMM_W,
    IMM_Z,
    IMM_V,
    IMM_ONE,
    IMM_ENTER,
    IMM_FAR,
    IMM_REL_B,
    IMM_REL_Z
};
enum opcode_map { MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAPS };
enum rex_bit { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

/* One row, parsed. */
struct form {
    uint16_t row;
    uint8_t map, opcode;
    uint8_t need;  /* enum prefix_need */
    uint8_t rex;   /* REX bits that must be set */
    int8_t digit;  /* required ModRM.reg, or -1 */
    int16_t exact; /* required ModRM byte, or -1 */
    uint8_t size;  /* enum size_kind */
    uint8_t imm;   /* enum imm_kind */
    bool modrm, mem_only, reg_only, always_reg, opcode_reg, moffs, string;
    bool byte_reg, byte_rm, segment_reg;
};

struct decoder {
    bool is_prefix[256];   /* bytes that the model takes for legacy prefixes */
    bool two_byte_opcodes; /* 0F is an escape to the second map */
    bool lock_anywhere;    /* LOCK is not an error where it makes no sense */
    bool lock_wants_iopl;  /* and a privilege */
    unsigned longest;      /* bytes of an instruction; 0: prefixes may go on for ever */
    struct form *forms;    /* sorted by map and opcode, in table order within */
    uint16_t first[MAPS][256];
    uint8_t count[MAPS][256];
};

static int hex_digit(char c)
{
    const char *digits = "0123456789ABCDEF", *at = strchr(digits, c);
    return c && at ? (int)(at - digits) : -1;
}

/* "F3" and the like: a hex byte, or -1. */
static int hex_byte(const char *token, size_t length)
{
    if (length != 2 || hex_digit(token[0]) < 0 || hex_digit(token[1]) < 0)
        return -1;
    return hex_digit(token[0]) * 16 + hex_digit(token[1]);
}

static void parse_slash(struct form *form, const char *token)
{
    form->modrm = true;
    if (token[1] >= '0' && token[1] <= '7')
        form->digit = (int8_t)(token[1] - '0');
    else if (token[1] == '=')
        form->exact = (int16_t)hex_byte(token + 2, 2);
}

static enum prefix_need need_of(int byte)
{
    return byte == 0x66 ? NEED_66 : byte == 0xF3 ? NEED_F3 : byte == 0xF2 ? NEED_F2 : NEED_ANY;
}

/* "REX.W" and "REX.B": the bit must be set. */
static uint8_t rex_bit(const char *token)
{
    return strncmp(token, "REX.", 4) ? 0 : token[4] == 'W' ? REX_W : REX_B;
}

static void parse_encoding(struct form *form, const char *text)
{
    uint8_t bytes[4];
    unsigned count = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        int byte = hex_byte(text, length);
        if (byte >= 0 && !count && need_of(byte) != NEED_ANY && text[length])
            form->need = (uint8_t)need_of(byte);
        else if (byte >= 0)
            bytes[count++] = (uint8_t)byte;
        else if (!strncmp(text, "NP", length))
            form->need = NEED_NONE;
        else if (*text == 'R')
            form->rex |= rex_bit(text);
        else if (*text == '/')
            parse_slash(form, text);
        else if (!strncmp(text, "+r", length))
            form->opcode_reg = true;
        text += length + (text[length] == ' ');
    }
    ASSERT(count >= 1 && count <= 3);
    if (count == 1)
        form->map = MAP_1;
    else
        form->map = count == 2 ? MAP_0F : bytes[1] == 0x38 ? MAP_0F38 : MAP_0F3A;
    form->opcode = bytes[count - 1];
}

/* The first operand with a size gives the instruction's, but the operand-size attribute comes first. */
static void parse_size(struct form *form, char letter, bool *sized)
{
    static const char letters[] = "vbwdqzy";
    const char *at = strchr(letters, letter);
    if ((*sized && letter != 'v') || !letter || !at)
        return;
    form->size = (uint8_t)(at - letters);
    *sized = true;
}

static enum imm_kind immediate_of(const char *token)
{
    switch (token[1]) {
    case 'b': return token[2] == 's' ? IMM_B_SIGNED : IMM_B;
    case 'w': return IMM_W;
    case 'z': return IMM_Z;
    default: return IMM_V;
    }
}

static void parse_immediate(struct form *form, const char *token)
{
    if (form->imm == IMM_W)
        form->imm = IMM_ENTER; /* "Iw,Ib" */
    else
        form->imm = (uint8_t)immediate_of(token);
}

/* One operand of the row's notation. */
static void parse_operand(struct form *form, const char *token, size_t length, bool *sized)
{
    if (!strncmp(token, "AL", length)) {
        parse_size(form, 'b', sized);
        return;
    }
    if (!strncmp(token, "eAX", length)) {
        parse_size(form, 'v', sized);
        return;
    }
    switch (token[0]) {
    case '1': form->imm = IMM_ONE; return;
    case 'I': parse_immediate(form, token); return;
    case 'J': form->imm = token[1] == 'b' ? IMM_REL_B : IMM_REL_Z; return;
    case 'A': form->imm = IMM_FAR; return;
    case 'O': form->moffs = true; break;
    case 'X':
    case 'Y': form->string = true; break;
    case 'G': form->byte_reg = token[1] == 'b'; break;
    case 'E': form->byte_rm = token[1] == 'b'; break;
    case 'M': form->mem_only = true; break;
    case 'R': form->always_reg = true; break;
    case 'N':
    case 'U': form->reg_only = true; return;
    case 'S':
        form->reg_only |= length == 3; /* STi */
        form->segment_reg = token[1] == 'w';
        return;
    case 'Z': form->byte_rm = token[1] == 'b'; break;
    default: return; /* C, D, P, Q, V, W, CL, DX, segment names: no size, no field of their own */
    }
    parse_size(form, token[1], sized);
}

static void parse_row(struct form *form, unsigned number)
{
    const struct insn_row *row = &insn_table[number];
    *form = (struct form){.row = (uint16_t)number, .digit = -1, .exact = -1};
    parse_encoding(form, row->encoding);
    bool sized = false;
    for (const char *text = row->operands; *text;) {
        size_t length = strcspn(text, ",");
        parse_operand(form, text, length, &sized);
        text += length + (text[length] == ',');
    }
    form->reg_only |= form->exact >= 0xC0;
}

/* Parses the rows that a model has. The result is owned by the caller; *count: how many. */
static struct form *parse_rows(const struct cpu_model *model, unsigned *count)
{
    struct form *forms = alloc_array(insn_table_rows, sizeof *forms);
    *count = 0;
    for (unsigned i = 0; i < insn_table_rows; i++) {
        if (cpu_model_has(model, (enum insn_feature)insn_table[i].feature))
            parse_row(&forms[(*count)++], i);
    }
    return forms;
}

/* "+r" rows answer at eight opcodes. */
static bool answers(const struct form *form, unsigned map, unsigned opcode)
{
    return form->map == map && opcode - form->opcode < (form->opcode_reg ? 8u : 1u);
}

/* F1 is LOCK once more on the 8086 and does nothing on the 286; FS, GS and the size prefixes came with the
 * 386. */
static void note_prefixes(struct decoder *decoder, const struct cpu_model *model)
{
    static const uint8_t always[] = {0x26, 0x2E, 0x36, 0x3E, 0xF0, 0xF2, 0xF3};
    static const uint8_t since_386[] = {0x64, 0x65, 0x66, 0x67};
    bool has_386 = cpu_model_has(model, FEATURE_386);
    for (unsigned i = 0; i < sizeof always; i++)
        decoder->is_prefix[always[i]] = true;
    for (unsigned i = 0; i < sizeof since_386; i++)
        decoder->is_prefix[since_386[i]] = has_386;
    decoder->is_prefix[0xF1] = !has_386;
    decoder->lock_anywhere = !has_386;
    decoder->two_byte_opcodes = cpu_model_has(model, FEATURE_286);
    decoder->lock_wants_iopl = !has_386 && decoder->two_byte_opcodes;
}

struct decoder *decoder_new(const struct cpu_model *model)
{
    struct decoder *decoder = alloc_zeroed(sizeof *decoder);
    note_prefixes(decoder, model);
    decoder->longest = cpu_model_longest_insn(model);
    unsigned rows, total = 0;
    struct form *forms = parse_rows(model, &rows);
    decoder->forms = alloc_array(rows * 8, sizeof *forms);
    for (unsigned map = 0; map < MAPS; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            decoder->first[map][opcode] = (uint16_t)total;
            for (unsigned i = 0; i < rows; i++) {
                if (answers(&forms[i], map, opcode))
                    decoder->forms[total++] = forms[i];
            }
            decoder->count[map][opcode] = (uint8_t)(total - decoder->first[map][opcode]);
        }
    }
    alloc_free(forms);
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    alloc_free(decoder->forms);
    alloc_free(decoder);
}

/* The instruction under the decoder's eyes. */
struct scan {
    const struct decoder *decoder;
    const uint8_t *bytes;
    unsigned available, position;
    bool ran_out;
    enum cpu_mode mode;
    bool op16, addr_flip, lock;
    uint8_t rep; /* 0, F2 or F3: the last one */
    uint8_t rex; /* 0 or 40h-4Fh */
    int seg;     /* override, or -1 */
    uint8_t opcode, map, modrm;
    unsigned op_size, addr_size;
};

static uint64_t take(struct scan *scan, unsigned size)
{
    uint8_t bytes[8] = {0};
    if (scan->available - scan->position < size) {
        scan->ran_out = true;
        scan->position = scan->available;
        return 0;
    }
    memcpy(bytes, scan->bytes + scan->position, size);
    scan->position += size;
    return load_le64(bytes);
}

static uint64_t take_signed(struct scan *scan, unsigned size)
{
    uint64_t value = take(scan, size);
    return size == 1   ? (uint64_t)(int8_t)value
           : size == 2 ? (uint64_t)(int16_t)value
                       : (uint64_t)(int32_t)value;
}

/* 64-bit mode knows the overrides of FS and GS only; others do not even undo these. */
static void override_segment(struct scan *scan, enum seg_index seg)
{
    if (scan->mode != MODE_64 || seg >= SEG_FS)
        scan->seg = (int)seg;
}

/* True where the byte is a legacy prefix, which is then noted. */
static bool note_prefix(struct scan *scan, uint8_t byte)
{
    if (!scan->decoder->is_prefix[byte])
        return false;
    switch (byte) {
    case 0x26: override_segment(scan, SEG_ES); break;
    case 0x2E: override_segment(scan, SEG_CS); break;
    case 0x36: override_segment(scan, SEG_SS); break;
    case 0x3E: override_segment(scan, SEG_DS); break;
    case 0x64: override_segment(scan, SEG_FS); break;
    case 0x65: override_segment(scan, SEG_GS); break;
    case 0x66: scan->op16 = true; break;
    case 0x67: scan->addr_flip = true; break;
    case 0xF0: scan->lock = true; break;
    case 0xF2:
    case 0xF3: scan->rep = byte; break;
    default: break;
    }
    return true;
}

/* REX counts only right before the opcode: a legacy prefix behind it cancels it (SDM 2A 2.2.1). */
static bool note_any_prefix(struct scan *scan, uint8_t byte)
{
    bool is_rex = scan->mode == MODE_64 && (byte & 0xF0) == 0x40;
    if (!is_rex && !note_prefix(scan, byte))
        return false;
    scan->rex = is_rex ? byte : 0;
    return true;
}

static void scan_prefixes(struct scan *scan)
{
    uint8_t byte;
    do {
        byte = (uint8_t)take(scan, 1);
    } while (!scan->ran_out && note_any_prefix(scan, byte));
    scan->opcode = byte;
    scan->map = MAP_1;
    if (byte != 0x0F || !scan->decoder->two_byte_opcodes)
        return;
    scan->map = MAP_0F;
    scan->opcode = (uint8_t)take(scan, 1);
    if (scan->opcode == 0x38 || scan->opcode == 0x3A) {
        scan->map = scan->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
        scan->opcode = (uint8_t)take(scan, 1);
    }
}

static bool prefix_fits(const struct scan *scan, uint8_t need)
{
    switch (need) {
    case NEED_ANY: return true;
    case NEED_NONE: return !scan->op16 && !scan->rep;
    case NEED_66: return scan->op16 && !scan->rep;
    case NEED_F3: return scan->rep == 0xF3;
    default: return scan->rep == 0xF2;
    }
}

static bool fits(const struct scan *scan, const struct form *form)
{
    uint8_t modes = insn_table[form->row].modes;
    bool memory = scan->modrm < 0xC0 && !form->always_reg;
    if ((modes & NOT_64 && scan->mode == MODE_64) || (modes & ONLY_64 && scan->mode != MODE_64))
        return false;
    if (!prefix_fits(scan, form->need) || form->rex & ~scan->rex)
        return false;
    if (!form->modrm)
        return true;
    if ((form->digit >= 0 && form->digit != (scan->modrm >> 3 & 7)) ||
        (form->exact >= 0 && form->exact != scan->modrm))
        return false;
    return !(form->mem_only && !memory) && !(form->reg_only && memory);
}

/* The first row that fits; the ModRM byte is looked at, not yet consumed. NULL: undefined. */
static const struct form *find_form(struct scan *scan)
{
    const struct decoder *decoder = scan->decoder;
    const struct form *form = decoder->forms + decoder->first[scan->map][scan->opcode];
    unsigned count = decoder->count[scan->map][scan->opcode];
    bool looked_ahead = count && form->modrm;
    if (looked_ahead) {
        scan->modrm = (uint8_t)take(scan, 1);
        if (scan->ran_out)
            return NULL;
        scan->position--;
    }
    for (; count; count--, form++) {
        if (fits(scan, form))
            return form;
    }
    /* What makes it undefined belongs to it: a store there must reach the trace. */
    if (looked_ahead)
        scan->position++;
    return NULL;
}

static unsigned default_size(const struct scan *scan, uint8_t modes)
{
    if (scan->mode == MODE_64) {
        if (scan->rex & REX_W || modes & FORCE_64)
            return 8;
        return scan->op16 ? 2 : modes & DEFAULT_64 ? 8 : 4;
    }
    return (scan->mode == MODE_32) != scan->op16 ? 4 : 2;
}

static void set_sizes(struct scan *scan, const struct form *form, struct insn *insn)
{
    unsigned v = default_size(scan, insn_table[form->row].modes);
    static const unsigned address_sizes[3][2] = {{2, 4}, {4, 2}, {8, 4}};
    scan->addr_size = address_sizes[scan->mode][scan->addr_flip];
    scan->op_size = v;
    switch (form->size) {
    case SIZE_B: insn->op_size = 1; break;
    case SIZE_W: insn->op_size = 2; break;
    case SIZE_D: insn->op_size = form->always_reg && scan->mode == MODE_64 ? 8 : 4; break;
    case SIZE_Q: insn->op_size = 8; break;
    case SIZE_Z: insn->op_size = (uint8_t)(v == 8 ? 4 : v); break;
    case SIZE_Y: insn->op_size = v == 8 ? 8 : 4; break;
    default: insn->op_size = (uint8_t)v; break;
    }
    insn->addr_shift = (uint8_t)(64 - 8 * scan->addr_size);
}

/* Register number as handlers want it: AH..BH are 16 + 0..3. */
static uint8_t byte_register(const struct scan *scan, unsigned number)
{
    return (uint8_t)(!scan->rex && number >= 4 && number < 8 ? 16 + number - 4 : number);
}

static void set_segment(const struct scan *scan, struct insn *insn, bool stack)
{
    insn->seg = (uint8_t)(scan->seg >= 0 ? scan->seg : stack ? SEG_SS : SEG_DS);
}

/* 16-bit addressing forms (SDM 2A table 2-1). */
static void memory_16(struct scan *scan, struct insn *insn)
{
    static const uint8_t bases[8] = {GPR_BX, GPR_BX, GPR_BP, GPR_BP, GPR_SI, GPR_DI, GPR_BP, GPR_BX};
    static const uint8_t indexes[8] = {GPR_SI,   GPR_DI,   GPR_SI,   GPR_DI,
                                       GPR_ZERO, GPR_ZERO, GPR_ZERO, GPR_ZERO};
    unsigned mod = scan->modrm >> 6, rm = scan->modrm & 7;
    insn->base = bases[rm];
    insn->index = indexes[rm];
    if (mod == 0 && rm == 6) {
        insn->base = GPR_ZERO;
        insn->disp = (int16_t)take(scan, 2);
    } else if (mod) {
        insn->disp = mod == 1 ? (int8_t)take(scan, 1) : (int16_t)take(scan, 2);
    }
    set_segment(scan, insn, insn->base == GPR_BP);
}

static void memory_sib(struct scan *scan, struct insn *insn, unsigned mod)
{
    uint8_t sib = (uint8_t)take(scan, 1);
    unsigned index = (sib >> 3 & 7) | (scan->rex & (unsigned)REX_X) << 2;
    insn->scale = sib >> 6;
    insn->index = index == GPR_SP ? GPR_ZERO : (uint8_t)index;
    insn->base = (uint8_t)((sib & 7) | (scan->rex & (unsigned)REX_B) << 3);
    if ((sib & 7) == GPR_BP && mod == 0) {
        insn->base = GPR_ZERO;
        insn->disp = (int32_t)take(scan, 4);
    }
}

/* 32- and 64-bit addressing forms (SDM 2A tables 2-2, 2-3 and 2.2.1). RIP-relative ones are completed by
 * finish_rip_relative. */
static void memory_32(struct scan *scan, struct insn *insn)
{
    unsigned mod = scan->modrm >> 6, rm = scan->modrm & 7;
    insn->index = GPR_ZERO;
    if (rm == GPR_SP) {
        memory_sib(scan, insn, mod);
    } else if (rm == GPR_BP && mod == 0) {
        insn->base = scan->mode == MODE_64 ? GPR_RIP : GPR_ZERO;
        insn->disp = (int32_t)take(scan, 4);
    } else {
        insn->base = (uint8_t)(rm | (scan->rex & (unsigned)REX_B) << 3);
    }
    if (mod)
        insn->disp = mod == 1 ? (int8_t)take(scan, 1) : (int32_t)take(scan, 4);
    set_segment(scan, insn, insn->base == GPR_SP || insn->base == GPR_BP);
}

static void scan_modrm(struct scan *scan, const struct form *form, struct insn *insn)
{
    scan->position++;
    unsigned reg = (scan->modrm >> 3 & 7) | (scan->rex & (unsigned)REX_R) << 1;
    insn->reg = form->byte_reg ? byte_register(scan, reg) : (uint8_t)(form->segment_reg ? reg & 7 : reg);
    if (scan->modrm >= 0xC0 || form->always_reg) {
        unsigned rm = (scan->modrm & 7) | (scan->rex & (unsigned)REX_B) << 3;
        insn->rm = form->byte_rm ? byte_register(scan, rm) : (uint8_t)rm;
        return;
    }
    insn->flags |= INSN_MEM;
    if (scan->addr_size == 2)
        memory_16(scan, insn);
    else
        memory_32(scan, insn);
}

/* A0-A3: the address is an immediate; one of 64 bits stays there. */
static void scan_moffs(struct scan *scan, struct insn *insn)
{
    insn->flags |= INSN_MEM;
    insn->base = insn->index = GPR_ZERO;
    if (scan->addr_size == 8) {
        insn->wide = take(scan, 8);
        insn->base = GPR_FAR;
        insn->flags |= INSN_FAR;
    } else {
        insn->disp = (int32_t)take(scan, scan->addr_size);
    }
    set_segment(scan, insn, false);
}

static unsigned z_size(const struct scan *scan)
{
    return scan->op_size == 2 ? 2 : 4;
}

static void scan_immediate(struct scan *scan, const struct form *form, struct insn *insn)
{
    switch (form->imm) {
    case IMM_B: insn->imm = (int32_t)take(scan, 1); break;
    case IMM_B_SIGNED: insn->imm = (int32_t)take_signed(scan, 1); break;
    case IMM_REL_B: insn->wide = take_signed(scan, 1); break;
    case IMM_W: insn->imm = (int32_t)take(scan, 2); break;
    case IMM_Z: insn->imm = (int32_t)take_signed(scan, z_size(scan)); break;
    case IMM_REL_Z: insn->wide = take_signed(scan, scan->mode == MODE_64 ? 4 : z_size(scan)); break;
    case IMM_V: insn->wide = take(scan, scan->op_size); break;
    case IMM_ONE: insn->imm = 1; break;
    case IMM_ENTER:
        insn->imm = (int32_t)take(scan, 2);
        insn->imm |= (int32_t)take(scan, 1) << 16;
        break;
    case IMM_FAR:
        insn->imm = (int32_t)take(scan, z_size(scan));
        insn->selector = (uint16_t)take(scan, 2);
        break;
    default: break;
    }
}

static bool lock_fits(const struct scan *scan, const struct form *form, const struct insn *insn)
{
    return !scan->lock || scan->decoder->lock_anywhere ||
           ((insn_table[form->row].modes & LOCKABLE) && (insn->flags & INSN_MEM));
}

insn_fn *insn_handler(const struct insn *insn)
{
    enum insn_form kind = insn->flags & INSN_MEM ? FORM_MEM : FORM_REG;
    unsigned size = insn->op_size == 1 ? 0 : insn->op_size == 2 ? 1 : insn->op_size == 4 ? 2 : 3;
    return insn_table[insn->row].fn[kind][size];
}

static void choose_handler(const struct form *form, struct insn *insn)
{
    insn->row = form->row;
    insn->fn = insn->flags & INSN_FAR ? exec_far_operand : insn_handler(insn);
    if (insn->flags & INSN_MEM && insn->addr_shift == 32 && insn->index == GPR_ZERO)
        insn->fn = exec_base_form(insn->fn);
    ASSERT(insn->fn);
}

/* Completes an operand relative to the next instruction, now that the length is known. The addend becomes
 * relative to struct cpu.rip, which is the trace's first byte or, under a serial operation, the
 * instruction's.
 */
static void finish_rip_relative(const struct scan *scan, const struct form *form, struct insn *insn)
{
    bool serial = insn_table[form->row].fn[FORM_MEM][2] == exec_serial_op;
    int64_t disp = insn->disp + (int64_t)scan->position + (serial ? 0 : insn->offset);
    insn->flags |= INSN_RIP;
    if (disp == (int32_t)disp) {
        insn->disp = (int32_t)disp;
        return;
    }
    insn->base = GPR_FAR;
    insn->flags |= INSN_FAR;
}

static void scan_operands(struct scan *scan, const struct form *form, struct insn *insn)
{
    set_sizes(scan, form, insn);
    insn->base = insn->index = GPR_ZERO;
    if (form->modrm)
        scan_modrm(scan, form, insn);
    else if (form->moffs)
        scan_moffs(scan, insn);
    if (form->string)
        set_segment(scan, insn, false);
    if (form->opcode_reg || (!form->modrm && insn_table[form->row].operands[0] == 'Z')) {
        unsigned number = (scan->opcode & 7u) | (scan->rex & (unsigned)REX_B) << 3;
        insn->rm = form->byte_rm ? byte_register(scan, number) : (uint8_t)number;
    }
    scan_immediate(scan, form, insn);
    if (form->imm == IMM_REL_B || form->imm == IMM_REL_Z)
        insn->wide += insn->offset + scan->position;
    if (insn->flags & INSN_MEM && insn->base == GPR_RIP)
        finish_rip_relative(scan, form, insn);
}

static void set_flags(const struct scan *scan, struct insn *insn)
{
    if (scan->rep)
        insn->flags |= scan->rep == 0xF3 ? INSN_REP : INSN_REPNE;
    if (scan->lock)
        insn->flags |= INSN_LOCK;
    if (scan->rex)
        insn->flags |= INSN_REX;
    if (scan->op16)
        insn->flags |= INSN_OP16;
}

enum decode_result decode_insn(const struct decoder *decoder, enum cpu_mode mode, const uint8_t *bytes,
                               unsigned available, struct insn *insn)
{
    unsigned longest = decoder->longest ? decoder->longest : INSN_MAX_LENGTH;
    bool whole = decoder->longest && available >= longest;
    struct scan scan = {.decoder = decoder,
                        .bytes = bytes,
                        .available = available < longest ? available : longest,
                        .mode = mode,
                        .seg = -1};
    *insn = (struct insn){.offset = insn->offset};
    scan_prefixes(&scan);
    const struct form *form = scan.ran_out ? NULL : find_form(&scan);
    if (form) {
        scan_operands(&scan, form, insn);
        choose_handler(form, insn);
    }
    if (scan.ran_out && !whole)
        return DECODE_MORE;
    set_flags(&scan, insn);
    insn->length = (uint8_t)scan.position;
    insn->opcode = scan.opcode;
    insn->modrm = scan.modrm;
    if (scan.ran_out)
        insn->fn = exec_too_long;
    else if (!form || !lock_fits(&scan, form, insn))
        insn->fn = exec_undefined;
    else if (scan.lock && decoder->lock_wants_iopl)
        insn->fn = exec_locked;
    return DECODE_OK;
}
