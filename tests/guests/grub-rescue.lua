-- SPDX-License-Identifier: MIT
-- GRUB's menu, its command line, and a command that it loads a module for.
vm:expect("for a command-line", {timeout = 240, on = "screen"})
vm:type("c")
vm:expect("grub>", {on = "screen"})
vm:type("insmod regexp\n")
vm:type("echo prefix is $prefix\n")
vm:expect("prefix is (", {on = "screen"})
vm:exit(0)
