#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fails on a mutable object with static storage, thread-local ones included, in any of the given libraries and objects,
# outside the allow-list below.
# usage: check_globals.sh LIBRARY|OBJECT...
set -eu
# One extended regular expression a line, with the reason: signal handlers have no argument.
allow='
signals  # frontends/cli: the machine that a signal interrupts
terminal # frontends/serial: the settings that a signal restores
'
pattern=$(printf '%s\n' "$allow" | sed 's/ *#.*//' | grep . | paste -sd'|')
# objdump's lines: "address flags section TAB size name". Constant data that only needs relocation is in .data.rel.ro.
symbols=$(objdump -t "$@")
found=$(printf '%s\n' "$symbols" | awk -F'\t' 'NF == 2 {
    words = split($1, left, " "); section = left[words]
    split($2, right, " "); size = right[1]; name = right[2]
    if (section !~ /^(\.s?data|\.s?bss|\.tdata|\.tbss|\*COM\*)(\.|$)/ || section ~ /^\.data\.rel\.ro/) next
    if (size ~ /^0*$/ || name == section) next
    print name
  }' | grep -vE "^(${pattern})(\.[0-9]+)?$" || true)
if [ -n "$found" ]; then
  echo 'mutable objects with static storage:'
  printf '  %s\n' $found
  exit 1
fi
echo 'mutable globals: none'
