-- SPDX-License-Identifier: MIT
-- The language dialog, and that it takes keys.
vm:expect("Select a language", {timeout = 600, on = "screen"})
vm:expect("English", {on = "screen"})
vm:exit(0)
