# SPDX-License-Identifier: MIT
# How tools/bench starts each peer, and how it finds out that one is missing. Source it.
#
# A peer is NAME[:ENGINE][@PROGRAM], NAME one of lathe, qemu, bochs, native. Each start_NAME runs the jobs of $set (kernels
# or applications) in a guest with its serial line on the FIFO $line and sets $pid.

declare -A memory_mib=([kernels]=64 [applications]=256)
append='console=ttyS0,115200 quiet'

peer_name() { local name=${1%%[:@]*}; echo "$name"; }
peer_engine() { [[ $1 == *:* ]] && { local rest=${1#*:}; echo "${rest%%@*}"; } || true; }
peer_program() { [[ $1 == *@* ]] && echo "${1#*@}" || echo "$2"; }

# missing PEER: prints why the peer cannot run; nothing where it can.
missing() {
  local program
  case $(peer_name "$1") in
    lathe)
      program=$(peer_program "$1" "$lathe")
      [ -x "$program" ] || echo "no $program: build first (tools/quickstart)"
      ;;
    qemu) command -v qemu-system-i386 >/dev/null || echo 'qemu-system-i386 is not installed (package qemu-system-x86)' ;;
    bochs) missing_bochs ;;
    native) runs_natively || echo 'this host does not run 32-bit x86 programs' ;;
    *) die "unknown peer '$1': lathe[:ENGINE][@PROGRAM], qemu, bochs or native" ;;
  esac
}

# Without arguments they explain themselves and end with 2.
runs_natively() {
  set -- "$images"/bench-*/bench/*
  "$1" 2>/dev/null || [ $? = 2 ]
}

bochs_bios=/usr/share/bochs/BIOS-bochs-latest
bochs_vga_bioses=(/usr/share/vgabios/vgabios.bin /usr/share/seabios/vgabios-stdvga.bin)
isolinux_loader=/usr/lib/ISOLINUX/isolinux.bin
isolinux_library=/usr/lib/syslinux/modules/bios/ldlinux.c32

bochs_vga_bios() {
  local file
  for file in "${bochs_vga_bioses[@]}"; do
    [ ! -f "$file" ] || { echo "$file"; return; }
  done
}

missing_bochs() {
  local file
  for file in bochs xorriso; do
    command -v "$file" >/dev/null || { echo "$file is not installed (package $file)"; return; }
  done
  for file in "$bochs_bios" "$isolinux_loader" "$isolinux_library"; do
    [ -f "$file" ] || { echo "no $file (packages bochsbios, isolinux, syslinux-common)"; return; }
  done
  [ -n "$(bochs_vga_bios)" ] || echo 'no VGA BIOS for bochs (package vgabios or seabios)'
}

start_lathe() {
  local engine program
  engine=$(peer_engine "$1")
  program=$(peer_program "$1" "$lathe")
  "$program" run --display none --clock virtual --cpu pentium4 ${engine:+--engine "$engine"} --serial stdio --stats \
    --mem "${memory_mib[$set]}M" --kernel "$kernel" --initrd "$scratch/$set/initramfs" --append "$append" \
    <"$scratch/input" >"$line" 2>"$scratch/errors" &
  pid=$!
}

start_qemu() {
  local engine
  engine=$(peer_engine "$1")
  qemu-system-i386 -accel "${engine:-tcg}" -cpu pentium3,+sse2 -display none -monitor none -serial stdio -no-reboot \
    -m "${memory_mib[$set]}" -kernel "$kernel" -initrd "$scratch/$set/initramfs" -append "$append" \
    <"$scratch/input" >"$line" 2>"$scratch/errors" &
  pid=$!
}

# Bochs has no loader for kernels: the same two files on a CD.
make_bochs_cd() {
  local tree=$scratch/$set/cd
  mkdir -p "$tree"/{boot,isolinux}
  cp "$kernel" "$tree/boot/vmlinuz"
  cp "$scratch/$set/initramfs" "$tree/boot/initramfs.gz"
  cp "$isolinux_loader" "$isolinux_library" "$tree/isolinux/"
  printf 'prompt 0\ndefault linux\nlabel linux\n  kernel /boot/vmlinuz\n  append initrd=/boot/initramfs.gz %s\n' \
    "$append" >"$tree/isolinux/isolinux.cfg"
  xorriso -as mkisofs -quiet -R -J -V LATHE -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot \
    -boot-load-size 4 -boot-info-table -o "$scratch/$set/bochs.iso" "$tree" >"$scratch/errors" 2>&1 ||
    die "xorriso failed: $(tail -1 "$scratch/errors")"
}

write_bochsrc() {
  cat <<EOF
plugin_ctrl: serial=1
display_library: rfb, options="timeout=0"
romimage: file=$bochs_bios
vgaromimage: file=$(bochs_vga_bios)
cpu: model=p4_willamette, count=1, ips=100000000
clock: sync=none
megs: ${memory_mib[$set]}
ata0-master: type=cdrom, path=$scratch/$set/bochs.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$line
log: $scratch/bochs.log
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
panic: action=fatal
error: action=ignore
info: action=ignore
EOF
}

# Debian's build waits in its debugger at power-on: "c" continues.
start_bochs() {
  [ -f "$scratch/$set/bochs.iso" ] || make_bochs_cd
  write_bochsrc >"$scratch/bochsrc"
  echo c >"$scratch/bochs.commands"
  bochs -q -f "$scratch/bochsrc" -rc "$scratch/bochs.commands" <"$scratch/input" >"$scratch/errors" 2>&1 &
  pid=$!
}

# The programs themselves, on the host.
start_native() {
  {
    cd "$images/bench-$set"
    echo '#ready'
    while read -r program name count; do
      "bench/$program" "$name" "$count"
    done <"$scratch/$set/jobs"
    echo '#done'
  } <"$scratch/input" >"$line" 2>"$scratch/errors" &
  pid=$!
}
