-- ClaimJob: take a job to carry it out.
-- H: nonce, claim (how long), most (how many claims there are), holder, sole (no other process of this holder lives)
-- Answers: claimed, record, age | spent: claimed, but it had all its claims | busy, milliseconds | done, now | unknown, now
local v = redis.call('HMGET', K.job, 'state', 'nonce', 'until', 'holder', 'process', 'made', 'attempts')
if not v[1] then return {'unknown', now} end
if v[1] == 'done' then return {'done', now} end
local ends = tonumber(v[3]) or 0
local attempts = tonumber(v[7]) or 0
local is_dead = H.sole and v[4] == H.holder and v[5] ~= H.process
if v[2] ~= H.nonce then
  if v[2] and ends > now and not is_dead then return {'busy', ends - now} end
  redis.call('HSET', K.job, 'state', 'running', 'nonce', H.nonce, 'holder', H.holder, 'process', H.process)
  attempts = redis.call('HINCRBY', K.job, 'attempts', 1)
end
redis.call('HSET', K.job, 'until', now + H.claim)
if attempts > H.most then return {'spent'} end
return {'claimed', redis.call('HGET', K.job, 'rec'), now - tonumber(v[6])}
