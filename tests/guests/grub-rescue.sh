# SPDX-License-Identifier: MIT
# Debian's GRUB rescue media come to their prompt and take a command.
# argument: floppy, cdrom
guest fetch grub-rescue
case $1 in
  floppy) cp "$packages/grub-rescue/usr/lib/grub-rescue/grub-rescue-floppy.img" "$work/floppy.img"
    boot grub-rescue --speed 20 --fda "$work/floppy.img" ;;
  cdrom) boot grub-rescue --speed 20 --cdrom "$packages/grub-rescue/usr/lib/grub-rescue/grub-rescue-cdrom.iso" ;;
esac
