-- One renewal of a process's leases: says that the process lives, renews what it holds, and takes what is free up to its share.
-- Names are divided evenly among those who live, in the order of their ids. A name that it held and that has vanished (an emptied
-- Redis) is taken anew. A process that was not among the living takes nothing else yet: where Redis was emptied, others have yet
-- to say that they live.
--
-- KEYS: the living, when each name was last held, then each name.
-- ARGV: the process's id, the lease in milliseconds, then for each name what it is to the process: h held, l leaving (renewed,
-- but not its own any more), e ending (lost, and not to be taken yet), - nothing.
-- Returns the share, how many live, then the indices of the names that it holds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, ttl = ARGV[1], ARGV[2]
local known = redis.call('ZSCORE', KEYS[1], me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ttl, me)
local live = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(live)
local names = #KEYS - 2
local share = math.floor(names / #live)
for rank, id in ipairs(live) do
  if id == me and rank <= names % #live then share = share + 1 end
end
local mine, answer = 0, {share, #live}
local function hold(index)
  local holder = redis.call('GET', KEYS[index + 2])
  if holder == me then
    redis.call('PEXPIRE', KEYS[index + 2], ttl)
  elseif holder or not redis.call('SET', KEYS[index + 2], me, 'PX', ttl) then
    return false
  end
  redis.call('HSET', KEYS[2], index, now)
  return true
end
for index = 1, names do
  local is = ARGV[index + 2]
  if is == 'h' and hold(index) then
    mine = mine + 1
    answer[#answer + 1] = index
  elseif is == 'l' and redis.call('GET', KEYS[index + 2]) == me then
    redis.call('PEXPIRE', KEYS[index + 2], ttl)
  end
end
for index = 1, names do
  if mine >= share or not known then break end
  if ARGV[index + 2] == '-' and hold(index) then
    mine = mine + 1
    answer[#answer + 1] = index
  end
end
return answer
