/* SPDX-License-Identifier: MIT */
#include "jit/listing.h"

#include <inttypes.h>

#include "config.h"

#if LATHE_HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

static void print_bytes(FILE *out, const uint8_t *code, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fprintf(out, " %02x", code[i]);
}

static void print_hex(FILE *out, const uint8_t *code, size_t size, uint64_t address)
{
    for (size_t at = 0; at < size; at += 16) {
        fprintf(out, "    %8" PRIx64 ":", address + at);
        print_bytes(out, code + at, size - at < 16 ? size - at : 16);
        putc('\n', out);
    }
}

#if LATHE_HAVE_CAPSTONE

static cs_mode mode_of(unsigned bits)
{
    switch (bits) {
    case 16: return CS_MODE_16;
    case 32: return CS_MODE_32;
    default: return CS_MODE_64;
    }
}

/* Bytes disassembled into *insns, of which there are *count; free with cs_free. */
static size_t disassemble(const uint8_t *code, size_t size, uint64_t address, unsigned bits, cs_insn **insns,
                          size_t *count)
{
    csh handle;
    *count = 0;
    if (cs_open(CS_ARCH_X86, mode_of(bits), &handle) != CS_ERR_OK)
        return 0;
    *count = cs_disasm(handle, code, size, address, 0, insns);
    cs_close(&handle);
    return *count ? (size_t)((*insns)[*count - 1].address - address) + (*insns)[*count - 1].size : 0;
}

bool listing_is_available(void)
{
    return true;
}

void listing_print(FILE *out, const uint8_t *code, size_t size, uint64_t address, unsigned bits)
{
    cs_insn *insns;
    size_t count, done = disassemble(code, size, address, bits, &insns, &count);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "    %8" PRIx64 ":  %-8s %s\n", insns[i].address, insns[i].mnemonic, insns[i].op_str);
    if (count)
        cs_free(insns, count);
    print_hex(out, code + done, size - done, address + done);
}

size_t listing_count(const uint8_t *code, size_t size)
{
    cs_insn *insns;
    size_t count, done = disassemble(code, size, 0, 64, &insns, &count);
    if (count)
        cs_free(insns, count);
    return done == size ? count : 0;
}

#else

bool listing_is_available(void)
{
    return false;
}

void listing_print(FILE *out, const uint8_t *code, size_t size, uint64_t address, unsigned bits)
{
    (void)bits;
    print_hex(out, code, size, address);
}

size_t listing_count(const uint8_t *code, size_t size)
{
    (void)code, (void)size;
    return 0;
}

#endif
