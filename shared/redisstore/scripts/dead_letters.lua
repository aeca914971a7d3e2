-- DeadLetters: the events that the target has refused for good, the oldest first, as many as have H.most bytes.
-- H: most, max_dead, max_bytes, dead_life
-- Answers: ok, {name, sealed dead letter}… | unknown_entry
if redis.call('EXISTS', K.entry) == 0 then return {'unknown_entry'} end
thin()
local found, bytes = {}, 0
for _, name in ipairs(redis.call('ZRANGE', K.graves, 0, -1)) do
  local blob = redis.call('HGET', K.dead, name)
  bytes = bytes + (blob and #blob or 0)
  if bytes > H.most and #found > 0 then break end
  if blob then
    found[#found + 1] = name
    found[#found + 1] = blob
  end
end
return {'ok', found}
