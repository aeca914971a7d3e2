-- Note: write one field of an entry down, for the listener that holds it.
-- H: nonce, field, ARGV[2]: sealed value
-- Answers: ok | lost
if not holds() then return {'lost'} end
redis.call('HSET', K.entry, H.field, ARGV[2])
return {'ok'}
