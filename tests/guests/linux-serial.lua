-- SPDX-License-Identifier: MIT
-- Busybox shell on ttyS0: programs run, numbers are right, power-off ends the machine.
vm:expect("lathe:/# ", {timeout = 180, on = "serial"})
vm:serial_send("echo sum-$((6 * 7))-$(uname -m)\n")
vm:expect("sum-42-i686", {on = "serial"})
vm:serial_send("seq 1 20000 | sha256sum\n")
vm:expect("f6351f5e", {on = "serial", timeout = 120})
vm:serial_send("poweroff -f\n")
vm:wait_poweroff{timeout = 60}
