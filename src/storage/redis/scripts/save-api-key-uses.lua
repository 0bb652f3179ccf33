-- For each use: the id, the day. Result: 1.
for i = ARGS + 1, #ARGV, 2 do
  local id, day = ARGV[i], ARGV[i + 1]
  if redis.call('HEXISTS', RECORDS, id) == 1 and (redis.call('HGET', USES, id) or '') < day then
    redis.call('HSET', USES, id, day)
  end
end
return 1
