#!/usr/bin/env bash
# Installs the SAM CLI, pinned with everything it needs (infra/sam-requirements.txt), into the user's cache, which all
# checkouts share, and prints the path of the program. 40 s the first time, nothing after that. Needs Python 3.10 or
# newer; PYTHON names another one.
set -euo pipefail
cd "$(dirname "$0")/.."
home=${SAM_ROOT:-${XDG_CACHE_HOME:-${HOME:?SAM_ROOT and HOME are not set}/.cache}/telegram-client/sam}
pins=infra/sam-requirements.txt

mkdir -p "$(dirname "$home")"
exec 9>"$home.lock"
flock 9
if cmp -s "$pins" "$home/installed"; then
  echo "$home/bin/sam"
  exit 0
fi

python=${PYTHON:-$(command -v python3 || true)}
if [ -z "$python" ] || ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "setup: the SAM CLI needs Python 3.10 or newer with venv (Debian: apt install python3-venv); PYTHON names one" >&2
  exit 1
fi
echo "setup: installing the SAM CLI into $home" >&2
rm -rf "$home"
"$python" -m venv "$home" >&2
"$home/bin/pip" install --quiet --disable-pip-version-check "$(grep '^uv==' "$pins")" >&2 # pip alone takes minutes
"$home/bin/uv" --system-certs pip install --quiet --python "$home/bin/python" --no-deps --requirement "$pins" >&2
"$home/bin/sam" --version >&2
cp "$pins" "$home/installed"
echo "$home/bin/sam"
