-- SPDX-License-Identifier: MIT
-- What scripts for DOS share.
local dos = {}

-- Waits until the last line on the screen is the prompt: typing earlier overflows the BIOS's buffer of 15 keys.
function dos.prompt(timeout)
    local limit = vm:time() + (timeout or 60)
    while not vm:screen_text():match("A:\\>%s*$") do
        assert(vm:time() < limit, "no DOS prompt; the screen says:\n" .. vm:screen_text())
        vm:run(0.05)
    end
end

function dos.command(line, answer, timeout)
    dos.prompt(timeout)
    vm:type(line .. "\n")
    if answer then
        vm:expect(answer, {on = "screen", timeout = timeout or 60})
    end
end

-- To the prompt after power-on. AUTOEXEC.BAT ends by clearing the screen, so the first prompt seen may be its own.
function dos.boot()
    vm:expect("A:\\>", {timeout = 60, on = "screen"})
    vm:run(1)
    dos.prompt()
end

return dos
