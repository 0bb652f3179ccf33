-- The record or '', '1' to read anew. Result: whether there was one before.
if not epoch then return {'GONE'} end
local connection, reread = ARGV[ARGS + 1], ARGV[ARGS + 2]
local before = redis.call('HEXISTS', HEAD, 'connection')
if connection == '' then redis.call('HDEL', HEAD, 'connection')
else redis.call('HSET', HEAD, 'connection', connection) end
if reread == '1' then
  redis.call('HSET', HEAD, 'rereads', integer(rereads + 1), 'rereadAt', at)
  redis.call('UNLINK', TIMELINES)
end
return {'OK', epoch, publish({appendLog('"all"')}), before}
