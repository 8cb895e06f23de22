-- SPDX-License-Identifier: MIT
-- Runs the script that LATHE_SCRIPT names, and prints instruction count and state hash behind each of its steps.
local machine = vm
local silent = {insns = true, time = true, screen_text = true, screen_mode = true, state_hash = true, dump = true}

local function step(name)
  return function(_, ...)
    local results = table.pack(machine[name](machine, ...))
    if not silent[name] then
      print(name, machine:insns(), machine:state_hash())
    end
    return table.unpack(results, 1, results.n)
  end
end

vm = setmetatable({}, {__index = function(_, name)
  if name == "exit" then
    return function(_, ...) return machine:exit(...) end
  end
  return step(name)
end})
dofile(os.getenv("LATHE_SCRIPT"))
