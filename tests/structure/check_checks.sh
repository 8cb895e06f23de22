#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The structure checks can fail: each kind of offence, planted alone, is found, and innocent code is not accused.
# usage: check_checks.sh
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0

expect() { # fails|passes, what was planted, command...
  local wanted=$1 what=$2 got=passes
  shift 2
  "$@" >out 2>&1 || got=fails
  [ $got = "$wanted" ] && return
  echo "$(basename "$1") $got, wanted: $wanted; planted: $what"
  cat out
  bad=1
}

includes() { # fails|passes, file, line
  rm -rf tree
  mkdir -p "tree/$(dirname "$2")"
  printf '%s\n' "$3" >"tree/$2"
  expect "$1" "$2: $3" "$here/check_includes.sh" tree
}

globals() { # fails|passes, code
  local flags
  for flags in -fno-pic '-fPIC -fdata-sections'; do
    printf '%s\n' "$2" >code.c
    ${CC:-cc} -std=c17 -O2 $flags -c code.c -o code.o || bad=1
    expect "$1" "$2" "$here/check_globals.sh" code.o
  done
}

includes fails core/base/a.c '#include "core/mem/b.h"'
includes fails core/base/a.h '#include "../mem/b.h"'
includes fails core/mem/a.c '#include <core/x86/b.h>'
includes fails core/x86/a.c '  #  include  "devices/pc/machine.h"'
includes fails core/x86/fpu/a.c '#include "core/mem/b.h"'
includes fails core/x86/a.inc '#include "jit/b.h"'
includes fails jit/a.c '#include "devices/pc/b.h"'
includes fails devices/chipset/a.c '#include "core/x86/cpu.h"'
includes fails devices/chipset/a.c '#include "devices/pc/machine.h"'
includes fails devices/pc/a.c '#include "frontends/embed/lathe.h"'
includes fails frontends/embed/a.c '#include "frontends/cli/cli.h"'
includes fails frontends/sdl/a.c '#include "devices/pc/machine.h"'
includes passes devices/pc/a.c '#include "core/x86/cpu.h"'
includes passes core/x86/a.c '#include <string.h>'

globals fails 'int a;'
globals fails 'static int a = 1; int f(void); int f(void) { return a++; }'
globals fails 'int f(void); int f(void) { static int a; return a++; }'
globals fails 'const char *names[] = {"a"};'
globals fails '_Thread_local int a;'
globals fails '__attribute__((common)) int a;'
globals passes 'extern const char *const names[]; const char *const names[] = {"a"};'
globals passes 'extern const int a; const int a = 3;'
expect fails 'a file that is not there' "$here/check_globals.sh" nothing.o

[ $bad = 0 ] && echo 'structure checks: fine'
exit $bad
