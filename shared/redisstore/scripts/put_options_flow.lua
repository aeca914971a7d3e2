-- NewOptionsFlow, PutOptionsFlow: write down an options flow, if it is still the one that was read.
-- H: by (mark of this asking), rev ('' : a new one), keep_until
-- ARGV[2]: record
-- Answers: ok, revision | unknown | conflict
local v = redis.call('HMGET', K.flow, 'rev', 'by')
if H.rev == '' then
  if v[1] then return {'ok', v[1]} end
else
  if not v[1] then return {'unknown'} end
  if v[2] == H.by then return {'ok', v[1]} end -- its answer was lost
  if v[1] ~= H.rev then return {'conflict'} end
end
redis.call('HSET', K.flow, 'rec', ARGV[2], 'by', H.by)
local rev = redis.call('HINCRBY', K.flow, 'rev', 1)
redis.call('PEXPIREAT', K.flow, H.keep_until)
return {'ok', tostring(rev)}
