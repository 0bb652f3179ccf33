-- KEYS: ids, users. ARGV: the id after which to begin or '', at most how many. The users' records, by id.
local ids = redis.call('ZRANGE', KEYS[1], ARGV[1] == '' and '-' or '(' .. ARGV[1], '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
local records = {}
for i, id in ipairs(ids) do records[i] = redis.call('HGET', KEYS[2], id) end
return records
