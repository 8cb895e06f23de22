-- SPDX-License-Identifier: MIT
-- The file that freedos-write made is there after power-on, and after Ctrl-Alt-Del.
vm:expect("A:\\>", {timeout = 60, on = "screen"})
vm:run(1) -- AUTOEXEC.BAT ends by clearing the screen
vm:type("type new.txt\n")
vm:expect("written by the guest", {on = "screen"})
vm:key("ctrl-alt-del")
vm:run(1)
assert(not vm:screen_text():find("written by the guest", 1, true), "the restart did not clear the screen")
vm:expect("A:\\>", {timeout = 60, on = "screen"})
vm:run(1) -- AUTOEXEC.BAT ends by clearing the screen
vm:type("type new.txt\n")
vm:expect("written by the guest", {on = "screen"})
vm:exit(0)
