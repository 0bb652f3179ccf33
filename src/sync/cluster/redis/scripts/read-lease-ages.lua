-- Milliseconds since each name was last held, by the clock of Redis; -1 where it never was.
--
-- KEYS: when each name was last held.
-- ARGV: how many names.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ages = {}
for index = 1, tonumber(ARGV[1]) do
  local heldAt = redis.call('HGET', KEYS[1], index)
  ages[index] = heldAt and now - heldAt or -1
end
return ages
