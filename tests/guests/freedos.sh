# SPDX-License-Identifier: MIT
# FreeDOS from a floppy: commands by keyboard; what they write is on the image, and there after a restart.
# argument: image name
command -v mtype >/dev/null || skip 'needs mtools'
floppy_guest "$1"
boot freedos-write --speed 10 --fda "$guest"
mdir -i "$guest" ::/NEW.TXT
mtype -i "$guest" ::/NEW.TXT | grep -q 'written by the guest'
cmp <(mtype -i "$guest" ::/COPY.COM) <(mtype -i "$guest" ::/COMMAND.COM)
boot freedos-read --speed 10 --fda "$guest"
