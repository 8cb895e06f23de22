-- SPDX-License-Identifier: MIT
-- The pass count goes to 1 with no error counted.
vm:expect("Memtest86+", {timeout = 60, on = "screen"})
vm:expect("Pass:  1        Errors: 0", {timeout = 3600, on = "screen"})
vm:exit(0)
