# SPDX-License-Identifier: MIT
# workload NAME: sets `options` to those of a run that needs nobody, and `count` to an instruction count at which it is busy.
workload() {
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
    *) die "no workload $1" ;;
  esac
}
