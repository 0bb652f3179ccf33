-- The connection's record or '', then for each user: id, record. What is not there is passed over; nothing is logged.
if not epoch then return {'GONE'} end
if ARGV[ARGS + 1] ~= '' and redis.call('HEXISTS', HEAD, 'connection') == 1 then
  redis.call('HSET', HEAD, 'connection', ARGV[ARGS + 1])
end
for i = ARGS + 2, #ARGV, 2 do
  if redis.call('HEXISTS', USERS, ARGV[i]) == 1 then redis.call('HSET', USERS, ARGV[i], ARGV[i + 1]) end
end
return {'OK', epoch, '', 0}
