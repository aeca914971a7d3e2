-- KeepJob: renew a claim and record the progress.
-- H: nonce, claim (how long), bytes, total
-- Answers: ok | lost
if redis.call('HGET', K.job, 'nonce') ~= H.nonce then return {'lost'} end
redis.call('HSET', K.job, 'until', now + H.claim, 'bytes', H.bytes, 'total', H.total)
return {'ok'}
