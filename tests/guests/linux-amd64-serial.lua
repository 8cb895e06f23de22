-- SPDX-License-Identifier: MIT
-- Busybox shell on ttyS0 of a 64-bit kernel: 64-bit and 32-bit programs run, numbers are right, power-off ends the
-- machine.
vm:expect("lathe:/# ", {timeout = 300, on = "serial"})
vm:serial_send("echo sum-$((6 * 7))-$(uname -m)\n")
vm:expect("sum-42-x86_64", {on = "serial"})
vm:serial_send("echo wide-$((0x7fffffffffffffff / 1000000007 % 4294967296))\n")
vm:expect("wide-633437380", {on = "serial"})
vm:serial_send("seq 1 20000 | sha256sum\n")
vm:expect("f6351f5e", {on = "serial", timeout = 120})
vm:serial_send("seq 1 3000 | gzip | gunzip | awk '{ s += 1 / $1 } END { printf \"sum-%.9f\\n\", s }'\n")
vm:expect("sum-8.583749890", {on = "serial", timeout = 120})
vm:serial_send("echo flag-$(grep -wo lm /proc/cpuinfo)\n")
vm:expect("flag-lm", {on = "serial"})
vm:serial_send("busybox-i386 seq 1 20000 | busybox-i386 sha256sum | busybox-i386 sed s/^/compat-/\n")
vm:expect("compat-f6351f5e", {on = "serial", timeout = 120})
vm:serial_send("poweroff -f\n")
vm:wait_poweroff{timeout = 60}
