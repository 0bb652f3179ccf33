-- Begins a rotation: adds the next key check to this current one, and to none that has one.
--
-- KEYS: the hash of the installation. ARGV: the current key check, the next one. Returns both as they are kept.
if redis.call('HGET', KEYS[1], 'keyCheck') == ARGV[1] then redis.call('HSETNX', KEYS[1], 'keyCheckNext', ARGV[2]) end
return redis.call('HMGET', KEYS[1], 'keyCheck', 'keyCheckNext')
