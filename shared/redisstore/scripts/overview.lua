-- Overview: everything there is to show about an entry.
-- H: quarantine, own_store, dead_life
-- Answers: ok, fields of the entry, {name, state}…, {waiting, oldest's time, dead, dropped, listener is there, its end, now, last read} | unknown_entry
local e = redis.call('HMGET', K.entry, 'rec', 'rev', 'removing', 'created', 'status', 'sent', 'edited', 'deleted')
if not e[1] then return {'unknown_entry'} end
for i = 1, 8 do e[i] = e[i] or '' end
local devices = {}
local serving, last = 0, 0
for _, name in ipairs({'listener', 'sender 1', 'sender 2', 'sender 3'}) do
  local a = authorization(name)
  if a and a.state ~= 'gone' then
    local state = a.state
    if state == 'ok' and (a.rest > now or (a.nonce and a.ends <= now and a.ends + H.quarantine > now)) then state = 'resting' end
    devices[#devices + 1] = name
    devices[#devices + 1] = state
  end
  if a and name == 'listener' then
    serving = is_held(a) and 1 or 0
    last = a.ends
  end
end
local oldest = 0
for _, class in ipairs({'durable', 'passing'}) do
  local first = redis.call('ZRANGE', K[class], 0, 0)
  local m = first[1] and item(first[1])
  if m and (oldest == 0 or m.a < oldest) then oldest = m.a end
end
return {'ok', e, devices, {redis.call('ZCARD', K.durable) + redis.call('ZCARD', K.passing), oldest, redis.call('ZCOUNT', K.graves, now - H.dead_life, '+inf'),
  tonumber(redis.call('HGET', K.box, 'dropped') or 0), serving, last, now,
  tonumber(redis.call('HGET', K.reader, 'at') or 0)}}
