-- Works: the listener's authorization was in doubt, and Telegram has answered it.
-- H: nonce
-- Answers: ok | lost
if not holds() then return {'lost'} end
if redis.call('HGET', K.listener, 'state') == 'duplicated' then
  redis.call('HSET', K.listener, 'state', 'ok')
  redis.call('HDEL', K.listener, 'rest')
end
return {'ok'}
