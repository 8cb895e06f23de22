# SPDX-License-Identifier: MIT
# What a guest has flushed is on the image, whatever becomes of Lathe, and the image is as sound as after a power cut.
# argument: freedos, debian
export GUEST_KILLED=$1
killed() {
  local status=0
  boot killed "$@" || status=$?
  [ "$status" = 137 ] || die "exit status $status, not 137 (killed)"
}
case $1 in
  freedos)
    command -v mtype >/dev/null || skip 'needs mtools'
    floppy_guest freedos-1.44M.img
    killed --speed 10 --fda "$guest"
    mtype -i "$guest" ::/NEW.TXT | grep -q flushed
    cmp <(mtype -i "$guest" ::/COMMAND.COM) <(mtype -i "${LATHE_GUESTS:-$root/../shared/guests}/freedos-1.44M.img" ::/COMMAND.COM)
    ;;
  debian)
    guest make-disk
    disk=$work/debian.img
    cp --sparse=always --reflink=auto "$guest" "$disk"
    killed --mem 128M --hda "$disk"
    part=$work/part.img
    dd if="$disk" of="$part" bs=1M skip=1 conv=sparse status=none
    e2fsck -p "$part" || [ $? = 1 ] # plays the journal back; stops at anything that a person must decide
    e2fsck -f -n "$part"
    debugfs -R 'cat /root/mark' "$part" 2>/dev/null | grep -q flushed
    ;;
esac
