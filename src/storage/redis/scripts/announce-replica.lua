-- Announces a process, and forgets those whose time is over.
--
-- KEYS: the replicas. ARGV: the replica, and how long it is remembered in milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return 0
