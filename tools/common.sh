#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shared by the scripts in tools/: where things are, and how packages get installed. Source it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "needs root to run '$*': install sudo or run as root"
  fi
}

# need_packages PACKAGE...: installs with apt what dpkg does not know as installed, and says so. Ends the script
# where apt cannot.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  command -v apt-get >/dev/null || die "install these packages by hand: ${missing[*]}"
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt cannot install ${missing[*]} (no network?)"
}

# What a build needs.
build_packages=(gcc libc6-dev make cmake ninja-build pkg-config libsdl2-dev zlib1g-dev libelf-dev liblua5.4-dev libpng-dev)

# What cross-built tests need besides (tools/test-cross).
cross_packages=(gcc-s390x-linux-gnu libc6-dev-s390x-cross gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)

# configure_and_build DIRECTORY [CMAKE_OPTION...] [-- TARGET...]
configure_and_build() {
  local directory=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  cmake -G Ninja -S "$root" -B "$directory" "${options[@]}" >/dev/null
  ninja -C "$directory" "${@:2}"
}
