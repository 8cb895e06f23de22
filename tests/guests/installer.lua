-- SPDX-License-Identifier: MIT
-- The language dialog, and that it takes keys.
vm:expect("Select a language", {timeout = 600, on = "screen"})
vm:expect("English", {on = "screen"})
vm:key("enter")
vm:expect("Select your location", {timeout = 120, on = "screen"})
vm:exit(0)
