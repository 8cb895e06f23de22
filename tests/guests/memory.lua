-- SPDX-License-Identifier: MIT
-- How much of the host's memory the machine takes: beyond guest memory at the most GUEST_MEMORY_MAX MiB, and of guest
-- memory what the guest touched. GUEST_MEMORY_CASE: linux, installer, freedos or cc1.
local OVERHEAD_MAX = tonumber(os.getenv("GUEST_MEMORY_MAX")) * 1024 -- KiB

-- KiB resident: guest memory, and all else. A memory file that is mapped twice is resident once.
local function resident()
    local files, other, path = {}, 0, ""
    for line in io.lines("/proc/self/smaps") do
        path = line:match("^%x+%-%x+ %S+ %S+ %S+ %S+ *(.*)$") or path
        local kib = tonumber(line:match("^Rss: +(%d+)") or 0)
        if path:find("^/memfd:") then
            files[path] = math.max(files[path] or 0, kib)
        else
            other = other + kib
        end
    end
    local guest = "/memfd:lathe-guest-memory (deleted)"
    for name, kib in pairs(files) do
        other = other + (name == guest and 0 or kib)
    end
    return assert(files[guest], "no guest memory in smaps"), other
end

local function check(guest_max)
    local guest, other = resident()
    print(("resident: guest memory %d KiB, beyond it %d KiB"):format(guest, other))
    assert(other < OVERHEAD_MAX, "too much beyond guest memory")
    assert(guest < guest_max, "guest memory is resident that nobody touched")
end

local case = os.getenv("GUEST_MEMORY_CASE")
if case == "linux" then
    vm:expect("lathe:/# ", {timeout = 180, on = "serial"})
    vm:serial_send("seq 1 20000 | sha256sum\n")
    vm:expect("f6351f5e", {on = "serial", timeout = 120})
    check(96 * 1024)
elseif case == "installer" then
    vm:expect("Select a language", {timeout = 600, on = "screen"})
    check(192 * 1024)
elseif case == "cc1" then
    vm:expect("#ready", {timeout = 180, on = "serial"})
    vm:serial_send("applications cc1 2\n")
    vm:expect("#end applications cc1 ", {timeout = 1200, on = "serial"})
    check(256 * 1024)
else
    vm:expect("A:\\>", {timeout = 60, on = "screen"})
    check(3 * 1024)
end
vm:exit(0)
