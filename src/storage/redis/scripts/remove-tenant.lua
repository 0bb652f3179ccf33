-- Result: whether there was one.
if not epoch then return {'OK', '', '', 0} end
local sequence = publish({'{"kind":"tenant removed"}'})
for _, consumer in ipairs(redis.call('HKEYS', CONSUMERS)) do redis.call('UNLINK', deliveriesOf(consumer)) end
for _, list in ipairs(redis.call('SMEMBERS', CONTACT_LISTS)) do removeContactList(list) end
redis.call('UNLINK', HEAD, IDS, USERS, SYNCS, TIMELINES, OVERRIDES, ABSENCES, RULES, LOG, AUDIT, AUDIT_HEAD, AUDIT_PARTS, AUDIT_PARTS_OF_USERS, CONSUMERS, CONSUMER_PROGRESS)
return {'OK', epoch, sequence, 1}
