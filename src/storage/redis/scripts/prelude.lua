-- What every write begins with. Each write is one script, which Redis runs as a whole: it checks, changes, logs and publishes.
-- KEYS are `TenantKeys` in their order. ARGV begins with `ScriptHeader` in its order; a script's own arguments follow after ARGS.
-- The answer is {'GONE' | 'LOST' | 'LATE'}, or {'OK', epoch, sequence, result…}; the sequence is '' when nothing was published.
--
-- Hanvisa writes and reads the bytes of records (codec.ts): Lua's own JSON would lose digits and turn empty lists into objects.
-- A sync record is stored as `generation enabled confirmedAt LF json`, so that the scripts can read these three; its generation
-- is the one that counts, not the one in the JSON.
local HEAD, IDS, USERS, SYNCS, TIMELINES, OVERRIDES, RULES, LOG, LOCK = unpack(KEYS)
local token, deadline, logLength, channel, at = unpack(ARGV, 1, 5)
local ARGS = 5
if token ~= '' and redis.call('GET', LOCK) ~= token then return {'LOST'} end
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(deadline) then return {'LATE'} end
local epoch = redis.call('HGET', HEAD, 'epoch')

local function integer(number) return string.format('%.0f', number) end

local function appendLog(users, vacated)
  local position = integer(redis.call('HINCRBY', HEAD, 'position', 1))
  local instant = redis.call('HGET', HEAD, 'loggedAt')
  if not instant or tonumber(instant) < tonumber(at) then instant = at end
  local entry = '{"position":' .. position .. ',"at":' .. instant .. ',"users":' .. users .. ',"vacated":[' .. (vacated or '') .. ']}'
  redis.call('XADD', LOG, 'MAXLEN', '=', logLength, position .. '-0', 'entry', entry)
  redis.call('HSET', HEAD, 'loggedAt', instant)
  return '{"kind":"logged","entry":' .. entry .. '}'
end

-- The extension in a user's record, as JSON. A quote within a JSON string is escaped, so that no name looks like the member.
local function extensionOf(record)
  local _, start = string.find(record, ',"extension":"', 1, true)
  local from = start + 1
  while true do
    local found = string.find(record, '["\\]', from)
    if string.sub(record, found, found) == '"' then return string.sub(record, start, found) end
    from = found + 2
  end
end

local function vacatedEntry(id, extension)
  return '{"user":' .. cjson.encode(id) .. ',"extension":' .. extension .. '}'
end

local function publish(feeds)
  local sequence = integer(redis.call('HINCRBY', HEAD, 'sequence', 1))
  redis.call('PUBLISH', channel, '{"epoch":"' .. epoch .. '","sequence":' .. sequence .. ',"feeds":[' .. table.concat(feeds, ',') .. ']}')
  return sequence
end
