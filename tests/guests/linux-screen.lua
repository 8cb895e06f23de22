-- SPDX-License-Identifier: MIT
-- Busybox shell on the VGA console, driven by the keyboard.
vm:expect("lathe:/#", {timeout = 180, on = "screen"})
vm:type("clear; echo \"Sum: $((6 * 7))\" | tr a-z A-Z\n")
vm:expect("SUM: 42", {on = "screen"})
vm:type("sleep 1; poweroff -f\n") -- so that all keys are in by then
vm:wait_poweroff{timeout = 60}
