-- ReleaseEntry: give an entry back.
-- H: nonce, fate, rest, cooldown, ARGV[2]: session or ''
-- Answers: ok | lost
local a = authorization('listener')
if not a or a.nonce ~= H.nonce then
  if a and a.last == H.nonce then return {'ok'} end -- the answer to the first giving back was lost
  return {'lost'}
end
if ARGV[2] ~= '' and a.state ~= 'gone' and a.state ~= 'ended' then redis.call('HSET', a.key, 'session', ARGV[2]) end
end_lease(a)
if a.state ~= 'ended' then end_in(a, H.fate) end
return {'ok'}
