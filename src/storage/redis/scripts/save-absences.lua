-- For each user: the id and the list, '' where it is empty. Result: those who are there.
if not epoch then return {'GONE'} end
local saved, quoted = {}, {}
for i = ARGS + 1, #ARGV, 2 do
  local id, record = ARGV[i], ARGV[i + 1]
  if redis.call('HEXISTS', SYNCS, id) == 1 then
    if record == '' then redis.call('HDEL', ABSENCES, id) else redis.call('HSET', ABSENCES, id, record) end
    saved[#saved + 1] = id
    quoted[#quoted + 1] = cjson.encode(id)
  end
end
if #saved == 0 then return {'OK', epoch, '', saved} end
return {'OK', epoch, publish({appendLog('[' .. table.concat(quoted, ',') .. ']')}), saved}
