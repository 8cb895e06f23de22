# SPDX-License-Identifier: MIT
# The boots of tools/bench that are more than a kernel on its way to the first program: how each peer is started for them,
# and what the guest says when it is at its prompt. Source it.
#
#   amd64     Debian's 64-bit kernel to busybox's shell
#   disk      Debian i386 from a hard disk, by GRUB and systemd, to the login prompt
#   freedos   FreeDOS from a floppy to the end of AUTOEXEC.BAT, after which its prompt comes

boots=()
declare -A boot_prompt=([amd64]='lathe:/# ' [disk]='lathe login: ' [freedos]='#ready')

# A copy of the floppy whose AUTOEXEC.BAT ends with a word to the serial line.
make_dos_floppy() {
  local original=${LATHE_GUESTS:-$root/../shared/guests}/freedos-1.44M.img
  dos_floppy=$scratch/freedos.img
  command -v mtype >/dev/null && [ -f "$original" ] || return 1
  cp --no-preserve=mode "$original" "$dos_floppy"
  { mtype -i "$dos_floppy" ::/AUTOEXEC.BAT && printf '\r\necho #ready>COM1\r\n'; } >"$scratch/autoexec"
  mcopy -o -i "$dos_floppy" "$scratch/autoexec" ::/AUTOEXEC.BAT
}

prepare_boot() {
  case $1 in
    amd64)
      "$root/tools/guests/fetch" linux-amd64 && amd64_initramfs=$("$root/tools/guests/make-initramfs" --amd64) &&
        amd64_kernel=$(echo "$packages"/linux-amd64/boot/vmlinuz-*)
      ;;
    disk) disk=$("$root/tools/guests/make-disk") ;;
    freedos) make_dos_floppy ;;
  esac
}

prepare_boots() {
  local name
  for name in amd64 disk freedos; do
    is_wanted "boot/$name" || continue
    if prepare_boot "$name"; then boots+=("$name"); else say "boot/$name is left out"; fi
  done
}

lathe_options() {
  case $1 in
    amd64) options=(--cpu max --mem 256M --kernel "$amd64_kernel" --initrd "$amd64_initramfs" --append "$append") ;;
    disk) options=(--cpu pentium4 --mem 128M --hda "$disk" --snapshot) ;;
    freedos) options=(--mem 16M --fda "$dos_floppy" --snapshot) ;;
  esac
}

boot_lathe() {
  local engine options
  engine=$(peer_engine "$1")
  lathe_options "$2"
  "$(peer_program "$1" "$lathe")" run --display none --clock virtual ${engine:+--engine "$engine"} --serial stdio "${options[@]}" \
    <"$scratch/input" >"$line" 2>"$scratch/errors" &
  pid=$!
}

qemu_options() {
  case $1 in
    amd64) options=(-m 256 -kernel "$amd64_kernel" -initrd "$amd64_initramfs" -append "$append") ;;
    disk) options=(-m 128 -drive "file=$disk,format=raw,if=ide") ;;
    freedos) options=(-m 16 -drive "file=$dos_floppy,format=raw,if=floppy" -boot a) ;;
  esac
}

boot_qemu() {
  local engine options program=qemu-system-i386
  engine=$(peer_engine "$1")
  [ "$2" != amd64 ] || program=qemu-system-x86_64
  qemu_options "$2"
  "$program" -accel "${engine:-tcg}" -display none -monitor none -serial stdio -no-reboot -snapshot "${options[@]}" \
    <"$scratch/input" >"$line" 2>"$scratch/errors" &
  pid=$!
}

# Reads the guest's line until the prompt stands at its end.
await_prompt() {
  local peer=$1 origin=$2 prompt=${boot_prompt[$name]} seen=
  while hear -d "${prompt: -1}"; do
    seen+=$REPLY${prompt: -1}
    [ ${#seen} -lt 1000 ] || seen=${seen: -100}
    [[ $seen != *"$prompt" ]] || { note_boot "$peer" "$name" "$origin"; return 0; }
  done
  return 1
}

run_boots() {
  local peer=$1 name start
  start=boot_$(peer_name "$peer")
  declare -F "$start" >/dev/null || return 0
  for name in "${boots[@]}"; do
    with_guest "$peer" await_prompt "$start" "$peer" "$name"
  done
}
