-- DropLetter: forget a dead letter.
-- H: by (mark of this asking), name
-- Answers: ok | unknown_entry | unknown_event
if redis.call('EXISTS', K.entry) == 0 then return {'unknown_entry'} end
if redis.call('HGET', K.box, 'letter') == H.by then return {'ok'} end -- its answer was lost
if redis.call('HEXISTS', K.dead, H.name) == 0 then return {'unknown_event'} end
unbury(H.name)
redis.call('HSET', K.box, 'letter', H.by)
return {'ok'}
