/* SPDX-License-Identifier: MIT */
/* Single-instruction test vectors, "SST1" files: registers and memory before and after one instruction. */
#ifndef LATHE_TESTS_VECTORS_VECTOR_FILE_H
#define LATHE_TESTS_VECTORS_VECTOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vector_register {
    REG_AX,
    REG_BX,
    REG_CX,
    REG_DX,
    REG_CS,
    REG_SS,
    REG_DS,
    REG_ES,
    REG_SP,
    REG_BP,
    REG_SI,
    REG_DI,
    REG_IP,
    REG_FLAGS,
    REG_REGISTERS
};

enum { VECTOR_RAM_MAX = 1024, VECTOR_BYTES_MAX = 32, VECTOR_NAME_MAX = 80, VECTOR_NO_EXCEPTION = 0xFF };

struct vector_byte {
    uint32_t address; /* physical */
    uint8_t value;
};

struct test_vector {
    uint8_t exception;
    uint32_t flags_at; /* where an exception pushed FLAGS; 0: nowhere */
    uint16_t before[REG_REGISTERS], after[REG_REGISTERS];
    unsigned ram_before_count, ram_after_count, byte_count;
    struct vector_byte ram_before[VECTOR_RAM_MAX], ram_after[VECTOR_RAM_MAX];
    uint8_t bytes[VECTOR_BYTES_MAX];
    char name[VECTOR_NAME_MAX];
};

struct vector_file;

/* Opens a file, gzipped or, the only kind that a build without zlib reads, plain. NULL where it is none, with a message on stderr. */
struct vector_file *vector_file_open(const char *path);
void vector_file_close(struct vector_file *file);

/* Vectors in the file, and the next one. False at the end, or where the file is cut short or has more in one
 * vector than struct test_vector holds: *broken tells. */
unsigned vector_file_count(const struct vector_file *file);
bool vector_file_next(struct vector_file *file, struct test_vector *vector, bool *broken);

#endif
