-- SPDX-License-Identifier: MIT
-- Debian from the hard disk: GRUB's menu on the screen, the rest on ttyS0.
vm:expect("GRUB", {timeout = 60, on = "screen"})
vm:expect("lathe login: ", {timeout = 900, on = "serial"})
vm:serial_send("root\n")
vm:expect("root@lathe:~# ", {timeout = 120, on = "serial"})
vm:serial_send("apt --version\n")
vm:expect("apt 2.", {timeout = 60, on = "serial"})
vm:serial_send("echo guest-was-here >/root/mark; sync; poweroff\n")
vm:wait_poweroff{timeout = 300}
