# SPDX-License-Identifier: MIT
# Debian's kernel by --kernel into a busybox shell, on the serial line or on the screen; power-off ends Lathe with 0.
# arguments: kernel (linux-686, linux-686-pae), console (serial, screen)
guest fetch "$1"
kernel=$(echo "$packages/$1"/boot/vmlinuz-*)
guest make-initramfs
case $2 in
  serial) append='console=ttyS0' ;;
  screen) append='console=tty0' ;;
esac
boot "linux-$2" --mem 64M --kernel "$kernel" --initrd "$guest" --append "$append"
