# SPDX-License-Identifier: MIT
# The same run twice: the same state hash at the same instruction count, and another one a little later.
# argument: freedos, linux
case $1 in
  freedos)
    floppy_guest freedos-1.44M.img
    options=(--fda "$guest" --snapshot --script "$here/type-dir.lua")
    count=400000000
    ;;
  linux)
    guest fetch linux-686
    kernel=$(echo "$packages/linux-686"/boot/vmlinuz-*)
    guest make-initramfs
    options=(--kernel "$kernel" --initrd "$guest" --append 'console=tty0 console=ttyS0')
    count=1000000000
    ;;
esac
first=$(state_hash "${options[@]}" --stop-at "insns=$count")
second=$(state_hash "${options[@]}" --stop-at "insns=$count")
later=$(state_hash "${options[@]}" --stop-at "insns=$((count + 10000000))")
printf '%s\n' "$first" "$second" "$later"
[ "$first" = "$second" ] || die 'two runs, two states'
[ "${first##*=}" != "${later##*=}" ] || die 'the state does not depend on the run'
