-- SPDX-License-Identifier: MIT
-- GRUB's shell, and a command that it has to load a module for.
vm:expect("grub>", {timeout = 240, on = "screen"})
vm:type("insmod regexp\n")
vm:type("echo prefix is $prefix\n")
vm:expect("prefix is (", {on = "screen"})
vm:exit(0)
