-- The version expected, the next one's record, how many are kept. Result: whether it was saved.
if not epoch then return {'GONE'} end
local expected = ARGV[ARGS + 1]
if (redis.call('HGET', HEAD, 'rulesVersion') or '0') ~= expected then return {'OK', epoch, '', 0} end
local version = integer(expected + 1)
redis.call('HSET', HEAD, 'rulesVersion', version, 'rules', ARGV[ARGS + 2])
redis.call('HSET', RULES, version, ARGV[ARGS + 2])
redis.call('HDEL', RULES, integer(version - ARGV[ARGS + 3]))
return {'OK', epoch, publish({appendLog('"all"')}), 1}
