-- Removes the oldest entries of an audit whose time is over. What another process removed meanwhile is passed over.
--
-- KEYS: audit, audit head, parts, parts of users. ARGV: the position of the last entry to remove, its hash, then for each part its
-- place and its member in the parts of users.
local position, hash = ARGV[1], ARGV[2]
local kept = redis.call('HGET', KEYS[2], 'position')
local trimmed = redis.call('HGET', KEYS[2], 'trimmed')
if not kept or tonumber(kept) < tonumber(position) or tonumber(trimmed or 0) >= tonumber(position) then return 0 end
for i = 3, #ARGV, 2 do
  redis.call('HDEL', KEYS[3], ARGV[i])
  redis.call('ZREM', KEYS[4], ARGV[i + 1])
end
redis.call('XTRIM', KEYS[1], 'MINID', '=', string.format('%.0f', position + 1) .. '-0')
redis.call('HSET', KEYS[2], 'trimmed', position, 'trimmedHash', hash)
return 1
