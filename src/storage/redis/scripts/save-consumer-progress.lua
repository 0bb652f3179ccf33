-- The id, the version, the progress, how many users are removed, those, then for each delivery: the user and the record.
-- Result: whether the consumer still has the version.
if not epoch then return {'OK', '', '', 0} end
local id, version, progress, removed = unpack(ARGV, ARGS + 1, ARGS + 4)
local kept = redis.call('HGET', CONSUMERS, id)
if not kept or string.sub(kept, 1, #version + 1) ~= version .. '\n' then return {'OK', epoch, '', 0} end
redis.call('HSET', CONSUMER_PROGRESS, id, progress)
local first = ARGS + 5 + tonumber(removed)
for i = ARGS + 5, first - 1 do redis.call('HDEL', deliveriesOf(id), ARGV[i]) end
for i = first, #ARGV, 2 do
  if redis.call('HEXISTS', USERS, ARGV[i]) == 1 then redis.call('HSET', deliveriesOf(id), ARGV[i], ARGV[i + 1]) end
end
return {'OK', epoch, '', 1}
