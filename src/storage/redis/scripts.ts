/**
 * The writes, each one script that Redis runs as a whole: it checks, changes, logs and tells. The bytes of records are
 * made and read by us (records.ts); Lua's own JSON would lose digits and turn empty lists into objects.
 *
 * KEYS are `TenantKeys` in their order. ARGV begins with what every script gets, `Opening` in its order. The answer is
 * `{'GONE' | 'LOST' | 'LATE'}`, or `{'OK', epoch, sequence, result…}`, `sequence` being '' when nobody was told.
 *
 * A sync record is kept as `generation enabled confirmedAt LF json` (codec.ts), so that the three can be read here;
 * its generation counts, not the one in the JSON.
 */

/** What every script is given before its own arguments. */
export interface ScriptHeader {
  /** The turn's token, '' outside of one: what is written in a turn that was lost is refused. */
  readonly token: string
  /** Milliseconds of Redis's own clock: later it is refused, because the caller gave up. */
  readonly deadline: number
  readonly logLength: number
  readonly channel: string
  /** The instant, as JSON. */
  readonly at: string
}

const opening = `
local HEAD, IDS, USERS, SYNCS, TIMELINES, OVERRIDES, RULES, LOG, TURN = unpack(KEYS)
local token, deadline, logLength, channel, at = unpack(ARGV, 1, 5)
local ARGS = 5
if token ~= '' and redis.call('GET', TURN) ~= token then return {'LOST'} end
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(deadline) then return {'LATE'} end
local epoch = redis.call('HGET', HEAD, 'epoch')

local function whole(number) return string.format('%.0f', number) end

local function logged(users, vacated)
  local position = whole(redis.call('HINCRBY', HEAD, 'position', 1))
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
    local found = string.find(record, '["\\\\]', from)
    if string.sub(record, found, found) == '"' then return string.sub(record, start, found) end
    from = found + 2
  end
end

local function vacates(id, extension)
  return '{"user":' .. cjson.encode(id) .. ',"extension":' .. extension .. '}'
end

local function published(feeds)
  local sequence = whole(redis.call('HINCRBY', HEAD, 'sequence', 1))
  redis.call('PUBLISH', channel, '{"epoch":"' .. epoch .. '","sequence":' .. sequence .. ',"feeds":[' .. table.concat(feeds, ',') .. ']}')
  return sequence
end
`

const unlessGone = `
if not epoch then return {'GONE'} end
`

/** A new epoch, the tenant's record. Result: whether it is new. */
const saveTenant = `
local isNew = not epoch
if isNew then
  epoch = ARGV[ARGS + 1]
  redis.call('HSET', HEAD, 'epoch', epoch, 'position', 0, 'sequence', 0, 'minGeneration', 0)
end
redis.call('HSET', HEAD, 'tenant', ARGV[ARGS + 2])
return {'OK', epoch, published({logged('"all"')}), isNew and 1 or 0}
`

/** Result: whether there was one. */
const removeTenant = `
if not epoch then return {'OK', '', '', 0} end
local sequence = published({'{"kind":"tenant removed"}'})
redis.call('UNLINK', HEAD, IDS, USERS, SYNCS, TIMELINES, OVERRIDES, RULES, LOG)
return {'OK', epoch, sequence, 1}
`

/** The record or '', '1' to read anew, and what an unread sync record is whose calendar is enabled and not. */
const saveConnection = `
${unlessGone}
local connection, reread = ARGV[ARGS + 1], ARGV[ARGS + 2]
local before = redis.call('HEXISTS', HEAD, 'connection')
if connection == '' then redis.call('HDEL', HEAD, 'connection')
else redis.call('HSET', HEAD, 'connection', connection) end
if reread == '1' then
  local unread = {['1'] = ARGV[ARGS + 3], ['0'] = ARGV[ARGS + 4]}
  redis.call('UNLINK', TIMELINES)
  local syncs = redis.call('HGETALL', SYNCS)
  for i = 1, #syncs, 2 do
    local generation, enabled = string.match(syncs[i + 1], '^(%S+) (%S+) ')
    redis.call('HSET', SYNCS, syncs[i], whole(generation + 1) .. ' ' .. enabled .. ' -\\n' .. unread[enabled])
  end
end
return {'OK', epoch, published({logged('"all"')}), before}
`

/** The version expected, the next one's record, how many are kept. Result: whether it was saved. */
const saveRules = `
${unlessGone}
local expected = ARGV[ARGS + 1]
if (redis.call('HGET', HEAD, 'rulesVersion') or '0') ~= expected then return {'OK', epoch, '', 0} end
local version = whole(expected + 1)
redis.call('HSET', HEAD, 'rulesVersion', version, 'rules', ARGV[ARGS + 2])
redis.call('HSET', RULES, version, ARGV[ARGS + 2])
redis.call('HDEL', RULES, whole(version - ARGV[ARGS + 3]))
return {'OK', epoch, published({logged('"all"')}), 1}
`

/**
 * The ids as JSON, then for each user: id, record, '1' if its sync record is given ('0': it is for one who is new),
 * its generation, enabled, confirmedAt or -, and its JSON. Result: the ids that were new.
 */
const saveUsers = `
${unlessGone}
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
    vacated[#vacated + 1] = vacates(id, extensionOf(before))
  end
  redis.call('HSET', USERS, id, record)
  if not kept or given == '1' then
    local atLeast = kept and string.match(kept, '^(%S+) ') + 1 or minGeneration
    redis.call('HSET', SYNCS, id, whole(math.max(generation, atLeast)) .. ' ' .. enabled .. ' ' .. confirmed .. '\\n' .. json)
    redis.call('HDEL', TIMELINES, id)
  end
end
local sequence = ''
if #ARGV > ARGS + 1 then sequence = published({logged(ARGV[ARGS + 1], table.concat(vacated, ','))}) end
return {'OK', epoch, sequence, fresh}
`

/** The users. Result: the ids of those who were there. */
const removeUsers = `
${unlessGone}
local minGeneration = tonumber(redis.call('HGET', HEAD, 'minGeneration'))
local removed, quoted, vacated = {}, {}, {}
for i = ARGS + 1, #ARGV do
  local id = ARGV[i]
  local kept = redis.call('HGET', SYNCS, id)
  if kept then
    minGeneration = math.max(minGeneration, string.match(kept, '^(%S+) ') + 1)
    local before = redis.call('HGET', USERS, id)
    if before then vacated[#vacated + 1] = vacates(id, extensionOf(before)) end
    redis.call('ZREM', IDS, id)
    for _, key in ipairs({USERS, SYNCS, TIMELINES, OVERRIDES}) do redis.call('HDEL', key, id) end
    removed[#removed + 1] = id
    quoted[#quoted + 1] = cjson.encode(id)
  end
end
if #removed == 0 then return {'OK', epoch, '', removed} end
redis.call('HSET', HEAD, 'minGeneration', whole(minGeneration))
local entry = logged('[' .. table.concat(quoted, ',') .. ']', table.concat(vacated, ','))
return {'OK', epoch, published({entry}), removed}
`

/** The ids as JSON, the user, the record or ''. Result: whether the user is there. */
const saveOverride = `
${unlessGone}
local id, record = ARGV[ARGS + 2], ARGV[ARGS + 3]
if redis.call('HEXISTS', SYNCS, id) == 0 then return {'OK', epoch, '', 0} end
if record == '' then redis.call('HDEL', OVERRIDES, id) else redis.call('HSET', OVERRIDES, id, record) end
return {'OK', epoch, published({logged(ARGV[ARGS + 1])}), 1}
`

/**
 * For each outcome: user, generation, enabled, confirmedAt or -, JSON, timeline or '', '1' if visible. What is passed over
 * is what isStaleWrite (is-stale-write.ts) says. Result: the users that were saved.
 */
const saveReadings = `
${unlessGone}
local function isStaleWrite(kept, generation, confirmed)
  if not kept then return true end
  local keptGeneration, _, keptConfirmed = string.match(kept, '^(%S+) (%S+) (%S+)\\n')
  if tonumber(keptGeneration) ~= tonumber(generation) then return true end
  if keptConfirmed == '-' or tonumber(keptConfirmed) > tonumber(at) then return false end
  return confirmed == '-' or tonumber(confirmed) < tonumber(keptConfirmed)
end

local lists = {['1'] = {}, ['0'] = {}}
local seen = {['1'] = {}, ['0'] = {}}
for i = ARGS + 1, #ARGV, 7 do
  local id, generation, enabled, confirmed, json, timeline, visible = unpack(ARGV, i, i + 6)
  if not isStaleWrite(redis.call('HGET', SYNCS, id), generation, confirmed) then
    if timeline ~= '' and redis.call('HEXISTS', OVERRIDES, id) == 1 then visible = '1' end
    redis.call('HSET', SYNCS, id, generation .. ' ' .. enabled .. ' ' .. confirmed .. '\\n' .. json)
    if timeline ~= '' then redis.call('HSET', TIMELINES, id, timeline) end
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
if #lists['1'] > 0 then feeds[1] = logged(names(lists['1'])) end
if #lists['0'] > 0 then feeds[#feeds + 1] = '{"kind":"confirmed","users":' .. names(lists['0']) .. '}' end
local sequence = ''
if #feeds > 0 then sequence = published(feeds) end
local saved = lists['1']
for _, id in ipairs(lists['0']) do
  if not seen['1'][id] then table.insert(saved, id) end
end
return {'OK', epoch, sequence, saved}
`

export const writeScripts = {
  saveTenant,
  removeTenant,
  saveConnection,
  saveRules,
  saveUsers,
  removeUsers,
  saveOverride,
  saveReadings
} as const
export type WriteScript = keyof typeof writeScripts

export function writeScript(name: WriteScript): string {
  return opening + writeScripts[name]
}

/** What is read in one step that takes more than plain commands. */
export const readScripts = {
  /** KEYS: ids, users. ARGV: the id after which to begin or '', at most how many. The users' records, by id. */
  usersPage: `
local ids = redis.call('ZRANGE', KEYS[1], ARGV[1] == '' and '-' or '(' .. ARGV[1], '+', 'BYLEX', 'LIMIT', 0, ARGV[2])
local records = {}
for i, id in ipairs(ids) do records[i] = redis.call('HGET', KEYS[2], id) end
return records
`
} as const
