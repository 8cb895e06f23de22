# SPDX-License-Identifier: MIT
# Debian's kernel by --kernel into a busybox shell, on the serial line or on the screen; power-off ends Lathe with 0.
# arguments: kernel (linux-686, linux-686-pae, linux-amd64), console (serial, screen)
guest fetch "$1"
kernel=$(echo "$packages/$1"/boot/vmlinuz-*)
case $1 in
  linux-amd64)
    guest make-initramfs --amd64
    machine=(--cpu x86-64-v2 --mem 256M)
    ;;
  *)
    guest make-initramfs
    machine=(--mem 64M)
    ;;
esac
case $2 in
  serial) append='console=ttyS0' ;;
  screen) append='console=tty0' ;;
esac
script=linux-$2
if [ -f "$here/$1-$2.lua" ]; then script=$1-$2; fi
boot "$script" "${machine[@]}" --kernel "$kernel" --initrd "$guest" --append "$append"
