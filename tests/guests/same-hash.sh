# SPDX-License-Identifier: MIT
# The same run twice: the same state hash at the same instruction count, and another one a little later.
# argument: freedos, linux, linux-amd64
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
  linux-amd64)
    guest fetch linux-amd64
    kernel=$(echo "$packages/linux-amd64"/boot/vmlinuz-*)
    guest make-initramfs --amd64
    options=(--cpu x86-64-v2 --mem 256M --kernel "$kernel" --initrd "$guest" --append 'console=tty0 console=ttyS0')
    count=5000000000 # 3.5 of them unpack the kernel
    ;;
esac
first=$(state_hash "${options[@]}" --stop-at "insns=$count")
second=$(state_hash "${options[@]}" --stop-at "insns=$count")
later=$(state_hash "${options[@]}" --stop-at "insns=$((count + 10000000))")
printf '%s\n' "$first" "$second" "$later"
[ "$first" = "$second" ] || die 'two runs, two states'
[ "${first##*=}" != "${later##*=}" ] || die 'the state does not depend on the run'
