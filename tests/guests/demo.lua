-- SPDX-License-Identifier: MIT
-- The pages of the demo floppy show what they measured; Esc in the menu ends the machine.
local function page(key, text)
  vm:expect("Power off", {timeout = 30, on = "screen"})
  vm:key(key)
  vm:expect(text, {timeout = 30, on = "screen"})
end
page("1", "KiB memory")
vm:expect("VGA, colour", {on = "screen"})
vm:key("esc")
page("2", "Space measures again")
vm:expect("million instructions a second", {on = "screen"})
vm:key("esc")
page("3", "Esc twice")
vm:key("a")
vm:expect("scan code 1Eh", {on = "screen"})
vm:key("esc")
vm:key("esc")
-- No text is read from graphics modes: the menu has gone, and is back after a key.
for _, key in ipairs{"4", "5"} do
  vm:expect("Power off", {timeout = 30, on = "screen"})
  vm:key(key)
  vm:run(3)
  assert(not (vm:screen_text() or ""):find("Power off", 1, true), "page " .. key .. " did not come")
  vm:key("spc")
end
vm:expect("Power off", {timeout = 30, on = "screen"})
vm:key("esc")
vm:wait_poweroff{timeout = 30}
