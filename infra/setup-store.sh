#!/usr/bin/env bash
# Makes sure that a redis-server or valkey-server is there, through the machine's package manager where there is none.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }
if have redis-server || have valkey-server; then exit 0; fi

say() { echo "setup: $*" >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo "$@"; else return 1; fi; }

say "no redis-server or valkey-server found; installing one"
if have apt-get; then
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >&2 || true
elif have dnf; then as_root dnf install -y -q valkey >&2 || as_root dnf install -y -q redis >&2 || true
elif have apk; then as_root apk add --quiet valkey >&2 || as_root apk add --quiet redis >&2 || true
elif have pacman; then as_root pacman -S --noconfirm --quiet valkey >&2 || true
elif have brew; then brew install --quiet valkey >&2 || true
fi
if have redis-server || have valkey-server; then exit 0; fi

cat >&2 <<'TEXT'
setup: it could not be installed. The logins and events of the bridge live in a Redis or Valkey store. Either
  * install one: `apt install redis-server`, `dnf install valkey`, `apk add valkey`, `brew install valkey`, or
  * name one that runs: REDIS_URL=redis://host:6379 (or rediss://…), then start again.
TEXT
exit 1
