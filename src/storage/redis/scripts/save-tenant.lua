-- A new epoch, the tenant's record. Result: whether it is new.
local isNew = not epoch
if isNew then
  epoch = ARGV[ARGS + 1]
  redis.call('HSET', HEAD, 'epoch', epoch, 'position', 0, 'sequence', 0, 'minGeneration', 0)
end
redis.call('HSET', HEAD, 'tenant', ARGV[ARGS + 2])
return {'OK', epoch, publish({appendLog('"all"')}), isNew and 1 or 0}
