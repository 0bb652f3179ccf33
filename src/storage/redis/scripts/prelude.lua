-- What every write begins with. Each write is one script, which Redis runs as a whole: it checks, changes, logs and publishes.
-- KEYS are `TenantKeys` in their order. ARGV begins with `ScriptHeader` in its order; a script's own arguments follow after ARGS.
-- The answer is {'GONE' | 'LOST' | 'LATE'}, or {'OK', epoch, sequence, result…}; the sequence is '' when nothing was published.
--
-- Hanvisa writes and reads the bytes of records (codec.ts): Lua's own JSON would lose digits and turn empty lists into objects.
-- A sync record is stored as `generation enabled confirmedAt rereads LF json`, so that the scripts can read these four; its
-- generation is the one that counts, not the one in the JSON. `rereads` is what the head's counter of that name was when the record
-- was written (absent: 0). A record with a lower one is of before: it stands for an unread one, a generation later for each reread.
-- So a new connection costs the same however many users there are, and is never half done.
local HEAD, IDS, USERS, SYNCS, TIMELINES, OVERRIDES, RULES, LOG, LOCK = unpack(KEYS)
local token, deadline, logLength, channel, at = unpack(ARGV, 1, 5)
local ARGS = 5
if token ~= '' and redis.call('GET', LOCK) ~= token then return {'LOST'} end
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(deadline) then return {'LATE'} end
local epoch = redis.call('HGET', HEAD, 'epoch')

local rereads = tonumber(redis.call('HGET', HEAD, 'rereads') or 0)

local function integer(number) return string.format('%.0f', number) end

-- Generation, enabled and confirmedAt of a stored sync record as they count now.
local function syncOf(record)
  local generation, enabled, confirmed, written = string.match(record, '^(%S+) (%S+) (%S+) ?(%d*)\n')
  local behind = rereads - (tonumber(written) or 0)
  if behind > 0 then confirmed = '-' end
  return generation + behind, enabled, confirmed
end

local function writeSync(id, generation, enabled, confirmed, json)
  local head = integer(generation) .. ' ' .. enabled .. ' ' .. confirmed .. ' ' .. integer(rereads)
  redis.call('HSET', SYNCS, id, head .. '\n' .. json)
end

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
