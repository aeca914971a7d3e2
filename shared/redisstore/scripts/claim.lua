-- Claim: what is due, at most one item per lane. Judges calls that died, and gives up what is too old.
-- H: claim (mark of this asking), nonce, busy {lane = true}, limit, now (ignore pauses), idem_prefix, mark_life
-- Answers: ok, {name, place, attempts, sealed item}…, when something else is due (0: never), {reason|tag, tally}…, {tag, sealed type}… | lost
if not holds() then return {'lost'} end

local soonest
local function sooner(t)
  if not soonest or t < soonest then soonest = t end
end

for _, a in ipairs(senders()) do judge(a) end

expire(H.busy)

local found = {}
local pause = tonumber(redis.call('HGET', K.box, 'pause') or 0)
if H.now then
  pause = 0
  redis.call('HDEL', K.box, 'pause')
end
if pause > now then
  if redis.call('ZCARD', K.heads) > 0 then sooner(pause) end
else
  local offset, more = 0, true
  while more do
    local page = redis.call('ZRANGEBYSCORE', K.heads, '-inf', '(+inf', 'WITHSCORES', 'LIMIT', offset, 100)
    more = #page == 200
    offset = offset + 100
    for i = 1, #page, 2 do
      local lane, due = string.sub(page[i], 2), tonumber(page[i + 1])
      if not H.busy[lane .. ':'] then
        if due > now and not H.now then
          sooner(due)
          more = false
          break
        end
        if #found >= 4 * H.limit then
          sooner(now)
          more = false
          break
        end
        local name = head(lane)
        local m = item(name)
        m.n = m.n + 1
        keep(name, m)
        found[#found + 1] = name
        found[#found + 1] = m.q
        found[#found + 1] = m.n
        found[#found + 1] = redis.call('HGET', K.items, name)
      end
    end
  end
end

-- While something is held, whoever holds it ends soon: at the latest with its lease. The command "released" says it at
-- once; this is for a listener that missed it.
if redis.call('ZCARD', K.held) > 0 then sooner(now + 1000) end

-- What was given up is told once; it is kept until the next claim in case the answer to this one is lost.
if redis.call('HGET', K.box, 'told') ~= H.claim then
  redis.call('DEL', K.told)
  if redis.call('EXISTS', K.dropped) == 1 then
    redis.call('RENAME', K.dropped, K.told)
    redis.call('HSET', K.box, 'told', H.claim)
  end
end
local dropped = redis.call('HGETALL', K.told)
local types = {}
if #dropped > 0 then types = redis.call('HGETALL', K.types) end
return {'ok', found, soonest or 0, dropped, types}
