/* SPDX-License-Identifier: MIT */
/* What the 8086 does otherwise than all processors after it, and escapes of processors without a coprocessor.
 * The manual (8086 Family User's Manual, 1979) leaves flags of MUL and DIV open; they follow the microcode.
 */
#include "core/x86/exec/handlers.h"
#include "core/x86/flags.h"
#include "core/x86/operand.h"
#include "core/x86/protection.h"

static unsigned bits_of(const struct insn *insn)
{
    return insn->op_size * 8u;
}

static bool has_rep(const struct insn *insn)
{
    return (insn->flags & (INSN_REP | INSN_REPNE)) != 0;
}

static uint64_t cut_to(const struct insn *insn, uint64_t value)
{
    return value & (UINT64_MAX >> (64 - bits_of(insn)));
}

/* Encodings that nothing is known to use: the chip works with whatever address its last operand left. */
bool op_ignored_8086(struct cpu *cpu, const struct insn *insn)
{
    log_write(&cpu->log, LOG_GUEST, "opcode %02X %02X means nothing on an 8086 and is passed over",
              insn->opcode, insn->modrm);
    return true;
}

/* PUSH decrements SP before it reads its operand, and so pushes the new SP. */
bool op_push_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value, sp = (cpu->gpr[GPR_SP] - 2) & 0xFFFF;
    if (!operand_read(cpu, insn, 2, &value))
        return false;
    if (!(insn->flags & INSN_MEM) && insn->rm == GPR_SP)
        value = sp;
    if (!mem_write(cpu, insn, SEG_SS, sp, 2, value))
        return false;
    cpu->gpr[GPR_SP] = sp;
    return true;
}

/* A load of any segment register holds interrupts off for one instruction. One of CS goes on at the same IP.
 */
static void load_segment(struct cpu *cpu, enum seg_index index, uint64_t selector)
{
    segment_set_real(cpu, index, (uint16_t)selector);
    if (index == SEG_CS)
        cpu_derive(cpu);
    cpu->shadow = SHADOW_MOV_SS;
}

bool op_pop_cs(struct cpu *cpu, const struct insn *insn)
{
    uint64_t selector;
    (void)insn;
    if (!stack_pop(cpu, 2, &selector))
        return false;
    load_segment(cpu, SEG_CS, selector);
    return true;
}

/* Two bits of the ModRM byte name the segment register. */
bool op_mov_to_sreg_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t selector;
    if (!operand_read(cpu, insn, 2, &selector))
        return false;
    load_segment(cpu, (enum seg_index)(insn->reg & 3), selector);
    return true;
}

bool op_mov_from_sreg_8086(struct cpu *cpu, const struct insn *insn)
{
    return operand_write(cpu, insn, 2, cpu->seg[insn->reg & 3].selector);
}

/* One step of a shift or rotate; `which` is the ModRM reg field. */
static uint64_t shift_once(struct cpu *cpu, unsigned which, uint64_t a, unsigned bits)
{
    bool top = (a >> (bits - 1) & 1) != 0, low = a & 1, cf = flag_cf(cpu), left = !(which & 1);
    bool incoming[8] = {top, low, cf, cf, false, false, false, top};
    uint64_t in = incoming[which], out;
    if (left)
        out = (a << 1 | in) & (UINT64_MAX >> (64 - bits));
    else
        out = a >> 1 | in << (bits - 1);
    bool carry = left ? top : low;
    bool changed = ((out ^ a) >> (bits - 1) & 1) != 0;
    if (which < 4) {
        flags_set_cf_of(cpu, carry, changed);
        return out;
    }
    flags_result_cf_of(cpu, out, bits, carry, changed);
    if (left && (a & 8))
        cpu->flag_aux |= AUX_AF; /* a shift to the left is an addition to itself */
    return out;
}

bool op_shift_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    for (unsigned count = reg_read8(cpu, GPR_CX); count; count--)
        value = shift_once(cpu, insn->modrm >> 3 & 7, value, bits_of(insn));
    return operand_write(cpu, insn, insn->op_size, value);
}

bool op_setmo(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    flags_logic(cpu, UINT64_MAX, bits_of(insn));
    return operand_write(cpu, insn, insn->op_size, cut_to(insn, UINT64_MAX));
}

bool op_setmoc(struct cpu *cpu, const struct insn *insn)
{
    return !reg_read8(cpu, GPR_CX) || op_setmo(cpu, insn);
}

/* AX, or DX:AX. */
static void write_double(struct cpu *cpu, const struct insn *insn, uint64_t value)
{
    reg_write16(cpu, GPR_AX, (uint16_t)value);
    if (insn->op_size == 2)
        reg_write16(cpu, GPR_DX, (uint16_t)(value >> 16));
}

static uint64_t read_double(const struct cpu *cpu, const struct insn *insn)
{
    uint64_t low = reg_read(cpu, GPR_AX, 2);
    return insn->op_size == 2 ? reg_read(cpu, GPR_DX, 2) << 16 | low : low;
}

/* The microcode's last step looks at the upper half, for SF, ZF and PF too. A repeat prefix inverts the
 * product's sign. */
bool op_mul_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    unsigned bits = bits_of(insn);
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    uint64_t product = reg_read(cpu, GPR_AX, insn->op_size) * value;
    if (has_rep(insn))
        product = 0 - product;
    uint64_t high = cut_to(insn, product >> bits);
    write_double(cpu, insn, product);
    flags_result_cf_of(cpu, high, bits, high != 0, high != 0);
    return true;
}

bool op_imul_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    unsigned bits = bits_of(insn);
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    uint64_t product = sign_extend(reg_read(cpu, GPR_AX, insn->op_size), bits) * sign_extend(value, bits);
    if (has_rep(insn))
        product = 0 - product;
    uint64_t high = cut_to(insn, (product >> bits) + (product >> (bits - 1) & 1));
    write_double(cpu, insn, product);
    flags_result_cf_of(cpu, high, bits, high != 0, high != 0);
    return true;
}

/* The return address is that of the next instruction: the interrupt is a trap, as INT 0 would be. */
static bool divide_trap(struct cpu *cpu)
{
    cpu->step_settled = interrupt_deliver(cpu, VECTOR_DE, INTERRUPT_SOFTWARE, false, 0, cpu->next_rip);
    return cpu->step_settled;
}

static void store_quotient(struct cpu *cpu, const struct insn *insn, uint64_t quotient, uint64_t remainder)
{
    uint64_t low = cut_to(insn, quotient), high = cut_to(insn, remainder);
    write_double(cpu, insn, high << bits_of(insn) | low);
}

bool op_div_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t divisor, dividend = read_double(cpu, insn);
    if (!operand_read(cpu, insn, insn->op_size, &divisor))
        return false;
    if (!divisor || dividend / divisor >> bits_of(insn))
        return divide_trap(cpu);
    store_quotient(cpu, insn, dividend / divisor, dividend % divisor);
    return true;
}

/* The most negative quotient is an error. A repeat prefix inverts the quotient's sign. */
bool op_idiv_8086(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    unsigned bits = bits_of(insn);
    if (!operand_read(cpu, insn, insn->op_size, &value))
        return false;
    int64_t divisor = (int64_t)sign_extend(value, bits);
    int64_t dividend = (int64_t)sign_extend(read_double(cpu, insn), 2 * bits);
    int64_t most = ((int64_t)1 << (bits - 1)) - 1;
    if (!divisor || dividend / divisor > most || dividend / divisor < -most)
        return divide_trap(cpu);
    int64_t quotient = has_rep(insn) ? -(dividend / divisor) : dividend / divisor;
    store_quotient(cpu, insn, (uint64_t)quotient, (uint64_t)(dividend % divisor));
    return true;
}

bool op_aam_8086(struct cpu *cpu, const struct insn *insn)
{
    return insn_imm(insn) & 0xFF ? op_aam(cpu, insn) : divide_trap(cpu);
}

static bool finish_adjust(struct cpu *cpu, bool cf, bool af)
{
    flags_result_cf_of(cpu, reg_read8(cpu, GPR_AX), 8, cf, false);
    cpu->flag_aux |= af ? AUX_AF : 0;
    return true;
}

/* DAA and DAS compare with 9Fh in place of 99h where AF was set. */
static bool decimal_adjust(struct cpu *cpu, int sign)
{
    uint8_t old = reg_read8(cpu, GPR_AX);
    bool old_af = flag_af(cpu);
    bool af = (old & 15) > 9 || old_af, cf = old > (old_af ? 0x9F : 0x99) || flag_cf(cpu);
    reg_write8(cpu, GPR_AX, (uint8_t)(old + sign * ((af ? 0x06 : 0) + (cf ? 0x60 : 0))));
    return finish_adjust(cpu, cf, af);
}

bool op_daa_8086(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return decimal_adjust(cpu, 1);
}

bool op_das_8086(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return decimal_adjust(cpu, -1);
}

/* AAA and AAS: AL's carry does not reach AH, which moves by one of its own. */
static bool ascii_adjust(struct cpu *cpu, int sign)
{
    uint8_t al = reg_read8(cpu, GPR_AX), ah = (uint8_t)(cpu->gpr[GPR_AX] >> 8);
    bool adjust = (al & 15) > 9 || flag_af(cpu);
    if (adjust) {
        al = (uint8_t)(al + sign * 6);
        ah = (uint8_t)(ah + sign);
    }
    reg_write16(cpu, GPR_AX, (uint16_t)(ah << 8 | (al & 15)));
    return finish_adjust(cpu, adjust, adjust);
}

bool op_aaa_8086(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return ascii_adjust(cpu, 1);
}

bool op_aas_8086(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return ascii_adjust(cpu, -1);
}

bool op_esc(struct cpu *cpu, const struct insn *insn)
{
    uint64_t value;
    if (cpu->cr0 & (CR0_EM | CR0_TS))
        return cpu_fault(cpu, VECTOR_NM);
    return operand_read(cpu, insn, 2, &value);
}

bool op_wait(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    return (cpu->cr0 & (CR0_MP | CR0_TS)) != (CR0_MP | CR0_TS) || cpu_fault(cpu, VECTOR_NM);
}
