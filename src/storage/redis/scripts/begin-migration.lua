-- Begins a migration into an empty Redis, or goes on with one.
--
-- KEYS: the hash of the installation. ARGV: the source, its key check, how many tenants there are.
local source, done = unpack(redis.call('HMGET', KEYS[1], 'source', 'copied'))
if source then return source == ARGV[1] and (done and 'done' or 'goes on') or 'another' end
if ARGV[3] ~= '0' or redis.call('HEXISTS', KEYS[1], 'keyCheck') == 1 then return 'another' end
redis.call('HSET', KEYS[1], 'source', ARGV[1], 'keyCheck', ARGV[2])
return 'begun'
