-- KEYS: a tenant's head, or the provider's hash. ARGV: the deadline, the field, the document's version, 1 if it is a tenant's, the document.
-- The answer is 'GONE', 'LATE', or whether the version before was there. A document begins with `{"version":N,`.
local deadline, field, version, ofTenant, document = unpack(ARGV)
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(deadline) then return 'LATE' end
if ofTenant == '1' and redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then return 'GONE' end
local kept = redis.call('HGET', KEYS[1], field)
local before = kept and tonumber(string.match(kept, '^{"version":(%d+)')) or 0
if before ~= tonumber(version) - 1 then return 0 end
redis.call('HSET', KEYS[1], field, document)
return 1
