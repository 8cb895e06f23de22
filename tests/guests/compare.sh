# SPDX-License-Identifier: MIT
# Another case on several engines: behind each step of its script, the same state hash at the same instruction count.
# arguments: engines with blanks in between, the case, its arguments
compared=$1
case_name=$2
shift 2
. "$here/$case_name.sh"
