#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fails on a mutable object with static storage in any of the given libraries, outside the allow-list below.
# usage: check_globals.sh LIBRARY...
set -eu
# One extended regular expression a line, with the reason.
allow='^(
interrupted_by # frontends/cli: a signal handler can reach nothing else
)$'
pattern=$(printf '%s\n' "$allow" | sed 's/ *#.*//' | grep -vE '^[()^$]*$' | paste -sd'|')
found=$(objdump -t "$@" | awk '$0 ~ / O / && ($0 ~ /\.(data|bss|tdata|tbss)[^.]/ || $0 ~ /\*COM\*/) && $0 !~ /\.data\.rel\.ro/ {print $NF}' |
  grep -vE "^(${pattern:-none})(\.[0-9]+)?$" || true)
if [ -n "$found" ]; then
  echo 'mutable objects with static storage:'
  printf '  %s\n' $found
  exit 1
fi
echo 'mutable globals: none'
