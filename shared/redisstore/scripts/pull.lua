-- Pull: the reader of an entry's events acknowledges a batch and gets the next one, or the same one again. It runs
-- without the listener's lease, which the reader stands in for: it judges calls that died, and gives up what is too old.
--
-- H: rev (of the record that names the target), reader, after (the batch that the reader has; '': it does not say), batch (name
--    of a new one), most (events; 0: only acknowledge), most_bytes, spoiled (names that nobody can open), query (tag of callback
--    queries), idem_prefix, mark_life, bell, waits (how long the reader waits from now on)
-- Answers: ok, batch ('': none yet), {name, attempts, sealed item}…, more (1: yes), {name, sealed item}… acknowledged callback queries
--    | unknown_entry | changed | replaced | unknown_cursor
local v = redis.call('HMGET', K.entry, 'rec', 'rev', 'removing')
if not v[1] or v[3] then return {'unknown_entry'} end
if v[2] ~= H.rev then return {'changed'} end

local r = redis.call('HMGET', K.reader, 'reader', 'batch', 'items', 'former')
local reader, batch, former = r[1], r[2] or '', r[4] or ''
local items = r[3] and cjson.decode(r[3]) or {}

-- Who was replaced does not come back: two that take turns would each lose what the other acknowledges.
if reader ~= H.reader then
  if redis.call('ZSCORE', K.former, H.reader) then return {'replaced'} end
  if reader then redis.call('ZADD', K.former, now, reader) end
  redis.call('ZREMRANGEBYRANK', K.former, 0, -101)
  redis.call('HSET', K.reader, 'reader', H.reader)
  if reader then redis.call('PUBLISH', H.bell, 'events') end -- it waits in vain
end

local open = #items > 0 -- there is a batch that is not acknowledged
if H.after ~= '' and H.after ~= batch and not (open and H.after == former) then return {'unknown_cursor'} end

local asked = {}
if open and H.after == batch then
  for _, name in ipairs(items) do
    local m = item(name)
    if m then
      if m.t == H.query then
        asked[#asked + 1] = name
        asked[#asked + 1] = redis.call('HGET', K.items, name)
      end
      remove(name, m)
      redis.call('ZADD', K.acked, now, name)
    end
  end
  redis.call('ZREMRANGEBYSCORE', K.acked, '-inf', now - 86400000)
  redis.call('HDEL', K.box, 'pause')
  items, open = {}, false
end

for _, name in ipairs(H.spoiled) do
  local m = item(name)
  if m then give_up(name, m, 'unreadable') end
end
for _, a in ipairs(senders()) do judge(a) end
expire({})

-- The same batch again, less what has been given up meanwhile. If that was all, it is as if it had not been.
local lapsed = false
if open then
  local left = {}
  for _, name in ipairs(items) do
    if item(name) then left[#left + 1] = name end
  end
  items, open, lapsed = left, #left > 0, #left == 0
end

-- A new batch: all lanes in the order in which the events came, each up to its first that is held.
local more = 0
if not open and H.most > 0 then
  local blocked, bytes = {}, 0
  local at = {durable = 0, passing = 0}
  local pages = {}
  local function peek(class)
    local p = pages[class]
    if not p or (p.i > #p.names and #p.names == 200) then -- names and their places, a hundred at a time
      p = {i = 1, names = redis.call('ZRANGE', K[class], at[class], at[class] + 99, 'WITHSCORES')}
      at[class] = at[class] + 100
      pages[class] = p
    end
    return p.names[p.i], tonumber(p.names[p.i + 1])
  end
  local picked = {}
  while true do
    local d, dq = peek('durable')
    local p, pq = peek('passing')
    local class = (d and (not p or dq < pq)) and 'durable' or 'passing'
    local name = class == 'durable' and d or p
    if not name then break end
    pages[class].i = pages[class].i + 2
    local m = item(name)
    if m and m.w then
      blocked[m.l .. ':'] = true
    elseif m and not blocked[m.l .. ':'] then
      if #picked >= H.most or (#picked > 0 and bytes + m.z > H.most_bytes) then
        more = 1
        break
      end
      picked[#picked + 1] = name
      bytes = bytes + m.z
    end
  end
  if #picked > 0 then
    if not lapsed then former = batch end
    batch, items = H.batch, picked
    redis.call('HSET', K.reader, 'since', now)
  end
end

local found = {}
for _, name in ipairs(H.most > 0 and items or {}) do
  local m = item(name)
  m.n = m.n + 1
  keep(name, m)
  found[#found + 1] = name
  found[#found + 1] = m.n
  found[#found + 1] = redis.call('HGET', K.items, name)
end
redis.call('HSET', K.reader, 'batch', batch, 'former', former, 'items', cjson.encode(items), 'at', now, 'waits', now + H.waits)
return {'ok', open and H.most == 0 and former or batch, found, more, asked}
