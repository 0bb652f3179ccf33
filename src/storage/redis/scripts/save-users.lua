-- The ids as JSON, then for each user: id, record, '1' if its sync record is given ('0': it is for one who is new),
-- its generation, enabled, confirmedAt or -, and its JSON. Result: the ids that were new.
if not epoch then return {'GONE'} end
local fresh = {}
local vacated = {}
local minGeneration = tonumber(redis.call('HGET', HEAD, 'minGeneration'))
for i = ARGS + 2, #ARGV, 7 do
  local id, record, given, generation, enabled, confirmed, json = unpack(ARGV, i, i + 6)
  local kept = redis.call('HGET', SYNCS, id)
  if not kept then
    fresh[#fresh + 1] = id
    redis.call('ZADD', IDS, 0, id)
  end
  local before = redis.call('HGET', USERS, id)
  if before and extensionOf(before) ~= extensionOf(record) then
    vacated[#vacated + 1] = vacatedEntry(id, extensionOf(before))
  end
  redis.call('HSET', USERS, id, record)
  if not kept or given == '1' then
    local atLeast = kept and syncOf(kept) + 1 or minGeneration
    writeSync(id, math.max(generation, atLeast), enabled, confirmed, json)
    redis.call('HDEL', TIMELINES, id)
  end
end
local sequence = ''
if #ARGV > ARGS + 1 then sequence = publish({appendLog(ARGV[ARGS + 1], table.concat(vacated, ','))}) end
return {'OK', epoch, sequence, fresh}
