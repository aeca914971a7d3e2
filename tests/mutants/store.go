package main

const (
	othersOnly = "TestProperty_OnlyOthersEventsInOrder"
	twoHolders = "TestProperty_NeverTwoHolders"
)

// store: the scripts of the store hold what the leases and the outbox promise.
var store = suite{pkg: "./shared/redisstore", checks: 40, sub: "plain", mutations: []mutation{
	{
		name: "events that wait for a call are handed out",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "m.w and '+inf' or m.u",
		new:  "m.u",
		test: othersOnly,
	}, {
		name: "events never wait for a call",
		file: "shared/redisstore/scripts/commit.lua",
		old:  "if #holders > 0 then return nil, holders end",
		new:  "",
		test: othersOnly,
	}, {
		name: "what a call says it did is not believed",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "if is_marked(m.m) or (mine",
		new:  "if (mine",
		test: othersOnly,
	}, {
		name: "an event that arrives after the call is not known for its doing",
		file: "shared/redisstore/scripts/commit.lua",
		old:  "if is_marked(it.m) then return 'own' end",
		new:  "",
		test: othersOnly,
	}, {
		name: "what a call that died had said is forgotten",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "  orphan(a, a.ends)\n",
		new:  "",
		test: "TestOwn_CallsThatDie",
	}, {
		name: "calls that died are not judged",
		file: "shared/redisstore/scripts/claim.lua",
		old:  "for _, a in ipairs(senders()) do judge(a) end",
		new:  "",
		test: othersOnly,
	}, {
		name: "an acknowledged event stays",
		file: "shared/redisstore/scripts/settle.lua",
		old:  "    if s.d == 'done' then\n      remove(s.n, m)",
		new:  "    if s.d == 'done' then",
		test: othersOnly,
	}, {
		name: "a commit whose answer was lost is carried out again",
		file: "shared/redisstore/scripts/commit.lua",
		old:  "if redis.call('HGET', K.box, 'commit') == H.commit then return {'ok', 0, 0, 0} end",
		new:  "",
		test: "TestCommit_IsRepeatedWithoutHarm",
	}, {
		name: "events move on without their state",
		file: "shared/redisstore/scripts/commit.lua",
		old:  "redis.call('SET', K.state, ARGV[2])",
		new:  "",
		test: "TestCommit_MovesEverythingInOneStep",
	}, {
		name: "who lost the lease commits",
		file: "shared/redisstore/scripts/commit.lua",
		old:  "if not holds() then return {'lost'} end",
		new:  "",
		test: "TestCommit_MovesEverythingInOneStep",
	}, {
		name: "a lease is granted to two",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "  if is_held(a) then return math.max(at, a.ends), true end\n  if a.nonce then at = math.max(at, a.ends + H.quarantine) end\n",
		new:  "",
		test: twoHolders,
	}, {
		name: "no quarantine after a lease that expired",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "if a.nonce then at = math.max(at, a.ends + H.quarantine) end",
		new:  "",
		test: twoHolders,
	}, {
		name: "the nonce of a lease is not compared",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "return v[1] == H.nonce and (tonumber",
		new:  "return v[1] and (tonumber",
		test: "TestClaimEntry_AfterACrashAndAfterACleanStop",
	}, {
		name: "the end of a lease is not compared",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "return v[1] == H.nonce and (tonumber(v[2] or 0) or 0) > now",
		new:  "return v[1] == H.nonce",
		test: "TestClaimEntry_AfterACrashAndAfterACleanStop",
	}, {
		name: "a call is carried out twice with one key",
		file: "shared/redisstore/scripts/acquire.lua",
		old:  "if known.answer and not known.open then return {'answered', '{}', e[1], '', known.answer, {}, {}, about} end",
		new:  "",
		test: "TestIdempotency",
	}, {
		name: "a key is taken for another body",
		file: "shared/redisstore/scripts/acquire.lua",
		old:  "if known.body ~= H.body then return {'key_reused'} end",
		new:  "",
		test: "TestIdempotency",
	}, {
		name: "a repeat has random ids of its own",
		file: "shared/redisstore/scripts/acquire.lua",
		old:  "    ids = known.ids\n",
		new:  "    ids = ARGV[2]\n",
		test: "TestIdempotency",
	},
}}

// restarts: a store that was started anew may have forgotten leases.
var restarts = suite{pkg: "./shared/redisstore", checks: 40, mutations: []mutation{
	{
		name: "no wait after a restart of the store",
		file: "shared/redisstore/scripts/lib.lua",
		old:  "if since > 0 then at = math.max(at, since + a.longest) end",
		new:  "",
		test: "TestAcquire_AfterARestartOfTheStore",
	},
}}
