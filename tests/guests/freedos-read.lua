-- SPDX-License-Identifier: MIT
-- The file that freedos-write made is there after power-on, and after Ctrl-Alt-Del.
local dos = dofile(os.getenv("GUEST_TESTS") .. "/dos.lua")
dos.boot()
dos.command("type new.txt", "written by the guest")
vm:key("ctrl-alt-del")
vm:run(1)
assert(not vm:screen_text():find("written by the guest", 1, true), "the restart did not clear the screen")
dos.boot()
dos.command("type new.txt", "written by the guest")
vm:exit(0)
