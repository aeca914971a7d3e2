// Package policy checks the rules that hold the code together: who may import whom, that every package says what it
// is for, what a function may contain and how large it may be, and that generated files are fresh.
package policy

import (
	"sort"
	"strings"
	"testing"
)

// tiers gives each package of shared/ its tier, and the packages of its own tier that it may import besides. A package
// imports lower tiers only.
var tiers = map[string]struct {
	tier int
	also string
}{
	"fault": {tier: 0}, "seal": {tier: 0}, "peer": {0, "fault"}, "tljson": {tier: 0}, "pyregex": {tier: 0, also: "fault"}, "textparse": {tier: 0},
	"filter": {tier: 1}, "event": {1, "filter"}, "health": {tier: 1}, "entry": {1, "filter health"},
	"message": {1, "media"}, "media": {tier: 1}, "media/content": {1, "media"}, "outbox": {tier: 1}, "flow": {tier: 1},
	"lease": {tier: 2}, "authorization": {2, "lease"}, "flow/login": {2, "authorization lease"}, "flow/options": {tier: 2},
	"transfer": {tier: 2}, "job": {tier: 2}, "pull": {tier: 2},
	"service":  {2, "authorization lease transfer"},
	"telegram": {tier: 3}, "redisstore": {tier: 3}, "homeassistant": {3, "dialpolicy"}, "dialpolicy": {tier: 3}, "disk": {tier: 3}, "attachment": {3, "dialpolicy disk"},
	"httpapi": {3, "disk"}, "lambdahttp": {tier: 3}, "awsapi": {tier: 3}, "secretsmanager": {3, "awsapi"}, "selfinvoke": {3, "awsapi"}, "process": {3, "lambdahttp secretsmanager"},
}

// edges are imports of the outside world that belong to tier 3, the listener and the programs: domain code does no I/O.
var edges = []string{
	"net", "net/http", "os", "os/exec", "syscall",
	"github.com/gotd/td/mtproto", "github.com/gotd/td/transport", "github.com/gotd/td/exchange", "github.com/gotd/td/telegram",
	"github.com/redis/go-redis", "github.com/aws/",
}

const module = "telegram-client/"

func sharedName(path string) (string, bool) { return strings.CutPrefix(path, module+"shared/") }

func TestLayers_ImportsFollowTheTiers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t, "./shared/...") {
		name, _ := sharedName(p.ImportPath)
		mine, ok := tiers[name]
		if !ok {
			if p.Name == "main" {
				continue
			}
			t.Errorf("%s is in no tier: add it to the table", p.ImportPath)
			continue
		}
		seen[name] = true
		also := strings.Fields(mine.also)
		for _, imported := range p.Imports {
			other, ours := sharedName(imported)
			if !ours {
				if strings.HasPrefix(imported, module) {
					t.Errorf("shared/%s imports %s: shared knows nothing of its users", name, imported)
				}
				continue
			}
			their, ok := tiers[other]
			if ok && their.tier < mine.tier || contains(also, other) {
				continue
			}
			t.Errorf("shared/%s (tier %d) imports shared/%s (tier %d)", name, mine.tier, other, their.tier)
		}
	}
	for name := range tiers {
		if !seen[name] {
			t.Errorf("the table names shared/%s, which does not exist", name)
		}
	}
}

func TestLayers_DomainDoesNoIO(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./shared/...", "./listener/updates") {
		name, _ := sharedName(p.ImportPath)
		if tiers[name].tier >= 3 {
			continue
		}
		for _, imported := range p.Imports {
			if imported == "net/netip" {
				continue
			}
			for _, edge := range edges {
				if imported == edge || strings.HasPrefix(imported, strings.TrimSuffix(edge, "/")+"/") {
					t.Errorf("%s imports %s: I/O belongs to tier 3", p.ImportPath, imported)
				}
			}
		}
	}
}

func TestLayers_ProductKnowsNoTests(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./shared/...", "./listener/...", "./functions/...", "./localstack/standalone/...") {
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module+"tests/") || imported == "testing" || strings.HasPrefix(imported, "github.com/alicebob/miniredis") {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// The test server must not agree with the product by sharing its code.
func TestLayers_TelegramtestSharesNothing(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t, "./tests/telegramtest/...") {
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, module) && !strings.HasPrefix(imported, module+"tests/telegramtest") {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// What functions must not contain, and why.
var forbidden = map[string]string{
	"text/template":                       "looks methods up by name: the linker then keeps every method, 51 MB instead of 17",
	"html/template":                       "as text/template",
	"github.com/gotd/td/telegram":         "three round trips, a key made in place on -404, saves that get lost: our dialer",
	"github.com/gotd/td/telegram/updates": "loses updates in seven ways: our engine",
	"github.com/gotd/td/telegram/message": "another dialect, and no topics: plain requests",
	"github.com/alicebob/miniredis/v2":    "a store for tests",
	"testing":                             "not in a product",
	"net/http/pprof":                      "opens a door",
}

func TestLayers_ProgramsContainNothingForbidden(t *testing.T) {
	t.Parallel()
	for _, p := range dependencies(t, "./functions/...") {
		why, bad := forbidden[p.ImportPath]
		if !bad {
			continue
		}
		t.Errorf("functions depend on %s: %s", p.ImportPath, why)
	}
}

func TestLayers_EveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	var silent []string
	for _, p := range packages(t, "./...") {
		if strings.TrimSpace(p.Doc) == "" && !testOnlyDoc(t, p) {
			silent = append(silent, p.ImportPath)
		}
	}
	sort.Strings(silent)
	if len(silent) > 0 {
		t.Errorf("packages without a package comment:\n%s", strings.Join(silent, "\n"))
	}
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}
