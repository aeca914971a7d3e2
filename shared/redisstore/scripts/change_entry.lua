-- ChangeEntry: replace the record if it is still the one that was read.
-- H: by (mark of this asking), rev, nonce ('' : anybody may), bell
-- ARGV[2]: record, ARGV[3]: the command "reload", '' for none
-- Answers: ok, revision | unknown_entry | removing | conflict | lost
local v = redis.call('HMGET', K.entry, 'rec', 'rev', 'removing', 'by')
if not v[1] then return {'unknown_entry'} end
if H.nonce ~= '' then
  if not holds() then return {'lost'} end
elseif v[3] then
  return {'removing'}
end
if v[4] == H.by then return {'ok', v[2]} end -- its answer was lost
if v[2] ~= H.rev then return {'conflict'} end
redis.call('HSET', K.entry, 'rec', ARGV[2], 'by', H.by)
local rev = redis.call('HINCRBY', K.entry, 'rev', 1)
if ARGV[3] ~= '' then
  redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[3])
  redis.call('PUBLISH', H.bell, 'commands')
end
return {'ok', tostring(rev)}
