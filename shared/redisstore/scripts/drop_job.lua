-- DropJob: forget a job that nobody has begun.
-- Answers: dropped | begun
local v = redis.call('HMGET', K.job, 'state', 'attempts')
if v[1] and (v[1] ~= 'queued' or v[2]) then return {'begun'} end
redis.call('DEL', K.job)
return {'dropped'}
