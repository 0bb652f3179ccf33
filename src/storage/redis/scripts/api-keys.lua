-- What every script on API keys begins with. KEYS are `API_KEY_KEYS` in their order; ARGV begins with the deadline, the mark of what
-- is logged, and how many changes the log keeps. The answer is 'LATE', or the script's own.
--
-- A key is stored as `owner user digest LF json`: the owner is the tenant or *, the user * where there is none.
local RECORDS, BY_OWNER, BY_USER, USES, LOG, HEAD = unpack(KEYS)
local now = redis.call('TIME')
if now[1] * 1000 + now[2] / 1000 > tonumber(ARGV[1]) then return 'LATE' end
local ARGS = 3

local function logChange(id)
  local position = string.format('%.0f', redis.call('HINCRBY', HEAD, 'position', 1))
  redis.call('XADD', LOG, 'MAXLEN', '=', ARGV[3], position .. '-0', 'id', id, 'mark', ARGV[2])
  redis.call('HSET', HEAD, 'mark', ARGV[2])
end

local function headOf(id)
  return string.match(redis.call('HGET', RECORDS, id) or '', '^(%S+) (%S+) (%S+)\n')
end

local function put(id, record)
  local owner, user = string.match(record, '^(%S+) (%S+) ')
  redis.call('HSET', RECORDS, id, record)
  redis.call('ZADD', BY_OWNER, 0, owner .. ' ' .. id)
  redis.call('ZADD', BY_USER, 0, owner .. ' ' .. user .. ' ' .. id)
  logChange(id)
end

local function remove(id)
  local owner, user = headOf(id)
  redis.call('HDEL', RECORDS, id)
  redis.call('HDEL', USES, id)
  redis.call('ZREM', BY_OWNER, owner .. ' ' .. id)
  redis.call('ZREM', BY_USER, owner .. ' ' .. user .. ' ' .. id)
  logChange(id)
end
