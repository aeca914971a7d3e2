-- RenewEntry: extend the lease, and keep which store it is that says so.
-- H: nonce, lease, own_store
-- Answers: ok | lost
if not holds() then return {'lost'} end
redis.call('HSET', K.listener, 'ends', now + H.lease)
store_since()
return {'ok'}
