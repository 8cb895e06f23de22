#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# House rules that a script can see: an SPDX line in each source, no file over 800 lines (tables exempt), and headers that compile alone.
# usage: check_files.sh SOURCE_DIR BUILD_DIR
set -eu
cd "$1"
bad=0
complain() { echo "$1"; bad=1; }

while IFS= read -r file; do
  head -4 "$file" | grep -q 'SPDX-License-Identifier: ' || complain "$file: no SPDX line"
  case $file in *font*|*table*|*.def) continue ;; esac
  lines=$(wc -l < "$file")
  [ "$lines" -le 800 ] || complain "$file: $lines lines, 800 allowed"
done < <(git ls-files '*.c' '*.h' '*.inc' '*.def' '*.S' '*.asm' '*.sh' '*.lua' '*.cmake' CMakeLists.txt '*/CMakeLists.txt' 2>/dev/null | while read -r f; do [ -f "$f" ] && echo "$f"; done)

flags="-std=c17 -fsyntax-only -D_POSIX_C_SOURCE=200809L -I. -I$2"
while IFS= read -r header; do
  ${CC:-cc} $flags -x c "$header" || complain "$header: does not compile alone"
done < <(find core jit devices -name '*.h' 2>/dev/null | sort)
[ $bad = 0 ] && echo 'files: fine'
exit $bad
