-- SPDX-License-Identifier: MIT
-- FreeDOS boots; version, directory, a file by echo and one by copy.
vm:expect("A:\\>", {timeout = 60, on = "screen"})
vm:run(1) -- AUTOEXEC.BAT ends by clearing the screen
vm:type("ver\n")
vm:expect("FreeCom version", {on = "screen"})
vm:type("dir\n")
vm:expect("bytes free", {on = "screen"})
vm:expect("KERNEL   SYS", {on = "screen"})
vm:type("echo written by the guest > new.txt\n")
vm:type("copy command.com copy.com\n")
vm:expect("=> A:\\COPY.COM", {on = "screen", timeout = 120})
vm:type("cls\nif exist copy.com echo copied-%comspec%\n")
vm:expect("copied-A:", {on = "screen", timeout = 120})
vm:expect("A:\\>", {on = "screen"})
vm:run(5)
vm:exit(0)
