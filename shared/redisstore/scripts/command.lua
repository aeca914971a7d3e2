-- SendCommand: tell the entry's listener something.
-- H: bell, ARGV[2]: sealed command
-- Answers: ok, place, whether a listener serves the entry now | unknown_entry
if redis.call('HEXISTS', K.entry, 'rec') == 0 then return {'unknown_entry'} end
local id = redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[2])
redis.call('PUBLISH', H.bell, 'commands')
return {'ok', id, is_held(authorization('listener') or {ends = 0}) and 1 or 0}
