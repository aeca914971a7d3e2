-- Forget: remove a tombstone and everything stored under it.
-- H: nonce
-- Answers: ok | lost | not_removing
if redis.call('EXISTS', K.entry) == 0 then return {'ok'} end
if not holds() then return {'lost'} end
if redis.call('HEXISTS', K.entry, 'removing') == 0 then return {'not_removing'} end
for _, key in pairs(K) do redis.call('DEL', key) end
return {'ok'}
