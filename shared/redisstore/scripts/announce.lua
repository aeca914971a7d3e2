-- Announce: say what the call that holds an authorization is about to do, in place of what it said before. Events that are
-- committed from now on wait for it; those that were committed before do not.
-- H: nonce, name, kinds, texts
-- Answers: ok | lost
local a = authorization(H.name)
if not a or a.nonce ~= H.nonce or not is_held(a) then return {'lost'} end
redis.call('HDEL', a.key, 'kinds', 'texts')
intend(a.key)
return {'ok'}
