-- DropJob, FreeJob: forget a job that nobody has begun, or let whoever comes next start it.
-- H: keep
-- Answers: dropped, now | kept | begun
local v = redis.call('HMGET', K.job, 'state', 'attempts')
if v[1] and (v[1] ~= 'queued' or v[2]) then return {'begun'} end
if H.keep then
  if v[1] then redis.call('HSET', K.job, 'until', now) end
  return {'kept'}
end
redis.call('DEL', K.job)
return {'dropped', now}
