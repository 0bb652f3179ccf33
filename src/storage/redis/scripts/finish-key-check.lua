-- Ends a rotation: the next key check becomes the current one, where it is still the one that is kept.
--
-- KEYS: the hash of the installation. ARGV: the next key check.
if redis.call('HGET', KEYS[1], 'keyCheckNext') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'keyCheck', ARGV[1])
redis.call('HDEL', KEYS[1], 'keyCheckNext')
return 1
