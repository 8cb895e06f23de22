# SPDX-License-Identifier: MIT
# The translator and the interpreter in lockstep for a while.
# arguments: a workload (workload.sh), an instruction count
. "$here/workload.sh"
workload "$1"
state_hash "${options[@]}" --engine check --stop-at "insns=$2"
