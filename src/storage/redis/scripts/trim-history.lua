-- For each part that ended: 't' (timeline), 'o' (override) or 'a' (absences), user, its bytes, what is left of them or ''. A part that
-- has other bytes by now was written meanwhile, and is left. Result: 1 if the log has more that is too old.
if not epoch then return {'GONE'} end
local hashes = {t = TIMELINES, o = OVERRIDES, a = ABSENCES}
local changed, seen = {}, {}
for i = ARGS + 1, #ARGV, 4 do
  local hash, user, before, left = hashes[ARGV[i]], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if redis.call('HGET', hash, user) == before then
    if left == '' then redis.call('HDEL', hash, user) else redis.call('HSET', hash, user, left) end
    if not seen[user] then table.insert(changed, cjson.encode(user)) end
    seen[user] = true
  end
end
local isLong = dropOldLog() and 1 or 0
if #changed == 0 then return {'OK', epoch, '', isLong} end
return {'OK', epoch, publish({appendLog('[' .. table.concat(changed, ',') .. ']')}), isLong}
