# SPDX-License-Identifier: MIT
# The same run twice: the same state hash at the same instruction count, and another one a little later.
# argument: a workload (workload.sh)
. "$here/workload.sh"
workload "$1"
first=$(state_hash "${options[@]}" --stop-at "insns=$count")
second=$(state_hash "${options[@]}" --stop-at "insns=$count")
later=$(state_hash "${options[@]}" --stop-at "insns=$((count + 10000000))")
printf '%s\n' "$first" "$second" "$later"
[ "$first" = "$second" ] || die 'two runs, two states'
[ "${first##*=}" != "${later##*=}" ] || die 'the state does not depend on the run'
