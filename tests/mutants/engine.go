package main

// inOrder is the property test of the account's boxes, whose model is the server's list of what happened.
const inOrder = "TestEngine_EveryNumberedUpdateOnceAndInOrder"

// engine: the updates of an account are neither lost nor doubled nor told in another order.
var engine = suite{pkg: "./listener/updates", checks: 2000, mutations: []mutation{
	{
		name: "edits and deletions of a difference are left out",
		file: "listener/updates/difference.go",
		old:  "range byStart(other) {",
		new:  "range byStart(other[:0]) {",
		test: inOrder,
	}, {
		name: "new messages of a difference are left out",
		file: "listener/updates/difference.go",
		old:  "range messages {",
		new:  "range messages[:0] {",
		test: inOrder,
	}, {
		name: "a difference does not move the pts",
		file: "listener/updates/difference.go",
		old:  "\te.common.jump(s.Pts)\n\te.qts",
		new:  "\te.qts",
		test: inOrder,
	}, {
		name: "a difference does not move the qts",
		file: "listener/updates/difference.go",
		old:  "\te.qts.jump(s.Qts)\n",
		new:  "",
		test: inOrder,
	}, {
		name: "a difference does not move the seq",
		file: "listener/updates/order.go",
		old:  "\to.seq = seq\n",
		new:  "",
		test: inOrder,
	}, {
		name: "the rest behind a slice is not asked for",
		file: "listener/updates/difference.go",
		old:  "\t\te.want = true\n\t\tif before.Equal(e.state())",
		new:  "\t\tif before.Equal(e.state())",
		test: inOrder,
	}, {
		name: "what failed is not asked for again",
		file: "listener/updates/difference.go",
		old:  "e.asking, e.want = 0, true",
		new:  "e.asking, e.want = 0, false",
		test: inOrder,
	}, {
		name: "the difference is asked for from another qts",
		file: "listener/updates/difference.go",
		old:  "Qts: e.qts.pts, Date",
		new:  "Qts: 0, Date",
		test: inOrder,
	}, {
		name: "no difference after a connect",
		file: "listener/updates/engine.go",
		old:  "e.online, e.want = true, true",
		new:  "e.online = true",
		test: inOrder,
	}, {
		name: "the state is ahead of what is ready",
		file: "listener/updates/engine.go",
		old:  "State{Pts: e.common.pts,",
		new:  "State{Pts: e.common.pts + len(e.common.pending),",
		test: inOrder,
	}, {
		name: "the qts in the state is behind what is ready",
		file: "listener/updates/engine.go",
		old:  "Qts: e.qts.pts, Date: e.date, Seq",
		new:  "Qts: max(0, e.qts.pts-1), Date: e.date, Seq",
		test: inOrder,
	}, {
		name: "pushes move on while the difference is asked for",
		file: "listener/updates/engine.go",
		old:  "if e.asking == 0 && e.known {",
		new:  "if e.known {",
		test: inOrder,
	}, {
		name: "a hole is never asked for",
		file: "listener/updates/engine.go",
		old:  "e.want = e.want || !missing.After(now)",
		new:  "",
		test: inOrder,
	}, {
		name: "a hole is passed over",
		file: "listener/updates/box.go",
		old:  "case p.start() == b.pts:",
		new:  "case p.start() >= b.pts:",
		test: inOrder,
	}, {
		name: "what came twice is told twice",
		file: "listener/updates/box.go",
		old:  "case p.start() == b.pts:",
		new:  "case p.start() <= b.pts:",
		test: inOrder,
	}, {
		name: "updates wait in the order of their arrival",
		file: "listener/updates/box.go",
		old:  "for i > 0 && b.pending[i-1].start() > p.start() {",
		new:  "for i > 0 && b.pending[i-1].start() > p.start()+1<<40 {",
		test: "TestEngine_Conversations",
	}, {
		name: "a difference takes along what waits behind it",
		file: "listener/updates/box.go",
		old:  "return p.pts <= pts })",
		new:  "return true })",
		test: inOrder,
	}, {
		name: "updatesTooLong is passed over",
		file: "listener/updates/push.go",
		old:  "\t\t// updatesTooLong; and updateShortSentMessage, which says that a message was sent but not which.\n\t\te.want = true\n",
		new:  "",
		test: inOrder,
	}, {
		name: "qts is not looked at",
		file: "listener/updates/push.go",
		old:  "ok && qts > 0 {",
		new:  "ok && qts < 0 {",
		test: inOrder,
	}, {
		name: "pts is not looked at",
		file: "listener/updates/push.go",
		old:  "ok && pts > 0 {",
		new:  "ok && pts < 0 {",
		test: inOrder,
	}, {
		name: "containers are told in the order of their arrival",
		file: "listener/updates/order.go",
		old:  "\t\tif c.first > o.seq+1 {\n\t\t\treturn nil, false\n\t\t}\n\t\to.held = o.held[1:]\n\t\tif c.first == o.seq+1 {\n",
		new:  "\t\to.held = o.held[1:]\n\t\tif c.first > o.seq {\n",
		test: "TestEngine_Conversations",
	},
}}

// ofChannels is the property test of the channels' boxes.
const ofChannels = "TestEngine_EveryUpdateOfAChannelOnceAndInOrder"

// channels: the same for channels, and for those that nothing was known of.
var channels = suite{pkg: "./listener/updates", checks: 2000, mutations: []mutation{
	{
		name: "the rest behind a slice is not asked for",
		file: "listener/updates/channel.go",
		old:  "\tb.want = true\n\tif b.pts == before {",
		new:  "\tif b.pts == before {",
		test: ofChannels,
	}, {
		name: "updateChannelTooLong is passed over",
		file: "listener/updates/channel.go",
		old:  "if to, ok := u.GetPts(); !ok || to > b.pts {",
		new:  "if to, ok := u.GetPts(); ok && to < 0 {",
		test: ofChannels,
	}, {
		name: "updateChannelTooLong of a difference is passed over",
		file: "listener/updates/difference.go",
		old:  "if u != nil && !e.channel(u, from) {",
		new:  "if u != nil {",
		test: ofChannels,
	}, {
		name: "what waited is not asked for after a start",
		file: "listener/updates/engine.go",
		old:  "\t\t\te.channels.wantAll()\n",
		new:  "",
		test: ofChannels,
	}, {
		name: "a request that was out when the connection broke is forgotten",
		file: "listener/updates/channel.go",
		old:  "if b := c.all[c.asked]; c.asking != 0 && b != nil {",
		new:  "if b := c.all[c.asked]; c.asking < 0 && b != nil {",
		test: ofChannels,
	}, {
		name: "what waited when the connection broke is forgotten",
		file: "listener/updates/channel.go",
		old:  "\t\tb.want = b.want || len(b.pending) > 0\n",
		new:  "",
		test: "TestEngine_Channels",
	}, {
		name: "pushes move on while the difference is asked for",
		file: "listener/updates/channel.go",
		old:  "if e.channels.asking != 0 && e.channels.asked == id {\n\t\t\tcontinue",
		new:  "if e.channels.asking < 0 {\n\t\t\tcontinue",
		test: ofChannels,
	}, {
		name: "the place of a channel is not written down",
		file: "listener/updates/channel.go",
		old:  "\t\t\te.setChannel(id, b.pts)\n",
		new:  "",
		test: ofChannels,
	}, {
		name: "edits and deletions of a difference are left out",
		file: "listener/updates/channel.go",
		old:  "range r.OtherUpdates {",
		new:  "range r.OtherUpdates[:0] {",
		test: ofChannels,
	}, {
		name: "a channel is met where its first update is",
		file: "listener/updates/channel.go",
		old:  "b := &channel{box: box{pts: first}, want: true}",
		new:  "b := &channel{box: box{pts: max(first, at)}, want: true}",
		test: ofChannels,
	}, {
		name: "that a channel was met is not written down",
		file: "listener/updates/channel.go",
		old:  "\te.setMet(id, m)\n\te.emit(from)\n",
		new:  "\te.setMet(id, m)\n",
		test: ofChannels,
	}, {
		name: "how a channel was met is not written down",
		file: "listener/updates/channel.go",
		old:  "\te.setMet(id, m)\n\te.emit(from)\n",
		new:  "\te.emit(from)\n",
		test: ofChannels,
	}, {
		name: "what is older than the meeting is told",
		file: "listener/updates/channel.go",
		old:  "if dated(u.TL) >= m.Since {",
		new:  "if dated(u.TL) >= 0 {",
		test: ofChannels,
	}, {
		name: "what follows on the meeting is taken for old",
		file: "listener/updates/channel.go",
		old:  "\t\tif r.Final {\n\t\t\te.caughtUp(id)\n\t\t}\n",
		new:  "",
		test: "TestEngine_MeetsChannels",
	}, {
		name: "a state that was given out changes",
		file: "listener/updates/engine.go",
		old:  "\te.shared = true\n\treturn State{",
		new:  "\treturn State{",
		test: ofChannels,
	},
}}
