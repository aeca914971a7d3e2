-- CreateEntry: make an entry with its authorizations and update state, unless the account has one.
-- H: by (mark of this asking), created, names (of authorizations), rests (those of them whose connection was reset), rest, first_lease, first_listener_lease, own_store
-- ARGV[2]: record, ARGV[3]: update state, then a session for each name
-- Answers: created | exists, the record and its fields
local v = redis.call('HMGET', K.entry, 'rec', 'rev', 'removing', 'by')
if v[1] and v[4] == H.by then return {'created', v[1], v[2], ''} end -- its answer was lost
if v[1] then return {'exists', v[1], v[2] or '0', v[3] or ''} end
redis.call('HSET', K.entry, 'rec', ARGV[2], 'rev', 1, 'created', H.created, 'by', H.by)
store_since() -- what is stored from now on belongs to the store as it is now
redis.call('SET', K.state, ARGV[3])
redis.call('DEL', K.commands)
for i, name in ipairs(H.names) do
  redis.call('DEL', K[name])
  redis.call('HSET', K[name], 'state', 'ok', 'session', ARGV[3 + i], 'longest', first_lease(name), 'used', now)
  if H.rests[i] then redis.call('HSET', K[name], 'rest', now + H.rest) end
end
return {'created', ARGV[2], '1', ''}
