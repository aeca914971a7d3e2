-- Finish: give the use of an authorization back, and record what the call did.
--
-- H: nonce, name, fate, unsure, open, untouched, marks and their lives, mark_life, rest, cooldown, idem, idem_prefix, bell, peers, names, sent
-- ARGV[2]: session or '', ARGV[3]: answer or '', ARGV[4]: the command "released", ARGV[5]: the command "devices", then the
-- sealed last ids that H.sent names, then peers
-- Answers: ok | lost
if redis.call('EXISTS', K.entry) == 0 then return {'lost'} end -- forgotten meanwhile: nothing is to be left of it
local a = authorization(H.name)

sweep_marks()
for i, mark in ipairs(H.marks) do redis.call('ZADD', K.marks, 'GT', now + H.lives[i], mark) end
if H.idem and ARGV[3] ~= '' then
  local key = H.idem_prefix .. H.idem
  if redis.call('HGET', key, 'nonce') == H.nonce then
    redis.call('HSET', key, 'answer', ARGV[3])
    if H.open then redis.call('HSET', key, 'open', '1') else redis.call('HDEL', key, 'open') end
  end
end

local mine = a and a.nonce == H.nonce
if not mine and a and a.last == H.nonce then return {'ok'} end -- the answer to the first giving back was lost

-- What is held and marked is own whoever waits for it.
local released = resolve(mine and a or {nonce = H.nonce, texts = '', idem = H.idem}, H.unsure and mine and now)

local sent = {}
for i, field in ipairs(H.sent) do
  sent[#sent + 1] = field
  sent[#sent + 1] = ARGV[5 + i]
end
if #sent > 0 then redis.call('HSET', K.entry, unpack(sent)) end
learn(6 + #H.sent, H.peers, H.names)

if released > 0 then
  redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[4])
  redis.call('PUBLISH', H.bell, 'commands')
end
if not mine then return {'lost'} end

if H.unsure then orphan(a, now) end
if ARGV[2] ~= '' then redis.call('HSET', a.key, 'session', ARGV[2]) end
end_lease(a)
end_in(a, H.fate)
if H.fate == 'ended' or H.fate == 'duplicated' or a.state ~= 'ok' then
  redis.call('XADD', K.commands, 'MAXLEN', '~', 1000, '*', 'c', ARGV[5])
  redis.call('PUBLISH', H.bell, 'commands')
end
if H.untouched and H.idem then
  local key = H.idem_prefix .. H.idem
  if redis.call('HGET', key, 'nonce') == H.nonce then redis.call('HDEL', key, 'auth') end
end
wake()
return {'ok'}
