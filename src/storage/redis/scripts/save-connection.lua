-- The record or '', '1' to read anew, and what an unread sync record is whose calendar is enabled and not.
if not epoch then return {'GONE'} end
local connection, reread = ARGV[ARGS + 1], ARGV[ARGS + 2]
local before = redis.call('HEXISTS', HEAD, 'connection')
if connection == '' then redis.call('HDEL', HEAD, 'connection')
else redis.call('HSET', HEAD, 'connection', connection) end
if reread == '1' then
  local unread = {['1'] = ARGV[ARGS + 3], ['0'] = ARGV[ARGS + 4]}
  redis.call('UNLINK', TIMELINES)
  local syncs = redis.call('HGETALL', SYNCS)
  for i = 1, #syncs, 2 do
    local generation, enabled = string.match(syncs[i + 1], '^(%S+) (%S+) ')
    redis.call('HSET', SYNCS, syncs[i], integer(generation + 1) .. ' ' .. enabled .. ' -\n' .. unread[enabled])
  end
end
return {'OK', epoch, publish({appendLog('"all"')}), before}
