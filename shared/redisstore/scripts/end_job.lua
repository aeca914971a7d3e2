-- EndJob, LeaveJob: give a claim back, with the answer if there is one.
-- H: nonce, done, and then: again (the answer asks to try again), bytes, total
-- ARGV[2]: answer
-- Answers: ok | lost
local v = redis.call('HMGET', K.job, 'nonce', 'last')
if v[1] ~= H.nonce then
  return {v[2] == H.nonce and 'ok' or 'lost'} -- ok: its answer was lost
end
redis.call('HDEL', K.job, 'nonce', 'holder', 'process')
if H.done then
  redis.call('HDEL', K.job, 'rec')
  redis.call('HSET', K.job, 'state', 'done', 'answer', ARGV[2], 'again', H.again and '1' or '0', 'last', H.nonce,
    'bytes', H.bytes, 'total', H.total)
else
  redis.call('HSET', K.job, 'state', 'queued', 'until', now, 'last', H.nonce)
end
return {'ok'}
