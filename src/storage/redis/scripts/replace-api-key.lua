-- The owner, the digest that it has, the id, the record. Result: whether it was replaced.
local owner, digest, id, record = unpack(ARGV, ARGS + 1, ARGS + 4)
local keptOwner, _, keptDigest = headOf(id)
if keptOwner ~= owner or keptDigest ~= digest then return 0 end
put(id, record)
return 1
