-- The id. Result: whether it was there.
if not epoch then return {'OK', '', '', 0} end
local id = ARGV[ARGS + 1]
if redis.call('HDEL', CONSUMERS, id) == 0 then return {'OK', epoch, '', 0} end
redis.call('HDEL', CONSUMER_PROGRESS, id)
redis.call('UNLINK', deliveriesOf(id))
return {'OK', epoch, publish({'{"kind":"confirmed","users":[]}'}), 1}
