-- The list; of each contact its id, what is stored of it, and what is to be. One that is something else by now is passed over.
if not epoch then return {'OK', '', ''} end
local key = contactsOf(ARGV[ARGS + 1])
for i = ARGS + 2, #ARGV, 3 do
  if redis.call('HGET', key, ARGV[i]) == ARGV[i + 1] then redis.call('HSET', key, ARGV[i], ARGV[i + 2]) end
end
return {'OK', epoch, ''}
