-- For each outcome: user, generation, enabled, confirmedAt or -, JSON, timeline or '', '1' if visible. What is passed over
-- is what isStaleWrite (is-stale-write.ts) says. Result: the users that were saved.
if not epoch then return {'GONE'} end
local function isStaleWrite(kept, generation, confirmed)
  if not kept then return true end
  local keptGeneration, _, keptConfirmed = syncOf(kept)
  if keptGeneration ~= tonumber(generation) then return true end
  if keptConfirmed == '-' or tonumber(keptConfirmed) > tonumber(at) then return false end
  return confirmed == '-' or tonumber(confirmed) < tonumber(keptConfirmed)
end

-- Followers in other processes would each read the same records otherwise. Beyond so many bytes they do: a message must not hold up Redis.
local MAX_BYTES = 65536
local sizes, parts, total = {}, {}, 0
local function passOn(id, json, timeline)
  total = total + #json + #timeline
  if total > MAX_BYTES then return end
  table.insert(sizes, '[' .. cjson.encode(id) .. ',' .. #json .. ',' .. #timeline .. ']')
  table.insert(parts, json)
  table.insert(parts, timeline)
end

local before = redis.call('HMGET', HEAD, 'position', 'loggedAt')
local lists = {['1'] = {}, ['0'] = {}}
local seen = {['1'] = {}, ['0'] = {}}
for i = ARGS + 1, #ARGV, 7 do
  local id, generation, enabled, confirmed, json, timeline, visible = unpack(ARGV, i, i + 6)
  if not isStaleWrite(redis.call('HGET', SYNCS, id), generation, confirmed) then
    if timeline ~= '' and (redis.call('HEXISTS', OVERRIDES, id) == 1 or redis.call('HEXISTS', ABSENCES, id) == 1) then
      visible = '1'
    end
    writeSync(id, generation, enabled, confirmed, json)
    if timeline ~= '' then redis.call('HSET', TIMELINES, id, timeline) end
    passOn(id, json, timeline)
    if not seen[visible][id] then
      seen[visible][id] = true
      table.insert(lists[visible], id)
    end
  end
end

-- Of single strings Lua's JSON is exact.
local function names(list)
  local quoted = {}
  for i, id in ipairs(list) do quoted[i] = cjson.encode(id) end
  return '[' .. table.concat(quoted, ',') .. ']'
end
local feeds = {}
if #lists['1'] > 0 then feeds[1] = appendLog(names(lists['1'])) end
if #lists['0'] > 0 then feeds[#feeds + 1] = '{"kind":"confirmed","users":' .. names(lists['0']) .. '}' end
local sequence = ''
if #feeds > 0 and total <= MAX_BYTES then
  local known = '"position":' .. (before[1] or '0') .. ',"loggedAt":' .. (before[2] or '0')
  local member = ',"saved":{' .. known .. ',"readings":[' .. table.concat(sizes, ',') .. ']}'
  sequence = publish(feeds, member, '\n' .. table.concat(parts))
elseif #feeds > 0 then
  sequence = publish(feeds)
end
local saved = lists['1']
for _, id in ipairs(lists['0']) do
  if not seen['1'][id] then table.insert(saved, id) end
end
return {'OK', epoch, sequence, saved}
