/* SPDX-License-Identifier: MIT */
/* Long mode has no models yet: no EFER bit that leads here can be set, and whatever does arrive faults. */
#include "core/x86/long_mode.h"

static bool not_implemented(struct cpu *cpu, const char *what)
{
    log_write(&cpu->log, LOG_ERROR, "long mode: %s not implemented", what);
    return cpu_fault_code(cpu, VECTOR_GP, 0);
}

bool long_far_jump(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size)
{
    (void)selector, (void)offset, (void)op_size;
    return not_implemented(cpu, "far JMP");
}

bool long_far_call(struct cpu *cpu, uint16_t selector, uint64_t offset, unsigned op_size, uint64_t return_rip)
{
    (void)selector, (void)offset, (void)op_size, (void)return_rip;
    return not_implemented(cpu, "far CALL");
}

bool long_far_return(struct cpu *cpu, unsigned op_size, uint16_t release)
{
    (void)op_size, (void)release;
    return not_implemented(cpu, "far RET");
}

bool long_interrupt(struct cpu *cpu, uint8_t vector, enum interrupt_source source, bool has_error,
                    uint32_t error, uint64_t return_rip)
{
    (void)vector, (void)source, (void)has_error, (void)error, (void)return_rip;
    return not_implemented(cpu, "interrupt delivery");
}

bool long_interrupt_return(struct cpu *cpu, unsigned op_size)
{
    (void)op_size;
    return not_implemented(cpu, "IRET");
}

bool long_mode_switch(struct cpu *cpu, bool enable)
{
    return not_implemented(cpu, enable ? "entry" : "exit");
}
