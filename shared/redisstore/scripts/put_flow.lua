-- NoteFlow, PutFlow, DropFlow: write down a flow that the caller holds; then keep it held, give it back, or forget it.
-- H: nonce, act note | put | drop | new, expires, keep_until, ended, empty (it holds nothing that would have to be logged out)
-- ARGV[2]: record
-- Answers: ok | lost
if H.act ~= 'new' then
  local v = redis.call('HMGET', K.flow, 'nonce', 'last')
  if v[1] ~= H.nonce then
    if H.act == 'put' and v[2] == H.nonce then return {'ok'} end -- the answer to the first giving back was lost
    if not v[1] and H.act == 'drop' and redis.call('EXISTS', K.flow) == 0 then return {'ok'} end
    return {'lost'}
  end
end
if H.act == 'drop' then
  redis.call('DEL', K.flow)
  return {'ok'}
end
redis.call('HSET', K.flow, 'rec', ARGV[2], 'expires', H.expires)
redis.call('HDEL', K.flow, 'ended', 'empty')
if H.ended then redis.call('HSET', K.flow, 'ended', '1') end
if H.empty then redis.call('HSET', K.flow, 'empty', '1') end
if H.act == 'put' then
  redis.call('HDEL', K.flow, 'nonce', 'ends', 'holder', 'process')
  redis.call('HSET', K.flow, 'last', H.nonce)
end
redis.call('PEXPIREAT', K.flow, H.keep_until)
return {'ok'}
