# SPDX-License-Identifier: MIT
# Host instructions per guest instruction, which no noise touches: a machine saved at its prompt runs a little of each
# kernel under valgrind's callgrind (which must look whether code has changed that is mapped from a file, as translated
# code is); loading the state and saying nothing is what gets subtracted. Source it from tools/bench.

# machine PROGRAM...: runs the machine by a script given on standard input.
machine() {
  cat >"$scratch/script.lua"
  "$@" run --display none --cpu pentium4 ${engine:+--engine "$engine"} --mem "${memory_mib[$set]}M" --kernel "$kernel" \
    --initrd "$scratch/$set/initramfs" --append "$append" --script "$scratch/script.lua" 2>>"$scratch/errors"
}

save_at_prompt() {
  machine "$program" <<EOF || die "no prompt: $(tail -1 "$scratch/errors")"
vm:expect("#ready", {timeout = 600, on = "serial"})
vm:run(0.1)
vm:save("$scratch/prompt.state")
vm:exit(0)
EOF
}

# counted [COMMAND]: what the guest gets on its serial line from the prompt on; prints "HOST GUEST" instructions.
counted() {
  local log=$scratch/callgrind.log guest say=
  [ -z "$1" ] || say="vm:serial_send('$1\\n') vm:expect('#end', {timeout = 3600, on = 'serial'})"
  guest=$(machine valgrind --tool=callgrind --smc-check=all --callgrind-out-file=/dev/null --log-file="$log" "$program" <<EOF
vm:load("$scratch/prompt.state")
local start = vm:insns()
$say
print(vm:insns() - start)
vm:exit(0)
EOF
  ) || die "valgrind: $(tail -1 "$scratch/errors")"
  echo "$(awk '/Collected/ { print $NF }' "$log") $guest"
}

count_host_insns() {
  local engine program base host guest group name count
  command -v valgrind >/dev/null || die '--host-insns needs valgrind (package valgrind)'
  engine=$(peer_engine "$1")
  program=$(peer_program "$1" "$lathe")
  say 'booting to the prompt'
  save_at_prompt
  base=$(counted '')
  printf '%-20s %12s %12s %14s\n' "$1" 'guest insns' 'host insns' 'host per guest'
  while read -r group name count; do
    count=$((count / 50))
    read -r host guest <<<"$(counted "$group $name $((count > 0 ? count : 1))")"
    host=$((host - ${base% *}))
    awk -v name="$group/$name" -v host="$host" -v guest="$guest" \
      'BEGIN { printf "%-20s %12.0f %12.0f %14.1f\n", name, guest, host, host / guest }'
  done <"$scratch/$set/jobs"
}
