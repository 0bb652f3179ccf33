-- The ids as JSON, the user, the record or ''. Result: whether the user is there.
if not epoch then return {'GONE'} end
local id, record = ARGV[ARGS + 2], ARGV[ARGS + 3]
if redis.call('HEXISTS', SYNCS, id) == 0 then return {'OK', epoch, '', 0} end
if record == '' then redis.call('HDEL', OVERRIDES, id) else redis.call('HSET', OVERRIDES, id, record) end
return {'OK', epoch, publish({appendLog(ARGV[ARGS + 1])}), 1}
