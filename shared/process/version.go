package process

import (
	"runtime/debug"
	"strings"
)

// version is set by the release: -ldflags "-X telegram-client/shared/process.version=1.2.3".
var version string

// Version returns the version of the running program, without a "v".
func Version() string {
	if version != "" {
		return strings.TrimPrefix(version, "v")
	}
	if b, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(b.Main.Version, "v") {
		return strings.TrimPrefix(b.Main.Version, "v")
	}
	return "0.0.0-dev"
}
