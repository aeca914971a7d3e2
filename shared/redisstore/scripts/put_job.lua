-- PutJob: keep a call that is carried out later, unless it is there already.
-- H: putter (a nonce: the same one gets the same answer again), body (hash of the call), life, start (how long whoever is
-- told to start it has)
-- ARGV[2]: record
-- Answers: new | there, whether to start it (1 | 0) | reused
local v = redis.call('HMGET', K.job, 'state', 'body', 'again', 'until', 'putter')
if v[1] then
  if v[5] == H.putter then return {'there', 1} end -- its answer was lost
  if v[2] ~= H.body then return {'reused'} end
  if v[1] ~= 'done' then
    if (tonumber(v[4]) or 0) > now then return {'there', 0} end
    redis.call('HDEL', K.job, 'nonce', 'holder', 'process') -- its claim has ended
    redis.call('HSET', K.job, 'until', now + H.start, 'putter', H.putter)
    return {'there', 1}
  end
  if v[3] ~= '1' then return {'there', 0} end
  redis.call('DEL', K.job) -- its answer asked to try again
end
redis.call('HSET', K.job, 'rec', ARGV[2], 'state', 'queued', 'body', H.body, 'made', now, 'until', now + H.start, 'putter', H.putter)
redis.call('PEXPIRE', K.job, H.life)
return {'new'}
