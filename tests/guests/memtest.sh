# SPDX-License-Identifier: MIT
# One full pass of memtest86+ over 16 MB. The low clock keeps its waiting (memory fade) short in instructions.
guest fetch memtest86+
boot memtest --mem 16M --speed 20 --kernel "$packages/memtest86+/boot/memtest86+ia32.bin"
