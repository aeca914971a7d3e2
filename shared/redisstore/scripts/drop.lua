-- DropAuthorization: forget an authorization that was logged out. The listener's own stays as the place of its lease.
-- H: nonce, name
-- Answers: ok | lost
if not holds() then return {'lost'} end
redis.call('HSET', K[H.name], 'state', 'gone')
redis.call('HDEL', K[H.name], 'session')
return {'ok'}
