-- Renew: put new authorizations in the place of dead ones, with the new record. Those that work are kept.
-- H: rev, names, rests (those of them whose connection was reset), rest, bell
-- ARGV[2]: record, ARGV[3]: update state, ARGV[4]: the command "reload", then a session for each name
-- Answers: ok, revision, names of those that were put in place | unknown_entry | removing | conflict
local v = redis.call('HMGET', K.entry, 'rec', 'rev', 'removing')
if not v[1] then return {'unknown_entry'} end
if v[3] then return {'removing'} end
if v[2] ~= H.rev then return {'conflict'} end
local placed = {}
for i, name in ipairs(H.names) do
  local a = authorization(name)
  if not a or a.state ~= 'ok' then
    -- The lease ends with the login it was for: whoever held it has a key that Telegram does not know any more.
    redis.call('HDEL', K[name], 'nonce', 'ends', 'from', 'judged', 'kinds', 'texts', 'idem', 'holder', 'process', 'rest')
    redis.call('HSET', K[name], 'state', 'ok', 'session', ARGV[4 + i], 'used', now)
    redis.call('HINCRBY', K[name], 'login', 1)
    if not a then redis.call('HSET', K[name], 'longest', first_lease(name)) end
    if H.rests[i] then redis.call('HSET', K[name], 'rest', now + H.rest) end
    placed[#placed + 1] = name
    if name == 'listener' then
      if redis.call('EXISTS', K.state) == 1 then
        redis.call('HSET', K.entry, 'renewed', ARGV[3])
      else
        redis.call('SET', K.state, ARGV[3])
      end
    end
  end
end
redis.call('HSET', K.entry, 'rec', ARGV[2])
local rev = redis.call('HINCRBY', K.entry, 'rev', 1)
redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[4])
redis.call('PUBLISH', H.bell, 'commands')
wake()
return {'ok', tostring(rev), placed}
