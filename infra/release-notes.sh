#!/usr/bin/env bash
# Prints the part of CHANGELOG.md about a version: release-notes.sh v1.2.3. A version without one is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=${1:?release-notes.sh VERSION}
notes=$(awk -v heading="## ${version#v}" '$0 == heading || index($0, heading " ") == 1 { found = 1; next } /^## / { found = 0 } found' CHANGELOG.md)
[ -n "$notes" ] || { echo "CHANGELOG.md says nothing of ${version#v}" >&2; exit 1; }
echo "$notes"
