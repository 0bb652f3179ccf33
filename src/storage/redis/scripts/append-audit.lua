-- 'provider' for the provider's audit, whose keys are of no tenant. Result: 1.
if not epoch and ARGV[ARGS + 1] ~= 'provider' then return {'GONE'} end
appendAudit()
return {'OK', epoch or '', '', 1}
