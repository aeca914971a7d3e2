#!/usr/bin/env bash
# Writes .env for compose.yaml with fresh keys, a password and a token, readable by its owner only. One that is there is
# left as it is: with other keys nothing that is stored could be opened.
set -euo pipefail
cd "${1:-.}"
if [ -e .env ]; then
  echo "env: .env is there already, and stays as it is"
  exit 0
fi
umask 077
key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
word() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 43 || true; } # tr ends by a signal
cat >.env.new <<TEXT
# Keys of all that the bridge stores, the store's password and the API's token. Back this file up; without it every
# login is lost. To rotate: API_TOKENS=new,old and SEAL_KEYS=new,old.
NAMING_KEY=$(key)
SEAL_KEYS=$(key)
API_TOKENS=$(word)
STORE_PASSWORD=$(word)
# The address at which the bridge answers.
BIND=127.0.0.1
TEXT
mv .env.new .env
echo "env: .env is written; API_TOKENS in it is the bearer token"
