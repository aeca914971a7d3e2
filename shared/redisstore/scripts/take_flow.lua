-- TakeFlow: take a flow to answer it, or (sweep) one that is past its time or whose answering process died.
-- H: nonce, lease, quarantine, sweep, holder, sole (no other process of this holder lives)
-- Answers: taken, record | unknown | busy, milliseconds | not_yet, when to look again
local v = redis.call('HMGET', K.flow, 'rec', 'nonce', 'ends', 'ended', 'expires', 'empty', 'holder', 'process')
if not v[1] then return {'unknown'} end
local nonce, ends, expires = v[2], tonumber(v[3] or 0) or 0, tonumber(v[5] or 0) or 0
if nonce ~= H.nonce then
  local is_dead = H.sole and nonce and v[7] == H.holder and v[8] ~= H.process
  if nonce and not is_dead and ends + H.quarantine > now then
    -- Answered now, or by a process that may only be frozen: what it has made is not touched before its quarantine ends.
    local at = ends > now and ends or ends + H.quarantine
    if H.sweep then return {'not_yet', tostring(ends + H.quarantine)} end
    return {'busy', at - now}
  end
  if v[4] and (v[6] or not H.sweep) then return {'unknown'} end
  if H.sweep then
    if not nonce and expires > now then return {'not_yet', tostring(expires)} end
  elseif expires <= now then
    return {'unknown'}
  end
  redis.call('HSET', K.flow, 'nonce', H.nonce, 'ends', now + H.lease, 'holder', H.holder, 'process', H.process)
end
return {'taken', v[1]}
