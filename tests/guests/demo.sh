# SPDX-License-Identifier: MIT
# The demo floppy: each page, and power-off.
cp "$root/bios/images/demo.img" "$work/demo.img"
boot demo --fda "$work/demo.img"
