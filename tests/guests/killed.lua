-- SPDX-License-Identifier: MIT
-- A guest writes, flushes, and in that moment Lathe is killed outright. GUEST_KILLED: freedos or debian.
if os.getenv("GUEST_KILLED") == "freedos" then
    local dos = dofile(os.getenv("GUEST_TESTS") .. "/dos.lua")
    dos.boot()
    dos.command("echo flushed > new.txt")
    dos.prompt()
else
    vm:expect("lathe login: ", {timeout = 900, on = "serial"})
    vm:serial_send("root\n")
    vm:expect("root@lathe:~# ", {timeout = 120, on = "serial"})
    vm:serial_send("echo flushed >/root/mark; sync; echo done-$((6 * 7))\n")
    vm:expect("done-42", {timeout = 60, on = "serial"})
end
os.execute("kill -KILL $PPID")
