-- SPDX-License-Identifier: MIT
-- Input for the state hash test; the run ends by --stop-at.
vm:expect("A:\\>", {timeout = 60, on = "screen"})
vm:type("dir\n")
vm:run(3600)
