-- Settle: what became of claimed items.
-- H: nonce, items {n name, d done | retry | dead, w wait, p pauses the target}, max_dead
-- ARGV from 2: for each item its dead letter or ''
-- Answers: ok | lost
if not holds() then return {'lost'} end
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
    else
      m.u = now + s.w
      keep(s.n, m)
      set_head(m.l)
      if s.p then redis.call('HSET', K.box, 'pause', now + s.w) end
    end
  end
end
redis.call('ZREMRANGEBYSCORE', K.acked, '-inf', now - 86400000)
while redis.call('ZCARD', K.graves) > H.max_dead do
  local first = redis.call('ZRANGE', K.graves, 0, 0)[1]
  redis.call('ZREM', K.graves, first)
  redis.call('HDEL', K.dead, first)
  redis.call('HINCRBY', K.box, 'dropped', 1)
end
return {'ok'}
