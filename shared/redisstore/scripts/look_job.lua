-- Job: look at a job.
-- H: start (how long whoever is told to start it has)
-- Answers: job, state, bytes, total, answer, whether to start it (1 | 0), now | unknown, now
local v = redis.call('HMGET', K.job, 'state', 'bytes', 'total', 'answer', 'until')
if not v[1] then return {'unknown', now} end
local start = 0
if v[1] ~= 'done' and (tonumber(v[5]) or 0) <= now then
  redis.call('HDEL', K.job, 'nonce', 'holder', 'process') -- its claim has ended
  redis.call('HSET', K.job, 'until', now + H.start)
  start = 1
end
return {'job', v[1], v[2] or '0', v[3] or '-1', v[4] or '', start, now}
