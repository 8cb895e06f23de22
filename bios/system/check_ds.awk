# SPDX-License-Identifier: MIT
# Reads `objdump -drw` of the C objects: fails on an instruction that reads a constant of the ROM through DS. DS is the
# stack there, so such a read compiles and gives rubbish; ROM8 to ROM32 (cpu.h) read through CS.
/^[0-9a-f]+ <.*>:$/ { name = $2 }
/R_386_(32|16)\t\.rodata/ {
    split($0, part, "\t")
    text = part[3]
    if (text !~ /%[cfg]s:/ && text !~ /\$0x/ && text !~ /^(push|lea)/) {
        print name " " text " (" $NF ")"
        bad = 1
    }
}
END { exit bad }
