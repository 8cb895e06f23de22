/* SPDX-License-Identifier: MIT */
/* BIOS self test: shared by its parts. */
#ifndef BIOS_SELFTEST_H
#define BIOS_SELFTEST_H
#include <stdbool.h>
#include <stdint.h>

#include "common/io.h"

/* start.S knows this layout. */
struct cpu_regs {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
    uint16_t es, pad;
    uint32_t flags;
};

enum { CF = 1, ZF = 0x40, IF = 0x200 };

void interrupt(uint8_t vector, struct cpu_regs *r);
uint32_t resume_by_reset(uint8_t shutdown_code);
uint32_t call_protected(void *gdt, uint32_t offset32, struct cpu_regs *r);

/* Counts and prints; `what` names what was expected. */
void check(bool fine, const char *what);
void say(const char *text);
void say_hex(uint32_t value);
#define CHECK(condition) check((condition), #condition)

#define MEM8(a)  (*(volatile uint8_t *)(a))
#define MEM16(a) (*(volatile uint16_t *)(a))
#define MEM32(a) (*(volatile uint32_t *)(a))

/* Calls with the registers given, flags with interrupts on; CF set in the answer means failure to most
 * services. */
struct cpu_regs call(uint8_t vector, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx);

void test_disk(void);
void test_keyboard(void);
void test_mouse(void);
void test_system(void);
void test_time(void);
void test_tables(void);
void test_resume(void);

#endif
