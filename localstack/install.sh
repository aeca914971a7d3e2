#!/usr/bin/env bash
# Installs LocalStack 4.14.0 with our Lambda executor into the user's cache and prints the folder it is in. Half a minute
# and 500 MB the first time, nothing after that; all checkouts share it. Needs Go and Python 3.13 (PYTHON names one).
#
# 4.14.0 is the last version that runs without an account. It pins none of its dependencies, and newer ones of them break
# it (cbor2 6, pyOpenSSL 26): requirements.txt has them all as they were on 2026-03-01.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${LOCALSTACK_ROOT:-${XDG_CACHE_HOME:-${HOME:?LOCALSTACK_ROOT and HOME are not set}/.cache}/telegram-client/localstack}
say() { echo "setup: $*" >&2; }

mkdir -p "$home"
exec 9>"$home/.lock"
flock 9
stamp=$(cd "$here" && cat install.sh requirements.txt init/*.go executor/* | cksum)
if [ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && "$home/venv/bin/python" -c '' 2>/dev/null; then
  echo "$home"
  exit 0
fi

good() { "$1" -I -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; }
python=
for candidate in "${PYTHON:-}" "$(command -v python3.13 || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python; do
  if [ -n "$candidate" ] && [ -z "$python" ] && good "$candidate"; then python=$candidate; fi
done
[ -n "$python" ] || { say "LocalStack needs Python 3.13 with venv: PYTHON names one"; exit 1; }

say "installing LocalStack into $home"
rm -rf "$home/installed" "$home/venv" "$home/bin"
mkdir -p "$home/bin"
"$python" -I -m venv "$home/venv" >&2
"$home/venv/bin/pip" install --quiet --disable-pip-version-check "$(grep '^uv==' "$here/requirements.txt")" >&2 # pip alone takes minutes
"$home/venv/bin/uv" --system-certs pip install --quiet --python "$home/venv/bin/python" --no-deps --requirement "$here/requirements.txt" >&2
# The executor is found by its entry point; an egg-info beside the module is all that this takes.
site=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp "$here/executor/localstack_process_executor.py" "$site/"
mkdir -p "$site/localstack_process_executor-1.dist-info"
cp "$here"/executor/{METADATA,entry_points.txt} "$site/localstack_process_executor-1.dist-info/"
(cd "$here/init" && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -buildid=' -o "$home/bin/init" .) >&2
echo "$stamp" >"$home/installed"
echo "$home"
