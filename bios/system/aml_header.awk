# SPDX-License-Identifier: MIT
# Turns `od -An -v -tu1 -w12` output into a C array.
BEGIN {
    print "/* SPDX-License-Identifier: MIT */"
    print "/* Compiled from dsdt.asl by `make -C bios acpi`; do not edit. */"
    print "/* clang-format off */"
    print "static const uint8_t dsdt_aml[] = {"
}
{ line = "   "; for (i = 1; i <= NF; i++) line = line sprintf(" 0x%02x,", $i); print line }
END { print "};"; print "/* clang-format on */" }
