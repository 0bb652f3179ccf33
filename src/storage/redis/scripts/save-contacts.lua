-- The list; of each contact its id, its numbers with blanks between them, and the record. Result: 0 where caller names are off.
if not epoch then return {'GONE'} end
if redis.call('HEXISTS', HEAD, 'callerNames') == 0 then return {'OK', epoch, '', 0} end
local list = ARGV[ARGS + 1]
redis.call('SADD', CONTACT_LISTS, list)
for i = ARGS + 2, #ARGV, 3 do
  local contact, numbers, record = unpack(ARGV, i, i + 2)
  removeContact(list, contact)
  redis.call('HSET', contactsOf(list), contact, numbers .. '\n' .. record)
  for number in string.gmatch(numbers, '%S+') do
    local others = redis.call('HGET', contactNumbersOf(list), number)
    redis.call('HSET', contactNumbersOf(list), number, others and (others .. ' ' .. contact) or contact)
  end
end
return {'OK', epoch, '', 1}
