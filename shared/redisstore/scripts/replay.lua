-- Replay: a dead letter goes back to the end of its lane, as an event that was never tried.
-- H: by (mark of this asking), item {n name, l lane, c class, x expires, t type tag, o occurred}, max_items, max_bytes,
--    max_passing, bell
-- ARGV[2]: sealed item, ARGV[3]: the command "released"
-- Answers: ok | unknown_entry | removing | unknown_event
local v = redis.call('HMGET', K.entry, 'rec', 'removing')
if not v[1] then return {'unknown_entry'} end
if v[2] then return {'removing'} end
if redis.call('HGET', K.box, 'letter') == H.by then return {'ok'} end -- its answer was lost
local it = H.item
if redis.call('HEXISTS', K.dead, it.n) == 0 then return {'unknown_event'} end
unbury(it.n)
redis.call('HSET', K.box, 'letter', H.by)
if redis.call('HEXISTS', K.meta, it.n) == 0 then -- Telegram has not told it again meanwhile
  local q = redis.call('HINCRBY', K.box, 'seq', 1)
  put(it.n, {q = q, l = it.l, c = it.c, x = it.x, t = it.t, o = it.o, a = now, n = 0, u = now, z = #ARGV[2]}, ARGV[2])
  keep_limits()
  tell_reader()
end
redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[3])
redis.call('PUBLISH', H.bell, 'commands')
return {'ok'}
