-- The record.
if not epoch then return {'GONE'} end
redis.call('HSET', HEAD, 'import', ARGV[ARGS + 1])
return {'OK', epoch, '', 1}
