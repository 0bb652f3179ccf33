-- The records of some users, and the log after a position, at one moment: one command costs a client less than half of what a
-- transaction of as many reads does.
--
-- KEYS: head, log, users, syncs, timelines, overrides, absences.
-- ARGV: the position, or '' where no log is wanted, then ids of users.
-- Returns epoch, position, sequence, rereads and rereadAt of the head; how many entries the log has, and those after the position; then of
-- each other key the values in the order of the ids.
local first = 2
local answer = {redis.call('HMGET', KEYS[1], 'epoch', 'position', 'sequence', 'rereads', 'rereadAt'), {}}
if ARGV[1] ~= '' then
  answer[2] = {redis.call('XLEN', KEYS[2]), redis.call('XRANGE', KEYS[2], (ARGV[1] + 1) .. '-0', '+')}
end
for key = 3, #KEYS do
  local values = {}
  -- unpack takes some thousands of arguments at most.
  for from = first, #ARGV, 1000 do
    local part = redis.call('HMGET', KEYS[key], unpack(ARGV, from, math.min(from + 999, #ARGV)))
    for index, value in ipairs(part) do values[from - first + index] = value end
  end
  answer[key] = values
end
return answer
