-- Makes the hash of the installation where there is none.
--
-- KEYS: the hash of the installation. ARGV: names and values.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
