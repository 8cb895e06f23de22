# SPDX-License-Identifier: MIT
# Debian's text installer comes to its first dialog.
guest fetch d-i
images_directory=$packages/d-i/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
boot installer --mem 512M --kernel "$images_directory/linux" --initrd "$images_directory/initrd.gz" \
  --append 'vga=normal fb=false nomodeset'
