# SPDX-License-Identifier: MIT
# Where fetched packages and made images live, and how they are made once only. Source it after common.sh.
#
# The cache is $LATHE_CACHE, or cache/ in the source tree:
#   apt/            a private apt root (lists, archives), nothing of the system's
#   packages/NAME/  extracted packages
#   images/         what tools/guests/make-* built from them

cache=${LATHE_CACHE:-$root/cache}
packages=$cache/packages
images=$cache/images

# Exit status that means "the guest is not here and cannot be had", so that tests skip.
unavailable=3
not_available() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit "$unavailable"
}

# require_tools TOOL...: tools of the host; looks into the administrator's directories too.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
require_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || not_available "needs '$tool' (tools/test installs it)"
  done
}

# one_at_a_time: holds the cache's lock until the script ends; makers run under parallel tests.
one_at_a_time() {
  mkdir -p "$cache" "$images"
  exec 8>"$cache/.lock"
  flock 8
}

# newer_than IMAGE SOURCE...: true where IMAGE exists and is at least as new as all its sources.
newer_than() {
  local image=$1 source
  shift
  [ -e "$image" ] || return 1
  for source in "$@"; do
    [ ! "$source" -nt "$image" ] || return 1
  done
}

# scratch: makes a temporary directory in the cache, removed when the script ends, and sets $scratch.
scratch() {
  mkdir -p "$cache"
  scratch=$(mktemp -d "$cache/scratch.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
}

# fetched NAME...: fetches what is not there yet; passes on "not available". Releases no lock: call before one_at_a_time.
fetched() { "$root/tools/guests/fetch" "$@" || exit $?; }

# Files are stamped with this date, so that images are the same whenever they are made.
export SOURCE_DATE_EPOCH=946684800

# cd_data: three megabytes that are different in every sector; guests read them back and compare the sum.
cd_data() { seq 1 450000; }
