#!/usr/bin/env bash
# Installs the SAM CLI, pinned with everything it needs (infra/sam-requirements.txt), into .cache/sam, and prints the
# path of the program. 40 s the first time, nothing after that. Needs Python 3.10 or newer; PYTHON names another one.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/sam
pins=infra/sam-requirements.txt

if cmp -s "$pins" "$home/installed"; then
  echo "$home/bin/sam"
  exit 0
fi

python=${PYTHON:-$(command -v python3 || true)}
if [ -z "$python" ] || ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "setup: the SAM CLI needs Python 3.10 or newer with venv (Debian: apt install python3-venv); PYTHON names one" >&2
  exit 1
fi
echo "setup: installing the SAM CLI into .cache/sam" >&2
rm -rf "$home"
"$python" -m venv "$home" >&2
"$home/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$pins" >&2
"$home/bin/sam" --version >&2
cp "$pins" "$home/installed"
echo "$home/bin/sam"
