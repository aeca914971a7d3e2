#!/usr/bin/env bash
# Installs a real Home Assistant for tests, pinned with everything it needs (requirements.txt), and prints the folder it
# is in. Half a minute and 1 GiB the first time, nothing after that. Needs no root, and touches nothing else of the
# machine. Home Assistant needs Python 3.14.2 or newer: where there is none, one is unpacked from Debian into the folder.
#
#   install.sh        installs
#   install.sh pin    resolves the requirements of HA_VERSION anew and writes requirements.txt
#
#   HA_HOME           the folder; by default one in the user's cache, shared by all checkouts
#   HA_PYTHON         a Python that is new enough; "debian" takes Debian's all the same
#   HA_DEB_SUITE, HA_DEB_MIRROR   where Debian's comes from (forky; the machine's own mirror)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$here/requirements.txt
least='(3, 14, 2)'
home=${HA_HOME:-${XDG_CACHE_HOME:-${HOME:?HA_HOME and HOME are not set}/.cache}/telegram-client/homeassistant}
begin=$SECONDS
say() { echo "setup: $*" >&2; }

mkdir -p "$home"
home=$(cd "$home" && pwd)
exec 9>"$home/.lock"
flock 9
stamp="$home ${HA_PYTHON:-} ${HA_DEB_SUITE:-} $(cat "$here/install.sh" "$pins" | cksum)"
if [ "${1:-}" != pin ] && [ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && "$home/venv/bin/python" -c '' 2>/dev/null; then
  echo "$home"
  exit 0
fi
say "installing Home Assistant into $home"
rm -rf "$home/installed" "$home/venv"

good() { "$1" -I -c "import sys, ensurepip, venv, ssl, sqlite3, ctypes; sys.exit(sys.version_info < $least)" 2>/dev/null; }

# CPython of a newer Debian, unpacked and run with the libc it was built for: the executable becomes a wrapper that hands
# it to that libc's loader.
debian_python() {
  local root=$home/python apt=$home/apt mirror loader deb
  mirror=${HA_DEB_MIRROR:-$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed 's/#.*//' |
    grep -m1 -oE '[a-z+]+:/[^][:space:]]*/debian/?([[:space:]]|$)' || true)}
  [ -n "$mirror" ] || { say "there is no Python 3.14 and no Debian mirror: HA_PYTHON names one"; return 1; }
  rm -rf "$root" "$apt"
  mkdir -p "$root" "$apt/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror ${HA_DEB_SUITE:-forky} main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Debug::NoLocking "true";
CONF
  APT_CONFIG=$apt/apt.conf apt-get update >"$apt/log" 2>&1 &&
    APT_CONFIG=$apt/apt.conf apt-get install -y --download-only python3.14 python3.14-venv >>"$apt/log" 2>&1 ||
    { tail -5 "$apt/log" >&2; return 1; }
  for deb in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --no-same-owner -C "$root" -f - --exclude=./usr/share/doc --exclude=./usr/share/man
  done
  rm -rf "$apt"
  loader=$(echo "$root"/usr/lib/*/ld-linux*.so.*)
  mv "$root/usr/bin/python3.14" "$root/usr/bin/python3.14.real"
  printf '#!/bin/sh\nexec "%s" --library-path "%s" --argv0 "$0" "%s" "$@"\n' \
    "$loader" "$(dirname "$loader")" "$root/usr/bin/python3.14.real" >"$root/usr/bin/python3.14"
  chmod +x "$root/usr/bin/python3.14"
  sed -i "s|'/usr/share/python-wheels|'$root/usr/share/python-wheels|" "$root"/usr/lib/python3.14/_sysconfigdata*.py # for ensurepip
}

python=
if [ "${HA_PYTHON:-}" != debian ]; then
  for p in ${HA_PYTHON:-python3.14 python3 python3.15}; do
    if good "$p"; then python=$p; break; fi
  done
fi
if [ -z "$python" ]; then
  python=$home/python/usr/bin/python3.14
  if ! good "$python"; then
    say "no Python 3.14.2 or newer here: unpacking one from Debian"
    debian_python
    good "$python" || { say "that Python does not run here: HA_PYTHON names another one"; exit 1; }
  fi
fi

"$python" -m venv "$home/venv" >&2
in_venv() { "$home/venv/bin/python" -P "$@"; }
# uv is much faster than pip. It is told where packages come from only where the machine says so.
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-}}
[ -n "$UV_DEFAULT_INDEX" ] || unset UV_DEFAULT_INDEX
uv() { in_venv -m uv pip "$@" --quiet --python "$home/venv/bin/python"; }
in_venv -m pip install --quiet --disable-pip-version-check "$(grep -E '^uv==' "$pins" || echo uv)" >&2
if [ "${1:-}" = pin ]; then
  uv install "homeassistant==${HA_VERSION:?the version to pin}" >&2
  # Started with --skip-pip, Home Assistant installs nothing by itself.
  in_venv "$here/requirements.py" api webhook rest_command rest template >"$home/wanted"
  uv install -r "$home/wanted" -c "$(in_venv -c 'import homeassistant as h; print(h.__path__[0] + "/package_constraints.txt")')" >&2
  { sed -n '/^#/p' "$pins"; uv freeze | grep -vE '^pip=='; } >"$home/pins"
  cat "$home/pins" >"$pins"
  say "wrote requirements.txt; the next start installs by it"
  exit 0
fi
uv install --no-cache --no-deps -r "$pins" >&2
echo "$stamp" >"$home/installed"
say "Home Assistant $("$home/venv/bin/hass" --version) installed in $((SECONDS - begin)) s, $(du -sh "$home" | cut -f1)"
echo "$home"
