-- Commit: move update state, events and what was learnt on in one atomic step.
--
-- H: nonce, commit, items {n name, l lane, c class, x expires, t type tag, o occurred, k kind, m marks, h text,
--    g latest word on}, peers,
--    names, max_items, max_bytes, max_passing, idem_prefix, mark_life
-- ARGV[2]: update state, then for each item: sealed item, sealed proof or '', sealed type; then peers
-- Answers: ok, queued, held, own | lost
if not holds() then return {'lost'} end
if redis.call('HGET', K.box, 'commit') == H.commit then return {'ok', 0, 0, 0} end -- its answer was lost

local users, orphans
local function callers()
  if not users then
    sweep_marks()
    users, orphans = senders(), {}
    local flat = redis.call('HGETALL', K.orphans)
    for i = 1, #flat, 2 do
      local o = cjson.decode(flat[i + 1])
      if o.x <= now then redis.call('HDEL', K.orphans, flat[i]) else orphans[#orphans + 1] = o end
    end
  end
end

-- whose returns 'own' for what our calls did, the nonces of those that may have done it, or nil.
local function whose(it, place_in_order, proof)
  callers()
  if is_marked(it.m) then return 'own' end
  for _, o in ipairs(orphans) do
    if says(o.t, it.h) and within(it.o, o.f, o.u) then
      note(o.i ~= '' and o.i or nil, place_in_order, it.n, proof)
      return 'own'
    end
  end
  local holders = {}
  for _, a in ipairs(users) do
    if a.nonce and not a.judged and string.find(a.kinds, ' ' .. it.k .. ' ', 1, true) then holders[#holders + 1] = a.nonce end
  end
  if #holders > 0 then return nil, holders end
end

-- replace takes out what was said before and nobody has heard of: one that was tried may have arrived.
local function replace(latest)
  local former = redis.call('HGET', K.latest, latest)
  local m = former and item(former)
  if m and m.n == 0 then remove(former, m) end
end

local queued, held, own = 0, 0, 0
for i, it in ipairs(H.items) do
  local blob, proof, typ = ARGV[3 * i], ARGV[3 * i + 1], ARGV[3 * i + 2]
  if redis.call('HEXISTS', K.meta, it.n) == 0 then
    local q = redis.call('HINCRBY', K.box, 'seq', 1)
    local mine, holders
    if it.k ~= '' then mine, holders = whose(it, q, proof) end
    redis.call('HSETNX', K.types, it.t, typ)
    if mine then
      own = own + 1
    elseif it.x <= now then
      tally(it.t, it.o, 'max_age')
    else
      local m = {q = q, l = it.l, c = it.c, x = it.x, t = it.t, o = it.o, a = now, n = 0, u = now, z = #blob}
      if holders then m.k, m.m, m.h, m.w = it.k, it.m, it.h, holders end
      if it.g ~= '' then
        replace(it.g)
        m.g = it.g
        redis.call('HSET', K.latest, it.g, it.n)
      end
      if holders then
        redis.call('HSET', K.items, it.n .. ':p', proof)
        redis.call('ZADD', K.held, q, it.n)
        held = held + 1
      else
        queued = queued + 1
      end
      put(it.n, m, blob)
    end
  end
end

keep_limits()
if queued > 0 then tell_reader() end
learn(3 + 3 * #H.items, H.peers, H.names)
redis.call('SET', K.state, ARGV[2])
redis.call('HDEL', K.entry, 'renewed')
redis.call('HSET', K.box, 'commit', H.commit)
return {'ok', queued, held, own}
