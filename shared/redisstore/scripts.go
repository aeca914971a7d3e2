package redisstore

import (
	"embed"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/*.lua
var sources embed.FS

// A script is one sentence: a file of scripts/ that runs behind lib.lua, with the table K of the names of its keys.
// ARGV[1] is a JSON object of what it may know in clear (H), the rest are sealed bytes. It answers with an array whose
// first element is a word; what else there is stands in the comment of its file.
type script struct {
	name  string
	parts []string
	run   *redis.Script
}

// newScript takes the names of the keys as single ones and lists.
func newScript(name string, groups ...any) *script {
	parts := parts(groups...)
	var b strings.Builder
	b.WriteString("local K = {")
	for i, p := range parts {
		b.WriteString("['" + strings.TrimPrefix(p, "auth:") + "']=KEYS[" + strconv.Itoa(i+1) + "],")
	}
	b.WriteString("}\n")
	b.WriteString(source("lib"))
	b.WriteString(source(name))
	return &script{name: name, parts: parts, run: redis.NewScript(b.String())}
}

// source returns a file that was compiled in; a missing one is seen by the first test.
func source(name string) string {
	text, err := sources.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		return "error('no script " + name + "')"
	}
	return string(text) + "\n"
}

// scripts are all the sentences there are.
type scripts struct {
	acquire, leave, announce, finish, extend        *script // the use of an authorization
	createEntry, renewEntry, overview, changeEntry  *script
	removeEntry, command, answer, standings, forget *script
	claimEntry, release, note, drop, works          *script // a listener's
	commit, claim, settle                           *script // an outbox's
	deadLetters, replay, dropLetter, pull           *script
	takeFlow, putFlow, putOptionsFlow               *script
	putJob, dropJob, claimJob, keepJob              *script
	endJob, lookJob                                 *script
	listJob, unlistJob, dueJobs                     *script // the list of open ones
}

func newScripts() scripts {
	return scripts{
		acquire:     newScript("acquire", partEntry, partListener, partsSenders, partsWait, partsPeer, partsOutbox),
		leave:       newScript("leave", partsWait),
		announce:    newScript("announce", partsSenders),
		finish:      newScript("finish", partEntry, partListener, partsSenders, partsWait, partsPeer, partsOutbox, partCommands),
		createEntry: newScript("create_entry", partEntry, partListener, partsSenders, partState, partCommands),
		renewEntry:  newScript("renew_entry", partEntry, partListener, partsSenders, partsWait, partState, partCommands),
		overview:    newScript("overview", partEntry, partListener, partsSenders, partsOutbox, partGraves),
		changeEntry: newScript("change_entry", partEntry, partListener, partCommands),
		removeEntry: newScript("remove_entry", partEntry, partCommands),
		command:     newScript("command", partEntry, partListener, partCommands),
		answer:      newScript("answer", partListener, partReply),
		standings:   newScript("standings", partEntry, partListener, partsSenders),
		forget: newScript("forget", partEntry, partListener, partsSenders, partsWait, partsPeer, partsOutbox, partState,
			partCommands, partFormer, partAcked, partDead, partGraves),
		claimEntry: newScript("claim_entry", partEntry, partListener, partsSenders, partsWait, partPeers, partsOutbox, partState),
		extend:     newScript("extend", partEntry, partListener, partsSenders),
		release:    newScript("release", partListener),
		note:       newScript("note", partEntry, partListener),
		drop:       newScript("drop", partListener, partsSenders),
		works:      newScript("works", partListener),
		commit:     newScript("commit", partEntry, partListener, partsSenders, partsPeer, partState, partsOutbox),
		claim:      newScript("claim", partListener, partsSenders, partsOutbox),
		settle:     newScript("settle", partListener, partsOutbox, partAcked, partDead, partGraves),

		deadLetters: newScript("dead_letters", partEntry, partBox, partDead, partGraves),
		replay:      newScript("replay", partEntry, partsOutbox, partDead, partGraves, partCommands),
		dropLetter:  newScript("drop_letter", partEntry, partBox, partDead, partGraves),

		pull: newScript("pull", partEntry, partListener, partsSenders, partsOutbox, partFormer, partAcked),

		takeFlow: newScript("take_flow", "flow"),
		putFlow:  newScript("put_flow", "flow"),

		putOptionsFlow: newScript("put_options_flow", "flow"),

		putJob:   newScript("put_job", "job"),
		dropJob:  newScript("drop_job", "job"),
		claimJob: newScript("claim_job", "job"),
		keepJob:  newScript("keep_job", "job"),
		endJob:   newScript("end_job", "job"),
		lookJob:  newScript("look_job", "job"),

		listJob:   newScript("list_job", "jobs"),
		unlistJob: newScript("unlist_job", "jobs"),
		dueJobs:   newScript("due_jobs", "jobs"),
	}
}
