# SPDX-License-Identifier: MIT
# The VGA BIOS does what its manuals promise, called in every mode (tests/guests/bios/vga_check.c).
image=$work/bios/guests/vga_check.img
make -s -C "$root/bios" OUT="$work/bios" "$image" >"$work/log" 2>&1 || { tail -3 "$work/log"; skip 'needs a compiler for 16-bit x86 code'; }
for engine in ${compared:-auto}; do
  status=0
  "$lathe" run --display none --no-reboot "${firmware_options[@]}" --debug-exit --debugcon - --stop-at time=600 \
    --engine "$engine" --fda "$image" || status=$?
  [ "$status" = 1 ] || die "exit status $status, not 1 (the guest's verdict: all passed)"
done
