#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command line's contract: each bad call gives exit status 2 and exactly one line on stderr, beginning with
# "lathe: " and containing what the table says; each good one its status.
# usage: check_cli.sh [EMULATOR] LATHE
set -u
lathe=$(realpath "${!#}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
if [ $# = 2 ]; then # for another host
  printf '#!/bin/sh\nexec %q %q "$@"\n' "$1" "$lathe" > emulated
  chmod +x emulated
  lathe=$dir/emulated
fi
bad=0
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER

# Things to stumble over.
: > empty.img
head -c 1000 /dev/urandom > odd.bin
truncate -s 65537 odd-bios.bin
truncate -s 17825792 huge-bios.bin
truncate -s 368640 zero.img
head -c 100 /dev/zero > short.bin
printf '\177ELF' > cut.elf
printf 'this is not lua (' > bad.lua
printf 'error("no luck")' > failing.lua
printf 'vm:exit(7)' > seven.lua
printf 'vm:expect("never", {timeout=0.2})' > never.lua
printf 'vm:run(0.1)' > short.lua
printf 'QFI\373 rest of it' > disk.qcow2
mkdir folder
truncate -s 1M disk.img
truncate -s 368640 dead.img # cli, hlt
printf '\372\364' | dd of=dead.img conv=notrunc status=none
printf '\125\252' | dd of=dead.img conv=notrunc status=none bs=1 seek=510
touch unreadable.img && chmod 000 unreadable.img

fails() { # expected-text arguments...
  local text=$1 status lines
  shift
  timeout 60 "$lathe" "$@" > out 2> err < /dev/null
  status=$?
  lines=$(wc -l < err)
  if [ $status -ne 2 ] || [ "$lines" -ne 1 ] || ! grep -q '^lathe: ' err || ! grep -qF -- "$text" err; then
    echo "lathe $*: status $status, $lines lines, wanted 2 and one with '$text':"
    sed 's/^/  /' err
    bad=1
  fi
}

gives() { # status arguments...
  local wanted=$1 status
  shift
  timeout 60 "$lathe" "$@" > out 2> err < /dev/null
  status=$?
  if [ $status -ne "$wanted" ]; then
    echo "lathe $*: status $status, wanted $wanted:"
    sed 's/^/  /' err
    bad=1
  fi
}

has() { "$lathe" info | grep -q "^$1: [^n]"; } # an optional part of this build

translates() {
  "$lathe" run --display none --engine jit --stop-at insns=1 > out 2> err
  [ $? -eq 6 ]
}

fails 'nothing to do'
fails 'unknown verb' benchmark
fails 'not in this build yet' bench
fails 'not in this build yet' replay
fails 'unknown option' run --frobnicate
fails 'unknown option' run -x
fails 'wants a value' run --mem
fails 'takes no value' run --no-reboot=yes
fails '--mem' run --mem 0
fails '--mem' run --mem 12Q
fails '--mem' run --mem 512K
fails '--mem' run --mem 999G
fails '--mem' run --mem -5
fails '--cpu' run --cpu z80
fails "no processor model ''" run --cpu ''
fails 'cpuid_limit=N' run --cpu pentium3,turbo
fails 'cpuid_limit=N' run --cpu pentium3,
fails 'from 1 to 255' run --cpu pentium3,cpuid_limit=none
fails 'from 1 to 255' run --cpu pentium3,cpuid_limit=0
fails 'from 1 to 255' run --cpu pentium3,cpuid_limit=2,cpuid_limit=1
fails 'has no CPUID' run --cpu 386,cpuid_limit=2
fails 'needs a 386' run --cpu 286
fails 'needs a 386' run --cpu 8086
gives 6 run --cpu pentium4,cpuid_limit=1 --display none --serial null --stop-at insns=1000
fails 'not in this build yet' run --board isa
fails 'unknown' run --board amiga
fails 'not in this build yet' run --smp 2
fails '--smp' run --smp none
fails 'threshold' run --engine jit,treshold=1
fails 'many' run --engine jit,threshold=many
fails 'from 1M to 256M' run --engine jit,cache=100K
fails 'from 1M to 256M' run --engine jit,cache=1G
fails 'lots' run --engine jit,cache=lots
fails '--engine' run --engine warp
fails '--clock' run --clock broken
fails '--speed' run --speed fast
fails '--speed' run --speed 0
fails '--rtc' run --rtc 2000-02-30T00:00:00
fails '--rtc' run --rtc yesterday
fails '--boot' run --boot tape
fails 'twice' run --boot disk,disk
fails 'not in this build yet' run --boot net
[ -e /dev/dri ] || fails 'use --display none' run --display sdl # nor a screen without a window system
fails 'not in this build yet' run --display vnc
fails 'not in this build yet' run --display vnc:0
fails 'not in this build yet' run --display term
fails '--display' run --display mirror
fails '--serial' run --serial
fails '--serial' run --serial carrier-pigeon
fails '--serial' run --serial file:
fails 'only 2 serial' run --serial null --serial null --serial null
fails 'stdio' run --serial stdio --serial stdio
fails '--serial' run --display none --serial file:/nowhere/log
fails 'port' run --display none --serial tcp:localhost:99999
fails 'port' run --display none --serial tcp::0
fails "no 'pci.'" run --display none --log pit=debug,pci.=trace
fails '--stop-at' run --stop-at noon
fails '--stop-at' run --stop-at insns=many
fails '--stop-at' run --stop-at time=-1
fails '--log' run --log pic=loud
fails 'missing.img' run missing.img
fails 'empty' run empty.img
fails 'missing.img' run --fda missing.img
fails 'empty.img' run --hda empty.img
fails 'folder' run --cdrom folder
fails 'disk.qcow2' run disk.qcow2
fails 'odd.bin' run odd.bin
fails 'multiple of 64 KiB' run --bios odd-bios.bin
fails 'larger than' run --bios huge-bios.bin
fails 'empty.img' run --bios empty.img
fails 'missing.bin' run --bios missing.bin
fails 'option ROM' run --vgabios short.bin
fails 'missing' run --kernel missing
fails 'no kernel' run --kernel short.bin
fails 'no kernel' run --kernel cut.elf
fails 'empty' run --kernel empty.img
fails '--initrd wants a kernel' run --initrd short.bin
fails '--append wants a kernel' run --append quiet
fails 'IDE' run --hda disk.img --hdb disk.img --hdc disk.img --hdd disk.img --cdrom disk.img
fails 'in use' run --hda disk.img --hdb disk.img
fails 'missing.lua' run --script missing.lua
fails 'bad.lua' run --script bad.lua
fails '--screenshot' run --display none --screenshot /nowhere/a.png
fails '--save-state' run --display none --save-state /nowhere/a
fails 'state' run --display none --load-state missing
fails 'state' run --display none --load-state odd.bin
fails 'not a state file' run --display none --load-state /dev/zero
fails '--debugcon' run --display none --debugcon /nowhere/log
fails 'info' info nonsense
fails 'image' image
fails 'exists' image create disk.img 1M
fails 'size' image create new.img lots
fails '1.44M' image floppy new.img 3M
fails '/nowhere' image create /nowhere/x 1M
# Root reads everything, so that it tries as nobody.
as_nobody=()
[ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${as_nobody[@]}" "$lathe" --version > out 2> err; then
  chmod 755 .
  unreadable=(unreadable.img '--fda unreadable.img' '--cdrom unreadable.img' '--kernel unreadable.img' '--bios unreadable.img')
  for options in "${unreadable[@]}"; do
    "${as_nobody[@]}" "$lathe" run --display none $options > out 2> err
    [ $? -eq 2 ] && [ "$(wc -l < err)" -eq 1 ] && grep -q "unreadable.img.*ermission" err ||
      { echo "run $options, as nobody:"; cat err; bad=1; }
  done
  "${as_nobody[@]}" "$lathe" run --display none --screenshot here.png > out 2> err
  [ $? -eq 2 ] && grep -q 'here.png.*ermission denied' err || { echo 'a screenshot where nobody may write:'; cat err; bad=1; }
fi

gives 0 --help
gives 0 --version
gives 0 run --help
gives 0 info
gives 0 info models
gives 0 info insns
gives 0 image create new.img 10M
gives 0 image floppy dos.img 1.44M
gives 0 image info dos.img
gives 6 run --display none --stop-at insns=100000
gives 6 run --display none --stop-at insns=1000 --boot cdrom
grep -q 'an empty CD-ROM drive' err || { echo 'a boot from no CD is announced wrongly:'; cat err; bad=1; }
gives 6 run --display none --stop-at insns=1000 --log guest,all=warn,media=debug,kernel=debug,com2=trace
gives 6 run --display none --stop-at insns=1000000000000 dead.img
grep -q 'halted with interrupts off' err || { echo 'a guest died and nobody said so'; bad=1; }
if translates; then
  gives 6 run --display none --engine check --stop-at insns=100000
fi
gives 6 run --display none --stop-at time=0.05 --state-hash --stats
grep -q '^stats: insns=' err || { echo 'no line of statistics'; bad=1; }
gives 6 run --display none --engine interp --stop-at insns=1000 --stats
for line in 'engine: interpreter$' 'time: [0-9.]* % interpreting, ' 'TLB: [0-9]* look-ups '; do
  grep -q "^$line" err || { echo "no line '$line' in the interpreter's statistics"; bad=1; }
done
if translates; then
  gives 6 run --display none --engine jit,threshold=0,cache=1M --stop-at insns=100000
  gives 6 run --display none --engine jit,threshold=0 --stop-at insns=100000 --stats
  for line in 'engine: translator' 'executed: [1-9][0-9.]* % by translated code, ' 'time: [0-9.]* % translating, ' \
    'translated: [1-9]' 'host code: [1-9][0-9.]* instructions, ' 'dropped: [0-9]* blocks, [0-9]* times all; evicted: [0-9]* blocks, ' 'dispatched: [1-9]' 'jumps: [1-9]' \
    'memory: [1-9][0-9]* look-ups ' 'TLB: [1-9]' 'handled: [1-9]'; do
    grep -q "^$line" err || { echo "no line '$line' in the statistics"; bad=1; }
  done
  # Counting changes nothing that the guest sees.
  gives 6 run --display none --engine jit,threshold=0 --stop-at insns=1000000 --state-hash
  grep '^state-hash' err > plain
  gives 6 run --display none --engine jit,threshold=0 --stop-at insns=1000000 --state-hash --stats
  grep '^state-hash' err | cmp -s - plain || { echo '--stats changed the state hash'; bad=1; }
  "$lathe" run --display none --engine jit,threshold=0 --dump-jit 7C00 --perf-map --stop-at time=10 2> err & pid=$!
  wait $pid
  for line in 'block at 7c00, linear 7c00, ' 'intermediate:' 'host:' 'out of line:'; do
    [ "$(grep -c "^$line" err)" -eq 1 ] || { echo "not one line '$line' in the dump of a block"; bad=1; }
  done
  grep -Eq '^[0-9a-f]+ [0-9a-f]+ guest:7c00$' /tmp/perf-$pid.map || { echo 'no block in the map for perf'; bad=1; }
  rm -f /tmp/perf-$pid.map
  fails 'not an address' run --dump-jit 12x zero.img
fi
if translates; then engines='interpreter and translator'; else engines=interpreter; fi
"$lathe" info > out
grep -q "^engine: $engines$" out || { echo "info does not say 'engine: $engines'"; bad=1; }
if has screenshots; then
  gives 6 run --display none --stop-at time=0.05 --screenshot a.png
  [ -s a.png ] || { echo 'no screenshot'; bad=1; }
  ln -s a.png link.png
  echo old > a.png
  gives 6 run --display none --stop-at time=0.05 --screenshot link.png
  [ -L link.png ] && grep -q IHDR a.png || { echo 'a screenshot did not replace what the link leads to'; bad=1; }
  gives 5 run --display none --stop-at time=0.05 --screenshot /dev/full
  [ "$(grep -vc booting err)" = 1 ] || { echo 'a full disk is not one line:'; cat err; bad=1; }
  [ -z "$(ls -A | grep part)" ] || { echo 'a part of a screenshot was left behind'; bad=1; }
fi
if has scripts; then
  gives 0 run --display none --script short.lua
  gives 7 run --display none --script seven.lua
  gives 3 run --display none --script failing.lua
  gives 3 run --display none --script never.lua
  grep -q 'no "never" within' err || { echo 'expect failed without saying so'; bad=1; }
fi

# Two equal runs, and one in two halves through a state file.
hash() { "$lathe" run --display none --state-hash "$@" 2>&1 | grep '^state-hash:'; }
whole=$(hash --stop-at insns=1000000)
[ "$whole" = "$(hash --stop-at insns=1000000)" ] || { echo 'two equal runs differ'; bad=1; }
if has 'state files'; then
  gives 6 run --display none --stop-at insns=400000 --save-state half
  [ "$whole" = "$(hash --load-state half --stop-at insns=1000000)" ] || { echo 'a restored run differs'; bad=1; }
fi
case $whole in 'state-hash: insns=1000000 sha256='*) ;; *) echo "hash line: $whole"; bad=1 ;; esac

# Signals: a clean stop, and a line that says so.
stops() { # signal, status, options...
  local signal=$1 wanted=$2 status pid
  shift 2
  : > err # without an announcement of the call before
  "$lathe" run --display none "$@" 2> err & pid=$!
  for _ in $(seq 600); do # from the announcement on signals are caught
    grep -q '^lathe: booting' err && break
    sleep 0.1
  done
  kill -$signal $pid
  wait $pid
  status=$?
  [ $status -eq $wanted ] && [ "$(grep -c "^lathe: stopped by SIG$signal" err)" = 1 ] ||
    { echo "SIG$signal: status $status, wanted $wanted and one line:"; cat err; bad=1; }
}
stops TERM 143 zero.img
stops INT 130 zero.img
stops TERM 143 --clock real
if has scripts; then
  printf 'while true do vm:run(0.1) end' > forever.lua
  stops INT 130 --script forever.lua
  printf 'while true do end' > spin.lua
  stops TERM 143 --script spin.lua
fi

[ $bad = 0 ] && echo 'command line: fine'
exit $bad
