-- The id, the version, the record, the progress ('': as before), '1' to forget what was acknowledged. Result: whether it is new.
if not epoch then return {'GONE'} end
local id, version, record, progress, forget = unpack(ARGV, ARGS + 1, ARGS + 5)
local fresh = redis.call('HSET', CONSUMERS, id, version .. '\n' .. record)
if progress ~= '' then redis.call('HSET', CONSUMER_PROGRESS, id, progress)
elseif fresh == 1 then redis.call('HDEL', CONSUMER_PROGRESS, id) end
if fresh == 1 or forget == '1' then redis.call('UNLINK', deliveriesOf(id)) end
return {'OK', epoch, publish({'{"kind":"confirmed","users":[]}'}), fresh}
