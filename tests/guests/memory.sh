# SPDX-License-Identifier: MIT
# What the machine takes of the host's memory while real systems run in it.
# A program with much code may make the translator take more.
# arguments: what runs (linux, installer, freedos, cc1), engine
[ -r /proc/self/smaps ] || skip 'needs /proc/self/smaps'
export GUEST_MEMORY_CASE=$1 GUEST_MEMORY_MAX=64
case $1 in
  linux)
    guest fetch linux-686
    guest make-initramfs
    options=(--mem 1024M --kernel "$(echo "$packages"/linux-686/boot/vmlinuz-*)" --initrd "$guest" --append console=ttyS0)
    ;;
  installer)
    guest fetch d-i
    images_directory=$packages/d-i/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
    options=(--mem 512M --kernel "$images_directory/linux" --initrd "$images_directory/initrd.gz"
      --append 'vga=normal fb=false nomodeset')
    ;;
  cc1)
    GUEST_MEMORY_MAX=100
    guest fetch linux-686
    kernel=$(echo "$packages/linux-686"/boot/vmlinuz-*)
    guest make-bench applications
    options=(--mem 256M --cpu pentium4 --kernel "$kernel" --initrd "$guest" --append 'console=ttyS0,115200 quiet')
    ;;
  freedos)
    floppy_guest freedos-1.44M.img
    options=(--mem 512M --fda "$guest")
    ;;
esac
boot memory --engine "$2" "${options[@]}"
