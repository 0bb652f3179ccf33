-- The owner, the id. Result: whether it was there.
local owner, id = unpack(ARGV, ARGS + 1, ARGS + 2)
if headOf(id) ~= owner then return 0 end
remove(id)
return 1
