-- Releases names, or lets the process leave as a whole.
--
-- KEYS: the living, when each name was last held, then names.
-- ARGV: the process's id, and 1 where it leaves.
if ARGV[2] == '1' then redis.call('ZREM', KEYS[1], ARGV[1]) end
for index = 3, #KEYS do
  if redis.call('GET', KEYS[index]) == ARGV[1] then redis.call('DEL', KEYS[index]) end
end
return 1
