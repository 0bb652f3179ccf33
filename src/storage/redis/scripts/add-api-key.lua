-- The owner, the user or *, how many that one may have, the id, the record. Result: whether it was added.
local owner, user, max, id, record = unpack(ARGV, ARGS + 1, ARGS + 5)
local begin = owner .. ' ' .. user
-- '!' follows the blank.
local count = redis.call('ZLEXCOUNT', BY_USER, '[' .. begin .. ' ', '(' .. begin .. '!')
if count >= tonumber(max) or redis.call('HEXISTS', RECORDS, id) == 1 then return 0 end
put(id, record)
return 1
