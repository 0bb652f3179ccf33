-- KEYS: the session. ARGV: its new end, milliseconds since 1970, and how long the record outlasts it.
-- One that was removed does not come back.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'expiresAt', ARGV[1])
local now = redis.call('TIME')
local left = tonumber(ARGV[1]) - now[1] * 1000
redis.call('PEXPIRE', KEYS[1], math.max(1, left) + tonumber(ARGV[2]))
return 1
