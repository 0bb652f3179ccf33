-- The users. Result: the ids of those who were there.
if not epoch then return {'GONE'} end
local minGeneration = tonumber(redis.call('HGET', HEAD, 'minGeneration'))
local removed, quoted, vacated = {}, {}, {}
local consumers = redis.call('HKEYS', CONSUMERS)
for i = ARGS + 1, #ARGV do
  local id = ARGV[i]
  local kept = redis.call('HGET', SYNCS, id)
  if kept then
    minGeneration = math.max(minGeneration, syncOf(kept) + 1)
    local before = redis.call('HGET', USERS, id)
    if before then vacated[#vacated + 1] = vacatedEntry(id, extensionOf(before)) end
    redis.call('ZREM', IDS, id)
    for _, key in ipairs({USERS, SYNCS, TIMELINES, OVERRIDES, ABSENCES}) do redis.call('HDEL', key, id) end
    eraseAudit(id)
    removeContactList('user/' .. id)
    for _, consumer in ipairs(consumers) do redis.call('HDEL', deliveriesOf(consumer), id) end
    removed[#removed + 1] = id
    quoted[#quoted + 1] = cjson.encode(id)
  end
end
if #removed == 0 then return {'OK', epoch, '', removed} end
redis.call('HSET', HEAD, 'minGeneration', integer(minGeneration))
local entry = appendLog('[' .. table.concat(quoted, ',') .. ']', table.concat(vacated, ','))
return {'OK', epoch, publish({entry}), removed}
