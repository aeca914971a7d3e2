-- ClaimJob: take a job to carry it out.
-- H: nonce, claim (how long), holder, sole (no other process of this holder lives)
-- Answers: claimed, record, attempt, age | busy, milliseconds | done | unknown
local v = redis.call('HMGET', K.job, 'state', 'rec', 'nonce', 'until', 'holder', 'process', 'made', 'attempts')
if not v[1] then return {'unknown'} end
if v[1] == 'done' then return {'done'} end
local ends = tonumber(v[4]) or 0
local is_dead = H.sole and v[5] == H.holder and v[6] ~= H.process
if v[3] ~= H.nonce then
  if v[3] and ends > now and not is_dead then return {'busy', ends - now} end
  redis.call('HSET', K.job, 'state', 'running', 'nonce', H.nonce, 'holder', H.holder, 'process', H.process)
  v[8] = redis.call('HINCRBY', K.job, 'attempts', 1)
end
redis.call('HSET', K.job, 'until', now + H.claim)
return {'claimed', v[2], tostring(v[8]), now - tonumber(v[7])}
