/* SPDX-License-Identifier: MIT */
/*
 * romsum IN OUT: host tool that finishes an option ROM image. Pads IN with FFh to a multiple of 2 KiB, stores
 * the length in 512-byte units at offset 2 (PnP BIOS specification 1.0A, 3.2) and in the PCI data structure
 * that the word at 18h points to (PCI Firmware specification 3.0, 5.1), then sets the last byte so that all
 * bytes sum to zero.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ROM_MAX = 128 * 1024, ROM_UNIT = 2048, PCIR_POINTER = 0x18, PCIR_LENGTH = 0x10 };

static int fail(const char *what, const char *path)
{
    fprintf(stderr, "romsum: %s: %s\n", path, what);
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t rom[ROM_MAX];
    if (argc != 3)
        return fail("usage: romsum IN OUT", "arguments");
    FILE *in = fopen(argv[1], "rb");
    if (!in)
        return fail("cannot read", argv[1]);
    memset(rom, 0xff, sizeof rom);
    size_t size = fread(rom, 1, sizeof rom, in);
    fclose(in);
    size = (size + 1 + ROM_UNIT - 1) / ROM_UNIT * ROM_UNIT;
    if (size > ROM_MAX || rom[0] != 0x55 || rom[1] != 0xaa)
        return fail("too large, or not an option ROM", argv[1]);
    rom[2] = (uint8_t)(size / 512);
    size_t pcir = (size_t)(rom[PCIR_POINTER] | rom[PCIR_POINTER + 1] << 8);
    if (pcir && pcir + PCIR_LENGTH + 2 <= size && memcmp(rom + pcir, "PCIR", 4) == 0) {
        rom[pcir + PCIR_LENGTH] = (uint8_t)(size / 512);
        rom[pcir + PCIR_LENGTH + 1] = 0;
    }
    uint8_t sum = 0;
    rom[size - 1] = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + rom[i]);
    rom[size - 1] = (uint8_t)-sum;
    FILE *out = fopen(argv[2], "wb");
    if (!out || fwrite(rom, 1, size, out) != size || fclose(out))
        return fail("cannot write", argv[2]);
    return 0;
}
