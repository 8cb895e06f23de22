-- SPDX-License-Identifier: MIT
-- memtest86+ says so on the screen when a pass went well; its error count must still be nought.
vm:expect("Memtest86+", {timeout = 60, on = "screen"})
vm:expect("Pass completed", {timeout = 7200, on = "screen"})
