#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fails on an include that points up: core/base <- core/mem <- core/x86 <- {jit, devices} <- devices/pc <- frontends.
# usage: check_includes.sh SOURCE_DIR
set -eu
cd "$1"

# What a folder may include, most specific first.
allowed_for() {
  case $1 in
    core/base/*) echo 'core/base/|config\.h' ;;
    core/mem/*) echo 'core/(base|mem)/|config\.h' ;;
    core/x86/fpu/*) echo 'core/(base|x86/fpu)/|config\.h' ;;
    core/x86/*) echo 'core/|config\.h' ;;
    jit/*) echo '(core|jit)/|config\.h' ;;
    devices/pc/*) echo '(core|jit|devices|bios)/|config\.h|firmware\.h|embedded_images\.h' ;;
    devices/*) echo '(core/base|core/mem|devices/(chipset|storage|video|audio|net|serial|input|media))/|config\.h' ;;
    frontends/embed/*) echo '(core|devices|frontends/embed)/|config\.h|embedded_images\.h' ;;
    frontends/*) echo 'frontends/|core/base/|devices/input/keys\.h|devices/media/|config\.h' ;;
    *) echo '.' ;;
  esac
}

# In quotes whatever it is; in angle brackets where it is one of our folders.
ours='#[[:space:]]*include[[:space:]]*("|<(core|jit|devices|frontends|bios|tests)/)'
bad=0
while IFS= read -r file; do
  allowed=$(allowed_for "$file")
  wrong=$(grep -nE "$ours" "$file" | grep -vE "include[[:space:]]*[\"<]($allowed)" || true)
  if [ -n "$wrong" ]; then
    printf '%s\n' "$wrong" | sed "s|^|$file:|"
    bad=1
  fi
done < <(find core jit devices frontends \( -name '*.c' -o -name '*.h' -o -name '*.inc' \) 2>/dev/null | sort)
[ $bad = 0 ] && echo 'include directions: fine'
exit $bad
