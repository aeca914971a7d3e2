-- ClaimEntry: grant the lease of the listener's authorization. One that is in doubt is granted, to deliver what waits, also
-- before its cool-down is over: nothing connects with it before then.
-- H: nonce, lease, holder, takeover, quarantine, mark_life, own_store, bell, idem_prefix
-- Answers: claimed, {epoch, state, now, rest}, record, session, update state, renewed state, peers, entry fields | unknown_entry | no
local e = redis.call('HMGET', K.entry, 'rec', 'rev', 'removing', 'renewed')
if not e[1] then return {'unknown_entry'} end
local a = authorization('listener')
if not a then return {'unknown_entry'} end
local since = store_since()

local ours = a.nonce == H.nonce and is_held(a) -- the answer to the first asking was lost
-- The former process of this installation is dead, and the calls it was carrying out with it. Those of this process live.
local function is_dead(x) return H.takeover and x.nonce and x.holder == H.holder and x.process ~= H.process end
local takeover = is_dead(a)
if H.takeover then
  for _, s in ipairs(senders()) do
    if is_dead(s) then
      s.ends = math.min(s.ends, now)
      judge(s)
      end_lease(s)
      wake()
    end
  end
end
if not ours then
  local at, held = now, false
  if a.state == 'ended' or a.state == 'gone' then
    -- Nothing connects with it: no rest is needed, but nobody else may hold it.
    if is_held(a) then at, held = a.ends, true end
  elseif a.state == 'duplicated' then
    local x = {state = a.state, rest = 0, longest = a.longest, nonce = a.nonce, ends = a.ends}
    at, held = free_at(x, since)
  else
    at, held = free_at(a, since)
  end
  if takeover then at, held = a.state == 'duplicated' and now or a.rest, false end
  if held or at > now then return {'no', at - now} end
  a.epoch = grant(a)
  wake()
end

local peers = redis.call('HGETALL', K.peers)
return {'claimed', cjson.encode({epoch = a.epoch, state = a.state, now = now, rest = a.state == 'duplicated' and math.max(a.rest - now, 0) or 0}), e[1], redis.call('HGET', a.key, 'session') or '',
  redis.call('GET', K.state) or '', e[4] or '', peers, {e[2] or '0', e[3] or ''}}
