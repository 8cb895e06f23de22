/* SPDX-License-Identifier: MIT */
/* Real-mode vectors captured from an 80286 (the SingleStepTests set, converted) through the model "286".
 *
 * Of the flags that an instruction leaves undefined, by the instruction table's own column, nothing is
 * compared; everything else must be as on the chip, without exception. Status 77 where the vectors are not
 * there. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/x86/decode.h"
#include "core/x86/model.h"
#include "core/x86/protection.h"
#include "tests/support/cpu_fixture.h"
#include "tests/vectors/vector_file.h"

enum { MEMORY = 16 << 20, INSN_LIMIT = 1000, STATUS_SKIPPED = 77, FORMS_MAX = 1024, SHOWN = 3 };
enum { FLAGS_COMPARED = 0x0FFF, HLT = 0xF4 };

struct bench {
    struct cpu_fixture fixture;
    struct decoder *decoder;
    struct test_vector vector;
    unsigned cases, failures;
};

static const char *const register_names[REG_REGISTERS] = {"AX", "BX", "CX", "DX", "CS", "SS", "DS",
                                                          "ES", "SP", "BP", "SI", "DI", "IP", "FLAGS"};

static const enum gpr gprs[REG_REGISTERS] = {
    [REG_AX] = GPR_AX, [REG_BX] = GPR_BX, [REG_CX] = GPR_CX, [REG_DX] = GPR_DX,
    [REG_SP] = GPR_SP, [REG_BP] = GPR_BP, [REG_SI] = GPR_SI, [REG_DI] = GPR_DI};

static const enum seg_index segments[REG_REGISTERS] = {
    [REG_CS] = SEG_CS, [REG_SS] = SEG_SS, [REG_DS] = SEG_DS, [REG_ES] = SEG_ES};

static bool is_segment(unsigned i)
{
    return i >= REG_CS && i <= REG_ES;
}

static uint32_t code_address(const uint16_t *registers, unsigned ip)
{
    return ((uint32_t)registers[REG_CS] << 4) + (ip & 0xFFFF);
}

static void load_registers(struct cpu *cpu, const uint16_t *from)
{
    cpu_reset(cpu, false);
    for (unsigned i = 0; i < REG_IP; i++) {
        if (is_segment(i))
            segment_set_real(cpu, segments[i], from[i]);
        else
            cpu->gpr[gprs[i]] = from[i];
    }
    cpu->rip = from[REG_IP];
    cpu_set_eflags(cpu, from[REG_FLAGS] & FLAGS_COMPARED);
    cpu_derive(cpu);
}

static uint16_t register_of(const struct cpu *cpu, unsigned i)
{
    if (is_segment(i))
        return cpu->seg[segments[i]].selector;
    if (i == REG_FLAGS)
        return (uint16_t)cpu_get_eflags(cpu);
    return (uint16_t)(i == REG_IP ? cpu->rip : cpu->gpr[gprs[i]]);
}

/* Memory as before the instruction, with the HLT that ends it. */
static void load_memory(struct bench *bench)
{
    const struct test_vector *v = &bench->vector;
    cpu_fixture_poke(&bench->fixture, code_address(v->after, v->after[REG_IP] - 1u), 1, HLT);
    for (unsigned i = 0; i < v->ram_before_count; i++)
        cpu_fixture_poke(&bench->fixture, v->ram_before[i].address, 1, v->ram_before[i].value);
}

static void clear_memory(struct bench *bench)
{
    const struct test_vector *v = &bench->vector;
    cpu_fixture_poke(&bench->fixture, code_address(v->after, v->after[REG_IP] - 1u), 1, 0);
    for (unsigned i = 0; i < v->ram_before_count; i++)
        cpu_fixture_poke(&bench->fixture, v->ram_before[i].address, 1, 0);
    for (unsigned i = 0; i < v->ram_after_count; i++)
        cpu_fixture_poke(&bench->fixture, v->ram_after[i].address, 1, 0);
}

/* FLAGS bits to compare. */
static uint32_t defined_flags(const struct bench *bench)
{
    struct insn insn = {0};
    uint8_t padded[INSN_MAX_LENGTH] = {0};
    unsigned count = bench->vector.byte_count;
    memcpy(padded, bench->vector.bytes, count < sizeof padded ? count : sizeof padded);
    if (decode_insn(bench->decoder, MODE_16, padded, sizeof padded, &insn) != DECODE_OK)
        return FLAGS_COMPARED;
    return FLAGS_COMPARED & ~(uint32_t)insn_table[insn.row].flags_undefined;
}

/* Bits to compare of a byte of memory: all, but where an exception pushed FLAGS. The file gives the address
 * of the bus cycle, which is even; SP need not be. */
static uint8_t compared_bits(const struct test_vector *v, uint32_t address, uint32_t flags)
{
    uint32_t base = (uint32_t)v->after[REG_SS] << 4, sp = v->after[REG_SP];
    if (!v->flags_at)
        return 0xFF;
    if (address == base + (uint16_t)(sp + 4))
        return (uint8_t)flags;
    return address == base + (uint16_t)(sp + 5) ? (uint8_t)(flags >> 8) : 0xFF;
}

/* What differs, in words; empty where nothing does. */
static void compare(struct bench *bench, char *text, size_t size)
{
    const struct test_vector *v = &bench->vector;
    const struct cpu *cpu = bench->fixture.cpu;
    uint32_t flags = defined_flags(bench);
    size_t used = 0;
    text[0] = 0;
    if (cpu->activity != CPU_HALTED)
        used += (size_t)snprintf(text, size, " did not reach HLT");
    for (unsigned i = 0; i < REG_REGISTERS && used < size; i++) {
        uint16_t is = register_of(cpu, i), mask = i == REG_FLAGS ? (uint16_t)flags : UINT16_MAX;
        if ((is ^ v->after[i]) & mask)
            used += (size_t)snprintf(text + used, size - used, " %s=%04X not %04X", register_names[i], is,
                                     v->after[i]);
    }
    for (unsigned i = 0; i < v->ram_after_count && used < size; i++) {
        uint32_t address = v->ram_after[i].address;
        uint8_t is = (uint8_t)cpu_fixture_peek(&bench->fixture, address, 1), value = v->ram_after[i].value;
        if ((is ^ value) & compared_bits(v, address, flags))
            used += (size_t)snprintf(text + used, size - used, " [%06X]=%02X not %02X", address, is, value);
    }
}

static void run_vector(struct bench *bench, const char *form)
{
    struct cpu *cpu = bench->fixture.cpu;
    char text[400];
    load_memory(bench);
    load_registers(cpu, bench->vector.before);
    uint64_t end = bench->fixture.clock.insns + INSN_LIMIT;
    while (cpu->activity == CPU_RUNNING && bench->fixture.clock.insns < end)
        cpu_run(cpu, end);
    compare(bench, text, sizeof text);
    clear_memory(bench);
    bench->cases++;
    if (!text[0])
        return;
    bench->failures++;
    if (bench->failures <= SHOWN || getenv("VECTORS_ALL"))
        printf("%s: %s, exception %u:%s\n", form, bench->vector.name, bench->vector.exception, text);
}

static bool run_file(struct bench *bench, const char *directory, const char *name)
{
    char path[4096], form[16];
    bool broken;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    snprintf(form, sizeof form, "%.*s", (int)strcspn(name, "s") - 1, name);
    struct vector_file *file = vector_file_open(path);
    if (!file)
        return false;
    while (vector_file_next(file, &bench->vector, &broken))
        run_vector(bench, form);
    vector_file_close(file);
    if (broken)
        fprintf(stderr, "%s: cut short\n", path);
    return !broken;
}

static int is_vector_file(const struct dirent *entry)
{
    return strstr(entry->d_name, ".sst") != NULL;
}

/* True where every file was read. */
static bool run_directory(struct bench *bench, const char *directory, struct dirent **list, int count)
{
    bool good = true;
    for (int i = 0; i < count; i++) {
        good &= run_file(bench, directory, list[i]->d_name);
        free(list[i]);
    }
    free(list);
    return good;
}

int main(int argc, char **argv)
{
    struct dirent **list;
    if (argc != 2) {
        fprintf(stderr, "usage: vectors_286 DIRECTORY\n");
        return EXIT_FAILURE;
    }
    int count = scandir(argv[1], &list, is_vector_file, alphasort);
    if (count <= 0) {
        printf("skipped: there are no vectors in %s\n", argv[1]);
        return STATUS_SKIPPED;
    }
    struct bench *bench = alloc_zeroed(sizeof *bench);
    cpu_fixture_init_sized(&bench->fixture, "286", MEMORY);
    bench->decoder = decoder_new(cpu_model_find("286"));
    bool good = run_directory(bench, argv[1], list, count);
    printf("%u vectors, %u differ\n", bench->cases, bench->failures);
    good &= !bench->failures;
    decoder_free(bench->decoder);
    cpu_fixture_free(&bench->fixture);
    alloc_free(bench);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
