-- SPDX-License-Identifier: MIT
-- The loader's default entry boots; Linux mounts the CD and reads three megabytes right.
vm:expect("CD-ROM mounted on /cdrom", {timeout = 300, on = "serial"})
vm:expect("lathe:/# ", {timeout = 60, on = "serial"})
vm:serial_send("sha256sum /cdrom/data.bin\n")
vm:expect("fb799ec5cdce61b525a51274a83f11c868dbe5c1f512a8b2d94d5ae66e4c5fbd", {on = "serial", timeout = 180})
vm:serial_send("poweroff -f\n")
vm:wait_poweroff{timeout = 60}
