-- Answer: tell whoever waits for it what came of a command. Nobody may be waiting any more.
-- H: nonce, token, life, bell, ARGV[2]: sealed answer
-- Answers: ok | lost
if not holds() then return {'lost'} end
redis.call('SET', K.reply, ARGV[2], 'PX', H.life)
redis.call('PUBLISH', H.bell, H.token)
return {'ok'}
