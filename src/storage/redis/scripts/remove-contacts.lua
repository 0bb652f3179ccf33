-- The list; then the contacts, or none where the whole list goes.
if not epoch then return {'OK', '', ''} end
local list = ARGV[ARGS + 1]
if #ARGV == ARGS + 1 then removeContactList(list) end
for i = ARGS + 2, #ARGV do removeContact(list, ARGV[i]) end
return {'OK', epoch, ''}
