-- SPDX-License-Identifier: MIT
-- The invaders march, and the cannon goes where the cursor keys say.
local function cannon()
    local last
    for line in vm:screen_text():gmatch("[^\n]+") do
        last = line:find("/ \\", 1, true) or last
    end
    return last
end

vm:expect("-*-", {timeout = 30, on = "screen"})
vm:run(0.2)
local start = assert(cannon(), "no cannon on the screen")
for _ = 1, 10 do
    vm:key("left")
end
vm:run(0.2)
local now = assert(cannon(), "the cannon is gone")
assert(now < start, "the cannon did not move to the left: column " .. now .. " after " .. start)
vm:exit(0)
