# SPDX-License-Identifier: MIT
# A minimal Debian on a hard disk: GRUB in the MBR, login, apt, clean shutdown, and a clean file system afterwards.
guest make-disk
disk=$work/debian.img
cp --sparse=always --reflink=auto "$guest" "$disk"
boot debian --mem 128M --hda "$disk"
dumpe2fs -h "$disk?offset=1048576" 2>/dev/null >"$work/super"
grep -q '^Filesystem state: *clean' "$work/super"
if grep -q needs_recovery "$work/super"; then die 'the journal was not played back: no clean shutdown'; fi
e2fsck -f -n "$disk?offset=1048576"
