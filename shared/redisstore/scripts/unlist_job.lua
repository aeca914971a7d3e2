-- Take a job off the list, unless it was listed after a time: then somebody has put it anew, or is about to.
-- H: id, before (milliseconds of the store's clock)
-- Answers: ok
local listed = tonumber(redis.call('ZSCORE', K.jobs, H.id) or '')
if listed and listed <= H.before then redis.call('ZREM', K.jobs, H.id) end
return {'ok'}
