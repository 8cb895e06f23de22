#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the font tables of the VGA BIOS, code page 437:

    mkfont.py SPLEEN-8X16.PSFU.GZ      (Debian package fonts-spleen; its licence is in LICENSE.spleen)

font_8x16.c   Spleen 8x16, with the glyphs it lacks from extra16.txt and its line drawing made here
font_8x14.c   the same without its first and last row (accented capitals: a row of the letter)
font_8x8.c    drawn for Lathe in font8.txt
"""
import gzip
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LOW = ("\0\u263a\u263b\u2665\u2666\u2663\u2660\u2022\u25d8\u25cb\u25d9\u2642\u2640\u266a\u266b\u263c"
       "\u25ba\u25c4\u2195\u203c\u00b6\u00a7\u25ac\u21a8\u2191\u2193\u2192\u2190\u221f\u2194\u25b2\u25bc")
CP437 = LOW + bytes(range(32, 256)).decode("cp437")


def read_psf(path):
    """Glyphs of a PSF version 1 file by Unicode code point."""
    data = gzip.open(path).read()
    if data[:2] != b"\x36\x04":
        sys.exit(path + ": not a PSF font")
    count, height = 512 if data[2] & 1 else 256, data[3]
    glyphs, at = {}, 4 + count * height
    for n in range(count):
        bits = data[4 + n * height:4 + (n + 1) * height]
        while True:
            code = data[at] | data[at + 1] << 8
            at += 2
            if code == 0xffff:
                break
            glyphs.setdefault(code, bits)
    return glyphs, height


def read_psf2(path):
    data = gzip.open(path).read()
    if data[:4] != b"\x72\xb5\x4a\x86":
        return read_psf(path)
    word = lambda i: int.from_bytes(data[i * 4:i * 4 + 4], "little")
    start, count, size, height = word(2), word(4), word(5), word(6)
    names = data[start + count * size:].split(b"\xff")
    glyphs = {}
    for n in range(count):
        for ch in names[n].decode("utf-8", "ignore"):
            glyphs.setdefault(ord(ch), data[start + n * size:start + (n + 1) * size])
    return glyphs, height


def read_sheets(name, height):
    """Glyphs of a text file by code page 437 number."""
    glyphs, codes, row = {}, [], 0
    for line in open(os.path.join(HERE, name), encoding="ascii"):
        line = line.strip()
        if line.startswith("#!") or line.startswith("# ") or not line:
            continue
        if line.startswith("="):
            first, _, codes = line[1:].partition(":")
            codes = [int(c, 16) for c in codes.split()]
            row = int(first)
            for code in codes:
                if code in glyphs:
                    sys.exit("%s: %02x drawn twice" % (name, code))
                glyphs[code] = bytearray(height)
            continue
        cells = line.split()
        if len(cells) != len(codes) or any(len(c) != 8 or set(c) - set(".#") for c in cells) or row >= height:
            sys.exit("%s: bad row: %s" % (name, line))
        for code, cell in zip(codes, cells):
            glyphs[code][row] = int(cell.replace(".", "0").replace("#", "1"), 2)
        row += 1
    return {code: bytes(bits) for code, bits in glyphs.items()}


# Small accented letters of the 8x8 font: code page 437 number: base letter, accent. The accent takes rows 0 and 1.
ACCENTS = {
    "acute": (0b00001100, 0b00011000), "grave": (0b00110000, 0b00011000), "circumflex": (0b00111000, 0b01101100),
    "diaeresis": (0b01101100, 0), "ring": (0b00111000, 0b00111000), "tilde": (0b01110110, 0b11011100),
    "cedilla": None,
}
COMPOSED = {
    0x81: "u diaeresis", 0x82: "e acute", 0x83: "a circumflex", 0x84: "a diaeresis", 0x85: "a grave", 0x86: "a ring",
    0x87: "c cedilla", 0x88: "e circumflex", 0x89: "e diaeresis", 0x8a: "e grave", 0x8b: "i diaeresis",
    0x8c: "i circumflex", 0x8d: "i grave", 0x93: "o circumflex", 0x94: "o diaeresis", 0x95: "o grave",
    0x96: "u circumflex", 0x97: "u grave", 0x98: "y diaeresis", 0xa0: "a acute", 0xa1: "i acute", 0xa2: "o acute",
    0xa3: "u acute", 0xa4: "n tilde",
}
# Lines of B3 to DA: how many (0 to 2) go up, down, left, right.
LINES = {
    0xb3: "1100", 0xb4: "1110", 0xb5: "1120", 0xb6: "2210", 0xb7: "0210", 0xb8: "0120", 0xb9: "2220", 0xba: "2200",
    0xbb: "0220", 0xbc: "2020", 0xbd: "2010", 0xbe: "1020", 0xbf: "0110", 0xc0: "1001", 0xc1: "1011", 0xc2: "0111",
    0xc3: "1101", 0xc4: "0011", 0xc5: "1111", 0xc6: "1102", 0xc7: "2201", 0xc8: "2002", 0xc9: "0202", 0xca: "2022",
    0xcb: "0222", 0xcc: "2202", 0xcd: "0022", 0xce: "2222", 0xcf: "1022", 0xd0: "2011", 0xd1: "0122", 0xd2: "0211",
    0xd3: "2001", 0xd4: "1002", 0xd5: "0102", 0xd6: "0201", 0xd7: "2211", 0xd8: "1122", 0xd9: "1010", 0xda: "0101",
}
ZONES_X = ((0,), (1, 2), (3, 4), (5, 6), (7,))  # a double line runs in zones 1 and 3, a single one in zone 2
ZONES_Y = {8: ((0, 1), (2,), (3,), (4,), (5, 6, 7)), 16: (range(0, 6), (6,), (7,), (8,), range(9, 16))}
SHADES = {0xb0: (0x22, 0x88), 0xb1: (0x55, 0xaa), 0xb2: (0xdd, 0x77)}
BLOCKS = {0xdb: (0xff, 0xff), 0xdc: (0x00, 0xff), 0xdd: (0xf0, 0xf0), 0xde: (0x0f, 0x0f), 0xdf: (0xff, 0x00)}


def arm(weight, before, after, opposite):
    """Lines from an edge inwards as (place across, last zone), for an arm whose neighbours have these weights."""
    if weight == 0:
        return []
    if weight == 1:
        if 2 in (before, after):
            return [(2, 1 if before and after and not opposite else 3)]
        return [(2, 2)]
    reach = lambda near, far: {2: 1, 1: 2}[near] if near else {2: 3, 1: 2, 0: 2}[far]
    return [(1, reach(before, after)), (3, reach(after, before))]


def line_glyph(height, up, down, left, right):
    cells = set()
    for place, last in arm(up, left, right, down):
        cells |= {(place, y) for y in range(last + 1)}
    for place, last in arm(down, left, right, up):
        cells |= {(place, 4 - y) for y in range(last + 1)}
    for place, last in arm(left, up, down, right):
        cells |= {(x, place) for x in range(last + 1)}
    for place, last in arm(right, up, down, left):
        cells |= {(4 - x, place) for x in range(last + 1)}
    rows = [0] * height
    for zone_x, zone_y in cells:
        for y in ZONES_Y[height][zone_y]:
            for x in ZONES_X[zone_x]:
                rows[y] |= 0x80 >> x
    return bytes(rows)


def compose(small):
    """Adds what is put together from parts to the glyphs of the 8x8 font."""
    for code, parts in COMPOSED.items():
        letter, name = parts.split()
        bits = bytearray(small[ord(letter)])
        if name == "cedilla":
            bits[7] = 0b00111000
        else:
            bits[0], bits[1] = ACCENTS[name]
        small[code] = bytes(bits)
    for code, weights in LINES.items():
        small[code] = line_glyph(8, *(int(w) for w in weights))
    for code, pair in SHADES.items():
        small[code] = bytes(pair) * 4
    for code, (top, bottom) in BLOCKS.items():
        small[code] = bytes([top] * 4 + [bottom] * 4)


ACCENTED_CAPITALS = (0x8e, 0x8f, 0x90, 0x99, 0x9a, 0xa5)


def to_14(code, bits):
    """Fourteen of sixteen rows: the first and the last go, but a capital gives a row of its stem for its accent."""
    if code not in ACCENTED_CAPITALS:
        return bits[1:15]
    stem = next(i for i in range(5, 11) if bits[i] == bits[i + 1])
    return bits[:stem] + bits[stem + 1:15]


def write_table(name, height, glyphs):
    path = os.path.join(HERE, name + ".c")
    with open(path, "w", encoding="ascii") as out:
        out.write("/* SPDX-License-Identifier: %s */\n" % ("MIT" if height == 8 else "BSD-2-Clause AND MIT"))
        out.write("/* Generated by mkfont.py%s; code page 437. */\n" %
                  (" from font8.txt" if height == 8 else " from Spleen (LICENSE.spleen) and extra16.txt"))
        out.write("#include \"vga/font.h\"\n\n/* clang-format off */\n")
        out.write("ROM_DATA uint8_t %s[256 * %d] = {\n" % (name, height))
        for code in range(256):
            out.write("    " + ", ".join("0x%02x" % b for b in glyphs[code]) + ", /* %02x */\n" % code)
        out.write("};\n/* clang-format on */\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    spleen, height = read_psf2(sys.argv[1])
    extra = read_sheets("extra16.txt", 16)
    tall, missing = [], []
    for code, ch in enumerate(CP437):
        bits = extra.get(code) or (line_glyph(16, *(int(w) for w in LINES[code])) if code in LINES else None)
        bits = bits or (bytes(16) if code in (0, 255) else spleen.get(ord(ch)))
        if bits is None:
            missing.append("%02x" % code)
        tall.append(bits)
    small = read_sheets("font8.txt", 8)
    compose(small)
    missing += ["8x8:%02x" % c for c in range(256) if c not in small and c not in (0, 255, 32)]
    if missing or height != 16:
        sys.exit("no glyph for: " + " ".join(missing))
    write_table("font_8x16", 16, tall)
    write_table("font_8x14", 14, [to_14(code, bits) for code, bits in enumerate(tall)])
    write_table("font_8x8", 8, [small.get(c, bytes(8)) for c in range(256)])


if __name__ == "__main__":
    main()
