-- How many at most, then for each set of keys: `OWNER` or `OWNER USER`. Result: how many were removed.
local limit = tonumber(ARGV[ARGS + 1])
local count = 0
for i = ARGS + 2, #ARGV do
  local begin = ARGV[i]
  local index = string.find(begin, ' ', 1, true) and BY_USER or BY_OWNER
  local members = redis.call('ZRANGE', index, '[' .. begin .. ' ', '(' .. begin .. '!', 'BYLEX', 'LIMIT', 0, limit - count)
  for _, member in ipairs(members) do remove(string.match(member, '%S+$')) end
  count = count + #members
  if count >= limit then break end
end
return count
