-- Acquire: grant the use of an authorization to a call, or say why not.
--
-- H: nonce, token, lease, wait (how much longer it would wait), quarantine, kinds, texts, only, under (nonce of the
--    listener that borrows it, also from a tombstone), idem, body, idem_life, peers, names, own_store, holder
-- ARGV[2]: sealed random ids of a call with an idempotency key
-- Answers: granted, {name, epoch, repeat}, record, session, ids, peers, proofs, entry fields, open answer
--          answered, {}, record, '', answer, {}, {}, entry fields
--          wait, milliseconds until a look is worth while without a bell
--          widened: the lease would be the longest so far, which is written down; ask again when that is kept for sure
--          busy | resting | in_progress, milliseconds | unknown_entry | removing | reauth | key_reused | unknown_outcome
local e = redis.call('HMGET', K.entry, 'rec', 'removing', 'rev', 'created')
if not e[1] then return {'unknown_entry'} end
if H.under then
  local l = redis.call('HMGET', K.listener, 'nonce', 'ends')
  if l[1] ~= H.under or (tonumber(l[2] or 0) or 0) <= now then return {'lost'} end
elseif e[2] then
  return {'removing'}
end
local about = {e[3] or '0', e[2] or ''}

local only, known = H.only or '', nil
local all = senders()
if H.under and only == 'listener' then all = {} end

-- What an earlier call with this idempotency key left behind.
local idem, ids, proofs = nil, '', {}
if H.idem then
  idem = H.idem_prefix .. H.idem
  local flat = redis.call('HGETALL', idem)
  if #flat > 0 and redis.call('HGET', idem, 'born') ~= e[4] then
    redis.call('DEL', idem) -- of an entry of the account that was removed since, with its logins
    flat = {}
  end
  if #flat > 0 then
    known = {}
    for i = 1, #flat, 2 do
      if string.sub(flat[i], 1, 2) == 'p:' then
        proofs[#proofs + 1] = flat[i]
        proofs[#proofs + 1] = flat[i + 1]
      else
        known[flat[i]] = flat[i + 1]
      end
    end
    if known.body ~= H.body then return {'key_reused'} end
    ids = known.ids
    if known.answer and not known.open then return {'answered', '{}', e[1], '', known.answer, {}, {}, about} end
    if known.auth then
      only = known.auth
      local found = false
      for _, a in ipairs(all) do
        if a.name == only then
          -- Another login in its place does not know the random ids: Telegram keeps them per login.
          found = (a.state == 'ok' or a.state == 'duplicated') and a.login == (known.login or '0')
          if a.nonce and a.nonce == known.nonce and a.nonce ~= H.nonce and is_held(a) then
            return {'in_progress', a.ends - now}
          end
        end
      end
      if not found then return {'unknown_outcome'} end
    end
  end
end

local since = store_since()

-- The candidates, those that work before one that is to be probed.
local candidates = {}
for _, state in ipairs({'ok', 'duplicated'}) do
  for _, a in ipairs(all) do
    if a.state == state and (only == '' or a.name == only) then candidates[#candidates + 1] = a end
  end
end
if #candidates == 0 then return {'reauth'} end

local chosen, epoch = nil, 0
local soonest, busy = nil, false
local free = {}
for _, a in ipairs(candidates) do
  if a.nonce == H.nonce and is_held(a) then chosen, epoch = a, a.epoch end -- the answer to the first asking was lost
  local at, held = free_at(a, since)
  if at then
    if at <= now and not held then free[#free + 1] = a end
    if held then busy = true end
    if not soonest or at < soonest then soonest = at end
  end
end

if not chosen then
  -- First come, first served: whoever came before takes what is free before us.
  local ahead = H.under and {} or waiters()
  local queued = false
  for _, w in ipairs(ahead) do
    if w.token == H.token then queued = true break end
    for i, a in ipairs(free) do
      if w.only == '' or w.only == a.name then
        table.remove(free, i)
        busy = true
        break
      end
    end
  end
  chosen = free[1]
  if not chosen then
    local delay = math.max(soonest - now, 0)
    if H.wait <= 0 or (not busy and delay > H.wait) then
      if queued then leave_queue(H.token) end
      return {busy and 'busy' or 'resting', delay}
    end
    if not queued then redis.call('RPUSH', K.queue, H.token) end
    redis.call('HSET', K.waiting, H.token, cjson.encode({d = now + H.wait + 1000, s = now, o = only}))
    redis.call('PEXPIRE', K.queue, 60000)
    redis.call('PEXPIRE', K.waiting, 60000)
    return {'wait', delay}
  end
  -- After a restart of the store nobody is granted anything for as long as the longest lease. A crash may take the last
  -- moment of writes along: this lease must not be in it together with the word that it is longer than those before.
  if not H.own_store and H.lease > chosen.longest then
    redis.call('HSET', chosen.key, 'longest', H.lease)
    return {'widened'}
  end
  epoch = grant(chosen)
  if H.idem then
    redis.call('HSET', chosen.key, 'idem', H.idem)
    redis.call('HSET', idem, 'body', H.body, 'auth', chosen.name, 'login', chosen.login, 'nonce', H.nonce)
    if not known then
      ids = ARGV[2]
      redis.call('HSET', idem, 'ids', ids, 'born', e[4])
      redis.call('PEXPIRE', idem, H.idem_life)
    end
  end
  if queued then leave_queue(H.token) end
  if #free > 1 then wake() end
end

-- Peers by id, and by username: that field names the id's record.
local fields, seen = {}, {}
for i = 1, #H.peers do fields[#fields + 1] = H.peers[i] end
for i = 1, #H.names, 500 do
  for _, field in ipairs(redis.call('HMGET', K.names, unpack(H.names, i, math.min(i + 499, #H.names)))) do
    if field then fields[#fields + 1] = field end
  end
end
local peers = {}
for i = 1, #fields, 500 do
  local last = math.min(i + 499, #fields)
  for j, blob in ipairs(redis.call('HMGET', K.peers, unpack(fields, i, last))) do
    local field = fields[i + j - 1]
    if blob and not seen[field] then
      seen[field] = true
      peers[#peers + 1] = field
      peers[#peers + 1] = blob
    end
  end
end

return {'granted', cjson.encode({name = chosen.name, epoch = epoch, ['repeat'] = known ~= nil, probe = chosen.state == 'duplicated'}), e[1],
  redis.call('HGET', chosen.key, 'session') or '', ids, peers, proofs, about,
  known and known.answer or ''}
