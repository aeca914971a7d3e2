-- Standings: how each authorization of an entry stands.
-- H: quarantine
-- Answers: ok, {name, state, when it was last used, from when on it is free}… | unknown_entry
if redis.call('HEXISTS', K.entry, 'rec') == 0 then return {'unknown_entry'} end
local all = {}
for _, name in ipairs({'listener', 'sender 1', 'sender 2', 'sender 3'}) do
  local a = authorization(name)
  if a and a.state ~= 'gone' then
    all[#all + 1] = name
    all[#all + 1] = a.state
    all[#all + 1] = redis.call('HGET', K[name], 'used') or '0'
    all[#all + 1] = tostring(free_at(a, 0) or 0)
  end
end
return {'ok', all}
