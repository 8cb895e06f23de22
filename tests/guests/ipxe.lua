-- SPDX-License-Identifier: MIT
vm:expect("iPXE 1.", {timeout = 120, on = "screen"})
vm:exit(0)
