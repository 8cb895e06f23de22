-- SPDX-License-Identifier: MIT
-- Everyday work of a script: tables, closures, strings, patterns, floats. Prints sums of what it found.
local function queens(size)
  local columns, rising, falling, found = {}, {}, {}, 0
  local function place(row)
    if row > size then
      found = found + 1
      return
    end
    for column = 1, size do
      if not (columns[column] or rising[row + column] or falling[row - column]) then
        columns[column], rising[row + column], falling[row - column] = true, true, true
        place(row + 1)
        columns[column], rising[row + column], falling[row - column] = nil, nil, nil
      end
    end
  end
  place(1)
  return found
end

local function words(count)
  local text, seed, seen, longest = {}, 42, {}, ""
  for i = 1, count do
    seed = (seed * 1103515245 + 12345) % 2147483648
    text[i] = string.format("%x", seed % 65536)
  end
  for word in table.concat(text, " "):gmatch("%a+") do
    seen[word] = (seen[word] or 0) + 1
    if #word > #longest or (#word == #longest and word < longest) then longest = word end
  end
  local keys = {}
  for word in pairs(seen) do keys[#keys + 1] = word end
  table.sort(keys, function(a, b) return seen[a] > seen[b] or (seen[a] == seen[b] and a < b) end)
  return #keys, keys[1], seen[keys[1]], longest
end

local function spectral(size)
  local vector = {}
  for i = 1, size do vector[i] = 1.0 end
  for _ = 1, 4 do
    local product = {}
    for i = 1, size do
      local sum = 0.0
      for j = 1, size do sum = sum + vector[j] / ((i + j - 1) * (i + j - 2) // 2 + i) end
      product[i] = sum
    end
    vector = product
  end
  return string.format("%.6f", vector[1])
end

print(queens(7))
print(words(20000))
print(spectral(100))
