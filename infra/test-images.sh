#!/usr/bin/env bash
# Builds the images and looks into them (tests/image). Exit status 77 where there is no container engine. Where the image
# with the compiler cannot be fetched, this machine's Go stands in for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
infra/images.sh --engine >/dev/null || exit 77
infra/setup-store.sh
export GO_IMAGE=${GO_IMAGE:-local}
exec go test -count=1 -timeout 20m -tags image "$@" ./tests/image
