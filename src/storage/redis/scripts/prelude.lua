-- What every write begins with. Each write is one script, which Redis runs as a whole: it checks, changes, logs and publishes.
-- KEYS are `TenantKeys` in their order. ARGV begins with `ScriptHeader` in its order; a script's own arguments follow after ARGS.
-- The answer is {'GONE' | 'LOST' | 'LATE'}, {'AUDIT', position, hash} where the entry does not follow upon that, or {'OK', epoch, sequence, result…}; the sequence is '' when nothing was published.
--
-- Hanvisa writes and reads the bytes of records (codec.ts): Lua's own JSON would lose digits and turn empty lists into objects.
-- A sync record is stored as `generation enabled confirmedAt rereads LF json`, so that the scripts can read these four; its
-- generation is the one that counts, not the one in the JSON. `rereads` is what the head's counter of that name was when the record
-- was written (absent: 0). A record with a lower one is of before: it stands for an unread one, a generation later for each reread.
-- So a new connection costs the same however many users there are, and is never half done.
local HEAD, IDS, USERS, SYNCS, TIMELINES, OVERRIDES, ABSENCES, RULES, LOG, LOCK = unpack(KEYS, 1, 10)
local AUDIT, AUDIT_HEAD, AUDIT_PARTS, AUDIT_PARTS_OF_USERS = unpack(KEYS, 11, 14)
local CONSUMERS, CONSUMER_PROGRESS, CONTACT_LISTS = unpack(KEYS, 15, 17)
local token, deadline, logLength, historyMs, channel, at, auditEntry = unpack(ARGV, 1, 7)
local ARGS = 7
if token ~= '' and redis.call('GET', LOCK) ~= token then return {'LOST'} end
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(deadline) then return {'LATE'} end
local epoch = redis.call('HGET', HEAD, 'epoch')

local rereads = tonumber(redis.call('HGET', HEAD, 'rereads') or 0)

-- The entry of the audit to append (audit.ts), all of it text: Hanvisa chains it, Lua has no SHA-256.
local sealed = auditEntry ~= '' and cjson.decode(auditEntry)
if sealed then
  local position, hash = unpack(redis.call('HMGET', AUDIT_HEAD, 'position', 'hash'))
  if (position or '0') ~= sealed.after or (hash or '') ~= sealed.previous then
    return {'AUDIT', position or '0', hash or ''}
  end
end

local function appendAudit()
  if not sealed then return end
  redis.call('XADD', AUDIT, sealed.position .. '-0', 'entry', sealed.entry)
  redis.call('HSET', AUDIT_HEAD, 'position', sealed.position, 'hash', sealed.hash)
  for index, part in ipairs(sealed.parts) do
    -- Parts are kept about users who are there alone.
    if redis.call('HEXISTS', USERS, part.user) == 1 then
      local place = sealed.position .. '/' .. (index - 1)
      redis.call('HSET', AUDIT_PARTS, place, part.text)
      redis.call('ZADD', AUDIT_PARTS_OF_USERS, 0, part.user .. ' ' .. place)
    end
  end
end

-- Removes every part about the user. The entries stay, and their hashes.
local function eraseAudit(user)
  local from, to = '[' .. user .. ' ', '(' .. user .. '!'
  for _, member in ipairs(redis.call('ZRANGE', AUDIT_PARTS_OF_USERS, from, to, 'BYLEX')) do
    redis.call('HDEL', AUDIT_PARTS, string.sub(member, #user + 2))
  end
  redis.call('ZREMRANGEBYLEX', AUDIT_PARTS_OF_USERS, from, to)
end

-- What a consumer acknowledged. It lies in the slot of the other keys.
local function deliveriesOf(consumer) return string.gsub(HEAD, 'head$', 'deliveries:') .. consumer end

-- The contacts of a list, and which of them have a number. They lie in the slot of the other keys.
local function contactsOf(list) return string.gsub(HEAD, 'head$', 'contacts:') .. list end
local function contactNumbersOf(list) return string.gsub(HEAD, 'head$', 'contact-numbers:') .. list end

local function removeContactList(list)
  redis.call('UNLINK', contactsOf(list), contactNumbersOf(list))
  redis.call('SREM', CONTACT_LISTS, list)
end

-- Takes the contact away from those that have its numbers.
local function removeContact(list, contact)
  local record = redis.call('HGET', contactsOf(list), contact)
  if not record then return end
  for number in string.gmatch(string.match(record, '^[^\n]*'), '%S+') do
    local others = {}
    for other in string.gmatch(redis.call('HGET', contactNumbersOf(list), number) or '', '%S+') do
      if other ~= contact then others[#others + 1] = other end
    end
    if #others == 0 then redis.call('HDEL', contactNumbersOf(list), number)
    else redis.call('HSET', contactNumbersOf(list), number, table.concat(others, ' ')) end
  end
  redis.call('HDEL', contactsOf(list), contact)
end

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

-- Drops entries that are too old: a hundred at the most, so that a write stays short, and not the newest. Whether those were not enough.
local function dropOldLog()
  for _ = 1, 100 do
    local entries = redis.call('XRANGE', LOG, '-', '+', 'COUNT', 2)
    if #entries < 2 then return false end
    local instant = string.match(entries[1][2][2], '^{"position":%d+,"at":(-?%d+)')
    if not instant or tonumber(instant) >= tonumber(at) - tonumber(historyMs) then return false end
    redis.call('XTRIM', LOG, 'MINID', '=', entries[2][1])
  end
  return true
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

-- Called once by a write that changed anything visible, at its end: it appends the entry of the audit. `saved` and `bytes` are given
-- by a write of readings: a further member, and what follows the JSON after a LF (feed-message.ts).
local function publish(feeds, saved, bytes)
  appendAudit()
  dropOldLog()
  local sequence = integer(redis.call('HINCRBY', HEAD, 'sequence', 1))
  local json = '{"epoch":"' .. epoch .. '","sequence":' .. sequence .. ',"feeds":[' .. table.concat(feeds, ',') .. ']' .. (saved or '') .. '}'
  redis.call('PUBLISH', channel, json .. (bytes or ''))
  return sequence
end
