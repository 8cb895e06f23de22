-- SPDX-License-Identifier: MIT
-- Runs each program twice on the bench's initramfs and expects the host's check sum.
vm:expect("#ready", {timeout = 180, on = "serial"})
for line in io.lines(os.getenv("BENCH_SUMS")) do
  local program, kernel, sum = line:match("(%S+) (%S+) (%S+)")
  vm:serial_send(string.format("%s %s 2\n", program, kernel))
  vm:expect(string.format("#end %s %s ", program, kernel), {timeout = 120, on = "serial"})
  vm:expect(" " .. sum, {timeout = 10, on = "serial"})
end
