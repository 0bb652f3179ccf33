-- The record ('': they are off, and every list goes). Result: whether they were on.
if not epoch then return {'GONE'} end
local record = ARGV[ARGS + 1]
local before = redis.call('HEXISTS', HEAD, 'callerNames')
if record ~= '' then redis.call('HSET', HEAD, 'callerNames', record)
else
  redis.call('HDEL', HEAD, 'callerNames')
  for _, list in ipairs(redis.call('SMEMBERS', CONTACT_LISTS)) do removeContactList(list) end
end
return {'OK', epoch, publish({'{"kind":"confirmed","users":[]}'}), before}
