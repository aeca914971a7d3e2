-- EndJob, LeaveJob: give a claim back, with the answer if there is one. A claim that is left does not count.
-- H: nonce, done, and then: again (the answer asks to try again), bytes, total; or else: wait (how long nobody has to start it)
-- ARGV[2]: answer
-- Answers: ok, now | lost
local v = redis.call('HMGET', K.job, 'nonce', 'last')
if v[1] ~= H.nonce then
  if v[2] == H.nonce then return {'ok', now} end -- its answer was lost
  return {'lost'}
end
redis.call('HDEL', K.job, 'nonce', 'holder', 'process')
if H.done then
  redis.call('HDEL', K.job, 'rec')
  redis.call('HSET', K.job, 'state', 'done', 'answer', ARGV[2], 'again', H.again and '1' or '0', 'last', H.nonce,
    'bytes', H.bytes, 'total', H.total)
else
  redis.call('HSET', K.job, 'state', 'queued', 'until', now + H.wait, 'last', H.nonce)
  redis.call('HINCRBY', K.job, 'attempts', -1)
end
return {'ok', now}
