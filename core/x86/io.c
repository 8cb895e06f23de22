/* SPDX-License-Identifier: MIT */
#include "core/x86/io.h"

#include "core/mem/portmap.h"
#include "core/x86/debug.h"

/* Virtual time of a bus cycle. Software counts on ports being slow: delay loops read them, polling loops give
 * up after so many reads. A byte goes to an 8-bit ISA device, wider accesses to a disk's data register at PIO
 * mode 4. */
enum { BYTE_CYCLE_NS = 500, WIDE_CYCLE_NS = 120 };

static void begin(struct cpu *cpu, uint16_t port, unsigned size, bool input)
{
    cpu->io = (struct smm_io){.valid = true, .input = input, .port = port, .size = (uint8_t)size};
}

static void finish(struct cpu *cpu, uint16_t port, unsigned size)
{
    cpu->io.valid = false;
    debug_io_access(cpu, port, size);
    cpu_spend(cpu, size == 1 ? BYTE_CYCLE_NS : WIDE_CYCLE_NS);
}

uint32_t io_read(struct cpu *cpu, uint16_t port, unsigned size)
{
    begin(cpu, port, size, true);
    uint32_t value = portmap_read(cpu->portmap, port, size);
    finish(cpu, port, size);
    return value;
}

void io_write(struct cpu *cpu, uint16_t port, unsigned size, uint32_t value)
{
    begin(cpu, port, size, false);
    portmap_write(cpu->portmap, port, size, value);
    finish(cpu, port, size);
}
