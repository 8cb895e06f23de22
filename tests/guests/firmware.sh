# SPDX-License-Identifier: MIT
# The committed firmware is what its sources make: the same bytes by the compiler that made it, and a working machine by
# clang.
made_by='12.2.0'

# build DIRECTORY [MAKE_OPTION...]
build() {
  mkdir -p "$work/$1"
  make -s -C "$root/bios" OUT="$work/$1/out" IMAGES="$work/$1" "${@:2}" >"$work/log" 2>&1 ||
    { grep -v CC16 "$work/log" | tail -5; die "the firmware does not build: $1"; }
}

for tool in make gcc; do command -v $tool >/dev/null || skip "needs $tool"; done
case $(gcc -dumpmachine) in x86_64-* | i?86-*) ;; *) skip 'needs a compiler for 16-bit x86 code' ;; esac
build gcc
if [ "$(gcc -dumpfullversion)" = $made_by ]; then
  for image in "$root"/bios/images/*; do cmp "$image" "$work/gcc/$(basename "$image")"; done
fi
if command -v clang >/dev/null; then
  build clang CC16='clang -fno-integrated-as'
  boot demo --bios "$work/clang/bios.bin" --vgabios "$work/clang/vgabios.bin" --fda "$work/clang/demo.img"
fi
