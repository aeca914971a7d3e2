-- Settle: what became of claimed items.
-- H: nonce, items {n name, d done | retry | dead | lost, w wait, p pauses the target}, max_dead, max_bytes, dead_life
-- ARGV from 2: for each item its dead letter or ''
-- Answers: ok | lost
if not holds() then return {'lost'} end
local buried = false
for i, s in ipairs(H.items) do
  local m = item(s.n)
  if m then
    if s.d == 'done' then
      remove(s.n, m)
      redis.call('ZADD', K.acked, now, s.n)
      redis.call('HDEL', K.box, 'pause')
    elseif s.d == 'dead' then
      remove(s.n, m)
      redis.call('HSET', K.dead, s.n, ARGV[1 + i])
      redis.call('ZADD', K.graves, now, s.n)
      buried = true
    elseif s.d == 'lost' then -- nobody can read it
      remove(s.n, m)
      redis.call('HINCRBY', K.box, 'dropped', 1)
    else
      m.u = now + s.w
      keep(s.n, m)
      set_head(m.l)
      if s.p then redis.call('HSET', K.box, 'pause', now + s.w) end
    end
  end
end
redis.call('ZREMRANGEBYSCORE', K.acked, '-inf', now - 86400000)
if buried then thin() else thin_by_age() end
return {'ok'}
