-- What the scripts share. It stands in front of each of them, after the table K of the names of the keys.
-- H is what the caller says in clear, now the store's clock in milliseconds.
local H = cjson.decode(ARGV[1])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000) + (H.ahead or 0)

local SENDERS = {'sender 1', 'sender 2', 'sender 3'}

-- set writes many fields of a hash, few enough at a time for Lua's stack.
local function set(key, flat)
  for i = 1, #flat, 500 do
    redis.call('HSET', key, unpack(flat, i, math.min(i + 499, #flat)))
  end
end

local function sweep_marks() redis.call('ZREMRANGEBYSCORE', K.marks, '-inf', now) end

------------------------------------------------------------------------ authorizations and leases

local function authorization(name)
  local v = redis.call('HMGET', K[name], 'state', 'nonce', 'ends', 'from', 'rest', 'judged', 'kinds', 'texts', 'idem',
    'epoch', 'longest', 'holder', 'last', 'process', 'login')
  if not v[1] then return nil end
  return {name = name, key = K[name], state = v[1], nonce = v[2] or nil, ends = tonumber(v[3] or 0) or 0,
    from = tonumber(v[4] or 0) or 0, rest = tonumber(v[5] or 0) or 0, judged = v[6] == '1', kinds = v[7] or '',
    texts = v[8] or '', idem = v[9] or nil, epoch = tonumber(v[10] or 0) or 0, longest = tonumber(v[11] or 0) or 0,
    holder = v[12] or nil, last = v[13] or nil, process = v[14] or nil, login = v[15] or '0'}
end

local function senders()
  local all = {}
  for _, name in ipairs(SENDERS) do
    local a = authorization(name)
    if a then all[#all + 1] = a end
  end
  return all
end

local function is_held(a) return a.nonce ~= nil and a.ends > now end

-- holds says whether the caller is the listener that serves the entry.
local function holds()
  local v = redis.call('HMGET', K.listener, 'nonce', 'ends')
  return v[1] == H.nonce and (tonumber(v[2] or 0) or 0) > now
end

-- store_since returns since when the store has been the one it is: 0, or when somebody first saw that it was started
-- anew or that a replica took over. Leases granted in the last second before may have been forgotten.
local function store_since()
  if H.own_store then return 0 end
  local server = redis.pcall('INFO', 'server')
  local replication = redis.pcall('INFO', 'replication')
  if type(server) ~= 'string' or type(replication) ~= 'string' then return 0 end
  local pair = (string.match(server, 'run_id:(%w+)') or '') .. ':' .. (string.match(replication, 'master_replid:(%w+)') or '')
  local v = redis.call('HMGET', K.entry, 'pair', 'pair_since')
  if v[1] == pair then return tonumber(v[2] or 0) or 0 end
  local since = v[1] and now or 0
  redis.call('HSET', K.entry, 'pair', pair, 'pair_since', since)
  return since
end

-- free_at returns from when on an authorization can be granted, and whether somebody holds it now; nil if waiting does
-- not help.
local function free_at(a, since)
  if a.state == 'ended' or a.state == 'gone' then return nil end
  local at = a.rest
  if since > 0 then at = math.max(at, since + a.longest) end
  if is_held(a) then return math.max(at, a.ends), true end
  if a.nonce then at = math.max(at, a.ends + H.quarantine) end
  return at, false
end

-- first_lease is how long the longest lease of an authorization is taken to be before there was one.
local function first_lease(name) return name == 'listener' and H.first_listener_lease or H.first_lease end

local function end_lease(a)
  redis.call('HDEL', a.key, 'nonce', 'ends', 'from', 'judged', 'kinds', 'texts', 'idem', 'holder', 'process')
  redis.call('HSET', a.key, 'last', a.nonce)
end

-- end_in records how the use of an authorization ended.
local function end_in(a, fate)
  if a.state == 'gone' then return end
  if not H.untouched then redis.call('HSET', a.key, 'used', now) end
  if fate == 'ended' or (fate == 'duplicated' and a.state == 'duplicated') then
    redis.call('HSET', a.key, 'state', 'ended')
    redis.call('HDEL', a.key, 'session', 'rest')
  elseif fate == 'duplicated' then
    redis.call('HSET', a.key, 'state', 'duplicated', 'rest', now + H.cooldown)
  else
    -- One in doubt is so until Telegram has answered it.
    if a.state ~= 'duplicated' or not H.untouched then redis.call('HSET', a.key, 'state', 'ok') end
    if fate == 'rests' then redis.call('HSET', a.key, 'rest', math.max(a.rest, now + H.rest)) end
  end
end

------------------------------------------------------------------------ who waits for a sender

-- waiters returns those who still wait, in order, and forgets those who do not.
local function waiters()
  local live = {}
  for _, token in ipairs(redis.call('LRANGE', K.queue, 0, -1)) do
    local w = redis.call('HGET', K.waiting, token)
    w = w and cjson.decode(w)
    if w and w.d > now and w.s + 5000 > now then
      live[#live + 1] = {token = token, only = w.o}
    else
      redis.call('LREM', K.queue, 0, token)
      redis.call('HDEL', K.waiting, token)
    end
  end
  return live
end

local function leave_queue(token)
  redis.call('LREM', K.queue, 0, token)
  redis.call('HDEL', K.waiting, token)
end

-- wake tells the first who waits to look again.
local function wake()
  local live = waiters()
  if live[1] then redis.call('PUBLISH', H.bell, live[1].token) end
end

------------------------------------------------------------------------ the outbox

local function item(name)
  local m = redis.call('HGET', K.meta, name)
  return m and cjson.decode(m) or nil
end

local function keep(name, m) redis.call('HSET', K.meta, name, cjson.encode(m)) end

local function place(name, m) return m.l .. ':' .. string.format('%016d', m.q) .. ':' .. name end

-- set_head says when the oldest item of a lane is due.
local function set_head(lane)
  while true do
    local r = redis.call('ZRANGEBYLEX', K.lanes, '[' .. lane .. ':', '(' .. lane .. ';', 'LIMIT', 0, 1)
    if not r[1] then
      redis.call('ZREM', K.heads, 'l' .. lane)
      return
    end
    local m = item(string.sub(r[1], #lane + 19))
    if m then
      redis.call('ZADD', K.heads, m.w and '+inf' or m.u, 'l' .. lane)
      return
    end
    redis.call('ZREM', K.lanes, r[1])
  end
end

local function head(lane)
  local r = redis.call('ZRANGEBYLEX', K.lanes, '[' .. lane .. ':', '(' .. lane .. ';', 'LIMIT', 0, 1)
  return r[1] and string.sub(r[1], #lane + 19)
end

-- put queues an item at the end of its lane.
local function put(name, m, blob)
  redis.call('HSET', K.items, name, blob)
  keep(name, m)
  redis.call('ZADD', K.lanes, 0, place(name, m))
  redis.call('ZADD', K[m.c], m.q, name)
  redis.call('ZADD', K.expiry, m.x, name)
  if m.c == 'durable' then redis.call('HINCRBY', K.box, 'bytes', m.z) end
  set_head(m.l)
end

local function remove(name, m)
  redis.call('HDEL', K.items, name, name .. ':p')
  redis.call('HDEL', K.meta, name)
  redis.call('ZREM', K.lanes, place(name, m))
  redis.call('ZREM', K[m.c], name)
  redis.call('ZREM', K.expiry, name)
  if m.w then redis.call('ZREM', K.held, name) end
  if m.g and redis.call('HGET', K.latest, m.g) == name then redis.call('HDEL', K.latest, m.g) end
  if m.c == 'durable' then redis.call('HINCRBY', K.box, 'bytes', -m.z) end
  set_head(m.l)
end

-- tally counts an event that is given up, for whoever reports it.
local function tally(tag, occurred, reason)
  redis.call('HINCRBY', K.box, 'dropped', 1)
  local field = reason .. '|' .. tag
  local t = redis.call('HGET', K.dropped, field)
  t = t and cjson.decode(t) or {c = 0, f = occurred, l = occurred}
  t.c = t.c + 1
  t.f = math.min(t.f, occurred)
  t.l = math.max(t.l, occurred)
  redis.call('HSET', K.dropped, field, cjson.encode(t))
end

local function give_up(name, m, reason)
  remove(name, m)
  tally(m.t, m.o, reason)
end

-- keep_limits lets the oldest go at a limit. Passing events have a limit of their own, so they never drive durable ones
-- out.
local function keep_limits()
  local function oldest_goes(class)
    local first = redis.call('ZRANGE', K[class], 0, 0)
    local m = first[1] and item(first[1])
    if not m then
      if first[1] then redis.call('ZREM', K[class], first[1]) end
      return first[1] ~= nil
    end
    give_up(first[1], m, 'limit')
    return true
  end
  while redis.call('ZCARD', K.passing) > H.max_passing and oldest_goes('passing') do end
  while (redis.call('ZCARD', K.durable) > H.max_items or tonumber(redis.call('HGET', K.box, 'bytes') or 0) > H.max_bytes)
    and oldest_goes('durable') do end
end

-- note keeps, under the idempotency key of a call, that an event was its doing.
local function note(idem, place_in_order, name, blob)
  if not idem or not blob or blob == '' then return end
  local key = H.idem_prefix .. idem
  if redis.call('EXISTS', key) == 1 then
    redis.call('HSET', key, 'p:' .. string.format('%016d', place_in_order) .. ':' .. name, blob)
  end
end

-- tell_reader tells the reader that waits for events to look again.
local function tell_reader()
  if tonumber(redis.call('HGET', K.reader, 'waits') or 0) > now then redis.call('PUBLISH', H.bell, 'events') end
end

-- handed_out returns the names of the batch that a reader was given in the last minute: it may be acknowledged yet.
local function handed_out()
  local v = redis.call('HMGET', K.reader, 'since', 'items')
  local names = {}
  if v[1] and tonumber(v[1]) + 60000 > now then
    for _, name in ipairs(cjson.decode(v[2])) do names[name] = true end
  end
  return names
end

-- expire gives up what is too old. What is on its way stays until it is known what became of it, and in front of the
-- others: the lanes of busy, as lane .. ':', and what a reader has.
local function expire(busy)
  local out = handed_out()
  local stays, page = 0, nil
  repeat
    page = redis.call('ZRANGEBYSCORE', K.expiry, '-inf', now, 'LIMIT', stays, 1000)
    for _, name in ipairs(page) do
      local m = item(name)
      if not m then
        redis.call('ZREM', K.expiry, name)
      elseif busy[m.l .. ':'] or out[name] then
        stays = stays + 1
      else
        give_up(name, m, 'max_age')
      end
    end
  until #page < 1000
end

local function is_marked(marks)
  if not marks or #marks == 0 then return false end
  for _, mark in ipairs(marks) do
    if not redis.call('ZSCORE', K.marks, mark) then return false end
  end
  return true
end

local function says(texts, text) return text ~= nil and text ~= '' and string.find(texts, text, 1, true) ~= nil end

-- orphan remembers what a call that died was about to send: its events may arrive later.
local function orphan(a, ends)
  if a.texts == '' then return end
  redis.call('HSET', K.orphans, a.nonce, cjson.encode({t = a.texts, f = a.from, u = ends, i = a.idem or '', x = now + H.mark_life}))
end

-- within says whether something occurred while a call was about to act, by Telegram's clock, which is not the store's.
local SKEW = 30000
local function within(occurred, from, ends) return occurred >= from - SKEW and occurred <= ends + SKEW end

-- resolve ends the waiting of the items that the lease of a holds: marked ones are own and dropped, so are those that
-- match the texts of a call of whose end nothing is known but its time (unsure); the others no longer wait for it. When a
-- deletion, a reading or a pin occurred is not always known. Returns how many were released.
local function resolve(a, unsure)
  local released = 0
  for _, name in ipairs(redis.call('ZRANGE', K.held, 0, -1)) do
    local m = item(name)
    if m and m.w then
      local mine, others = false, {}
      for _, nonce in ipairs(m.w) do
        if nonce == a.nonce then mine = true else others[#others + 1] = nonce end
      end
      local timely = unsure and ((m.k ~= 'send' and m.k ~= 'edit') or within(m.o, a.from, unsure))
      if is_marked(m.m) or (mine and timely and says(a.texts, m.h)) then
        note(a.idem, m.q, name, redis.call('HGET', K.items, name .. ':p'))
        remove(name, m)
      elseif mine and #others > 0 then
        m.w = others
        keep(name, m)
      elseif mine then
        m.w = nil
        m.u = now
        keep(name, m)
        redis.call('ZREM', K.held, name)
        set_head(m.l)
        released = released + 1
      end
    else
      redis.call('ZREM', K.held, name)
    end
  end
  tell_reader()
  return released
end

-- judge decides what a call did whose lease expired without being given back. Returns how many items were released.
local function judge(a)
  if not a.nonce or a.judged or a.ends > now then return 0 end
  orphan(a, a.ends)
  local released = resolve(a, a.ends)
  redis.call('HSET', a.key, 'judged', '1')
  a.judged = true
  return released
end

------------------------------------------------------------------------ dead letters

local function unbury(name)
  redis.call('ZREM', K.graves, name)
  redis.call('HDEL', K.dead, name)
end

-- thin lets the oldest dead letters go: at a limit of their number or their bytes, and by age.
local function thin()
  local count, bytes = 0, 0
  local all = redis.call('ZREVRANGE', K.graves, 0, -1, 'WITHSCORES')
  for i = 1, #all, 2 do
    count = count + 1
    bytes = bytes + redis.call('HSTRLEN', K.dead, all[i])
    if count > H.max_dead or bytes > H.max_bytes or tonumber(all[i + 1]) <= now - H.dead_life then
      unbury(all[i])
      redis.call('HINCRBY', K.box, 'dropped', 1)
    end
  end
end

-- thin_by_age is cheap where none is too old.
local function thin_by_age()
  if redis.call('ZCOUNT', K.graves, '-inf', now - H.dead_life) > 0 then thin() end
end

------------------------------------------------------------------------ granting

-- intend writes down what whoever holds an authorization is about to do from now on.
local function intend(key)
  if not H.kinds or H.kinds == '' then return end
  redis.call('HSETNX', key, 'from', now) -- what it said before may have been done since then
  redis.call('HSET', key, 'kinds', H.kinds, 'texts', H.texts or '')
end

-- grant gives the lease of an authorization to the caller.
local function grant(a, from)
  judge(a)
  redis.call('HDEL', a.key, 'from', 'judged', 'kinds', 'texts', 'idem')
  redis.call('HSET', a.key, 'nonce', H.nonce, 'ends', now + H.lease, 'epoch', a.epoch + 1,
    'longest', math.max(a.longest, H.lease), 'holder', H.holder or '', 'process', H.process)
  intend(a.key)
  return a.epoch + 1
end

local function learn(first, peers, names)
  local flat = {}
  for i, field in ipairs(peers) do
    flat[#flat + 1] = field
    flat[#flat + 1] = ARGV[first + i - 1]
  end
  if #flat > 0 then set(K.peers, flat) end
  if #names > 0 then set(K.names, names) end
end
