/* SPDX-License-Identifier: MIT */
/* Bit tests and scans, SETcc, CMOVcc, exchanges with memory, flag instructions (SDM 2). */
#include "core/x86/exec/handlers.h"
#include "core/x86/exec/modify.h"
#include "core/x86/flags.h"

enum bit_action { BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT };

static uint64_t apply(uint64_t value, uint64_t bit, enum bit_action action)
{
    switch (action) {
    case BIT_SET: return value | bit;
    case BIT_RESET: return value & ~bit;
    case BIT_COMPLEMENT: return value ^ bit;
    default: return value;
    }
}

/* With a register index the memory operand is the word that holds the bit, however far away (SDM 2A, BT). */
static bool bit_operation(struct cpu *cpu, const struct insn *insn, uint64_t index, bool far,
                          enum bit_action action)
{
    unsigned size = insn->op_size, bits = size * 8;
    uint64_t offset = 0, value;
    bool memory = (insn->flags & INSN_MEM) != 0;
    if (memory) {
        int64_t words = far ? (int64_t)sign_extend(index, bits) >> (size == 2 ? 4 : size == 4 ? 5 : 6) : 0;
        offset = operand_wrap(insn, operand_offset(cpu, insn) + (uint64_t)words * size);
        enum seg_index seg = (enum seg_index)insn->seg;
        if (!(action == BIT_TEST ? mem_read(cpu, insn, seg, offset, size, &value)
                                 : mem_modify_read(cpu, insn, seg, offset, size, &value)))
            return false;
    } else {
        value = reg_read(cpu, insn->rm, size);
    }
    uint64_t bit = UINT64_C(1) << (index & (bits - 1));
    bool was_set = (value & bit) != 0;
    if (action != BIT_TEST) {
        value = apply(value, bit, action);
        if (!memory)
            reg_write(cpu, insn->rm, size, value);
        else if (!mem_write(cpu, insn, (enum seg_index)insn->seg, offset, size, value))
            return false;
    }
    flags_set_cf(cpu, was_set);
    return true;
}

static bool bit_by_register(struct cpu *cpu, const struct insn *insn, enum bit_action action)
{
    return bit_operation(cpu, insn, reg_read(cpu, insn->reg, insn->op_size), true, action);
}

bool op_bt_r(struct cpu *cpu, const struct insn *insn)
{
    return bit_by_register(cpu, insn, BIT_TEST);
}

bool op_bts_r(struct cpu *cpu, const struct insn *insn)
{
    return bit_by_register(cpu, insn, BIT_SET);
}

bool op_btr_r(struct cpu *cpu, const struct insn *insn)
{
    return bit_by_register(cpu, insn, BIT_RESET);
}

bool op_btc_r(struct cpu *cpu, const struct insn *insn)
{
    return bit_by_register(cpu, insn, BIT_COMPLEMENT);
}

bool op_bt_i(struct cpu *cpu, const struct insn *insn)
{
    return bit_operation(cpu, insn, insn_imm(insn), false, BIT_TEST);
}

bool op_bts_i(struct cpu *cpu, const struct insn *insn)
{
    return bit_operation(cpu, insn, insn_imm(insn), false, BIT_SET);
}

bool op_btr_i(struct cpu *cpu, const struct insn *insn)
{
    return bit_operation(cpu, insn, insn_imm(insn), false, BIT_RESET);
}

bool op_btc_i(struct cpu *cpu, const struct insn *insn)
{
    return bit_operation(cpu, insn, insn_imm(insn), false, BIT_COMPLEMENT);
}

/* A zero source sets ZF and leaves the destination alone, as all processors do. */
static bool bit_scan(struct cpu *cpu, const struct insn *insn, bool reverse)
{
    uint64_t value;
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    if (value)
        reg_write(cpu, insn->reg, insn->op_size,
                  (uint64_t)(reverse ? 63 - __builtin_clzll(value) : __builtin_ctzll(value)));
    flags_result_cf_of(cpu, value, insn->op_size * 8u, false, false);
    return true;
}

bool op_bsf(struct cpu *cpu, const struct insn *insn)
{
    return bit_scan(cpu, insn, false);
}

bool op_bsr(struct cpu *cpu, const struct insn *insn)
{
    return bit_scan(cpu, insn, true);
}

/* A 16-bit BSWAP is undefined; processors clear the register's low word. */
bool op_bswap(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value = cpu->gpr[insn->rm];
    switch (insn->op_size) {
    case 2: reg_write16(cpu, insn->rm, 0); break;
    case 4: cpu->gpr[insn->rm] = __builtin_bswap32((uint32_t)value); break;
    default: cpu->gpr[insn->rm] = __builtin_bswap64(value); break;
    }
    return true;
}

bool op_xadd(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn->op_size, bits = size * 8;
    uint64_t a, b = reg_read(cpu, insn->reg, size);
    if (!operand_modify_read(cpu, insn, size, &a))
        return false;
    uint64_t sum = cut(a + b, bits);
    if (insn->flags & INSN_MEM) {
        if (!operand_write(cpu, insn, size, sum))
            return false;
        reg_write(cpu, insn->reg, size, a);
    } else {
        reg_write(cpu, insn->reg, size, a);
        reg_write(cpu, insn->rm, size, sum);
    }
    flags_add(cpu, a, b, a + b, bits);
    return true;
}

/* A memory destination is written in either case (SDM 2A, CMPXCHG); a register keeps all its bits where the
 * comparison fails. */
bool op_cmpxchg(struct cpu *cpu, const struct insn *insn)
{
    unsigned size = insn->op_size, bits = size * 8;
    uint64_t value, a = reg_read(cpu, GPR_AX, size);
    if (!operand_modify_read(cpu, insn, size, &value))
        return false;
    bool equal = a == value;
    bool writes = equal || insn->flags & INSN_MEM;
    if (writes && !operand_write(cpu, insn, size, equal ? reg_read(cpu, insn->reg, size) : value))
        return false;
    if (!equal)
        reg_write(cpu, GPR_AX, size, value);
    flags_sub(cpu, a, value, a - value, bits);
    return true;
}

static uint64_t pair(const struct cpu *cpu, enum gpr high, enum gpr low)
{
    return (uint64_t)(uint32_t)cpu->gpr[high] << 32 | (uint32_t)cpu->gpr[low];
}

bool op_cmpxchg8b(struct cpu *cpu, const struct insn *insn)
{
    uint64_t offset = operand_offset(cpu, insn), value;
    enum seg_index seg = (enum seg_index)insn->seg;
    if (!mem_modify_read(cpu, insn, seg, offset, 8, &value))
        return false;
    bool equal = value == pair(cpu, GPR_DX, GPR_AX);
    if (!mem_write(cpu, insn, seg, offset, 8, equal ? pair(cpu, GPR_CX, GPR_BX) : value))
        return false;
    if (!equal) {
        cpu->gpr[GPR_AX] = (uint32_t)value;
        cpu->gpr[GPR_DX] = value >> 32;
    }
    uint32_t flags = flags_get_oszapc(cpu) & ~(uint32_t)EFLAGS_ZF;
    flags_set_oszapc(cpu, flags | (equal ? EFLAGS_ZF : 0u));
    return true;
}

/* Everything that could stop the store of a 16-byte operand, before the load. */
static bool probe16(struct cpu *cpu, enum seg_index seg, uint64_t offset)
{
    gva_t address;
    uint8_t *host;
    if (!mem_is_aligned16(cpu, seg, offset))
        return cpu_fault_code(cpu, VECTOR_GP, 0);
    return mem_fast_write(cpu, seg, offset, 16, &host) ||
           (segment_check(cpu, seg, offset, 16, true, &address) &&
            linear_probe(cpu, address, 16, cpu->user, true));
}

bool op_cmpxchg16b(struct cpu *cpu, const struct insn *insn)
{
    uint64_t offset = operand_offset(cpu, insn), value[2];
    uint64_t *ax = &cpu->gpr[GPR_AX], *dx = &cpu->gpr[GPR_DX];
    enum seg_index seg = (enum seg_index)insn->seg;
    if (!probe16(cpu, seg, offset) || !mem_read16(cpu, insn, seg, offset, value))
        return false;
    bool equal = value[0] == *ax && value[1] == *dx;
    const uint64_t replacement[2] = {cpu->gpr[GPR_BX], cpu->gpr[GPR_CX]};
    if (!mem_write16(cpu, insn, seg, offset, equal ? replacement : value))
        return false;
    if (!equal) {
        *ax = value[0];
        *dx = value[1];
    }
    uint32_t flags = flags_get_oszapc(cpu) & ~(uint32_t)EFLAGS_ZF;
    flags_set_oszapc(cpu, flags | (equal ? EFLAGS_ZF : 0u));
    return true;
}

bool op_setcc(struct cpu *cpu, const struct insn *insn)
{
    return operand_write(cpu, insn, 1, flag_condition(cpu, insn->opcode & 15u));
}

/* The source is read, and may fault, whatever the condition. */
bool op_cmovcc(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    if (!flag_condition(cpu, insn->opcode & 15u))
        value = reg_read(cpu, insn->reg, insn->op_size);
    reg_write(cpu, insn->reg, insn->op_size, value);
    return true;
}

bool op_xlat(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value, offset = operand_wrap(insn, cpu->gpr[GPR_BX] + reg_read8(cpu, GPR_AX));
    if (!mem_read(cpu, insn, (enum seg_index)insn->seg, offset, 1, &value))
        return false;
    reg_write8(cpu, GPR_AX, (uint8_t)value);
    return true;
}

enum { AH = 16 + GPR_AX };

bool op_lahf(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    reg_write8(cpu, AH, (uint8_t)(flags_get_oszapc(cpu) | EFLAGS_FIXED));
    return true;
}

bool op_sahf(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    flags_set_oszapc(cpu, (flag_of(cpu) ? EFLAGS_OF : 0u) | (reg_read8(cpu, AH) & EFLAGS_OSZAPC));
    return true;
}

bool op_cmc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    flags_set_cf(cpu, !flag_cf(cpu));
    return true;
}

bool op_clc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    flags_set_cf(cpu, false);
    return true;
}

bool op_stc(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    flags_set_cf(cpu, true);
    return true;
}

bool op_cld(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags &= ~(uint32_t)EFLAGS_DF;
    return true;
}

bool op_std(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->eflags |= EFLAGS_DF;
    return true;
}
