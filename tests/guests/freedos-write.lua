-- SPDX-License-Identifier: MIT
-- FreeDOS boots; version, directory, a file by echo and one by copy.
local dos = dofile(os.getenv("GUEST_TESTS") .. "/dos.lua")
dos.boot()
dos.command("ver", "FreeCom version")
dos.command("dir", "bytes free")
assert(vm:screen_text():match("KERNEL +SYS +45,450"), vm:screen_text())
dos.command("echo written by the guest > new.txt")
dos.command("copy command.com copy.com", "=> copy.com")
dos.command("cls", nil, 120)
dos.command("if exist copy.com echo copied-%comspec%", "copied-A:")
dos.prompt()
vm:exit(0)
