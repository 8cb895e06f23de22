# SPDX-License-Identifier: MIT
# The system BIOS does what its manuals promise: the self-test floppy of bios/system/selftest/ calls its services.
image=$work/bios/selftest.img
make -s -C "$root/bios" OUT="$work/bios" "$image" >"$work/log" 2>&1 || { tail -3 "$work/log"; skip 'needs a compiler for 16-bit x86 code'; }
for engine in ${compared:-auto}; do
  status=0
  rm -f "$work/disk.img"
  head -c 20M /dev/zero >"$work/disk.img"
  "$lathe" run --display none "${firmware_options[@]}" --debug-exit --debugcon "$work/console" --stop-at time=600 \
    --engine "$engine" --fda "$image" --hda "$work/disk.img" || status=$?
  cat "$work/console"
  [ "$status" = 1 ] || die "exit status $status, not 1 (the guest's verdict: all passed)"
  grep -q 'RESUME PASSED' "$work/console" || die 'no resume after a processor reset'
done
