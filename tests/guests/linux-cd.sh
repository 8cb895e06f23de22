# SPDX-License-Identifier: MIT
# A CD whose boot loader loads Debian's kernel, which then reads the CD by its own drivers.
# argument: maker of the image (make-grub-iso, make-isolinux-iso)
guest "$1"
boot linux-cd --mem 96M --cdrom "$guest"
