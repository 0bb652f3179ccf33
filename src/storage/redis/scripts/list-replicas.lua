-- The replicas that are not forgotten yet, each with when it is.
--
-- KEYS: the replicas.
local time = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), '+inf', 'WITHSCORES')
