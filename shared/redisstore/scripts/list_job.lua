-- Note a job for whoever takes up what nobody has in hand, and forget those that are no longer kept.
-- H: id, wait (how long nobody has to look at it), life
-- Answers: ok
redis.call('ZREMRANGEBYSCORE', K.jobs, '-inf', now - H.life)
redis.call('ZADD', K.jobs, now + H.wait, H.id)
return {'ok'}
