-- Extend: extend the lease of an authorization, and keep which store it is that says so.
-- H: nonce, name, lease, own_store
-- Answers: ok | lost
local a = authorization(H.name)
if not a or a.nonce ~= H.nonce or not is_held(a) then return {'lost'} end
redis.call('HSET', a.key, 'ends', now + H.lease)
store_since()
return {'ok'}
