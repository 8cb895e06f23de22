# SPDX-License-Identifier: MIT
# The same state hash at the same instruction count on every engine.
# arguments: a workload (workload.sh), engines
. "$here/workload.sh"
workload "$1"
first=
for engine in "${@:2}"; do
  line=$(state_hash "${options[@]}" --engine "$engine" --stop-at "insns=$count")
  echo "$engine: $line"
  [ "${first:=$line}" = "$line" ] || die "engine $engine has another state than engine $2"
done
