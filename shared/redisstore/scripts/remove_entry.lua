-- MarkRemoving: make the entry a tombstone, and tell its listener, again if it is one already.
-- H: bell, ARGV[2]: the command "remove"
-- Answers: ok, since | unknown_entry
if redis.call('HEXISTS', K.entry, 'rec') == 0 then return {'unknown_entry'} end
redis.call('HSETNX', K.entry, 'removing', now)
redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[2])
redis.call('PUBLISH', H.bell, 'commands')
return {'ok', redis.call('HGET', K.entry, 'removing')}
