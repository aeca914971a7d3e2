#!/usr/bin/env bash
# Runs the installed LocalStack in the foreground on 127.0.0.1:$LOCALSTACK_PORT (4566). SIGTERM or Ctrl-C ends it and every
# function; its state is not kept. Any setting of LocalStack may be given, such as DEBUG=1, or LAMBDA_KEEPALIVE_MS=1000
# for a cold start after a second without a call. Logs of the functions: run-$LOCALSTACK_PORT/var/lib/localstack/logs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$("$here/install.sh")
port=${LOCALSTACK_PORT:-4566}
state=$home/run-$port
rm -rf "$state"
mkdir -p "$state/tmp"
export GATEWAY_LISTEN=127.0.0.1:$port LOCALSTACK_HOST=${LOCALSTACK_HOST:-localhost:$port}
# Nothing is looked up or sent outside: no certificate, no DNS server, no events about its use.
export OVERRIDE_IN_DOCKER=0 DNS_ADDRESS=0 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 FILESYSTEM_ROOT=$state TMPDIR=$state/tmp
# The new engine refuses references to what the SAM transform makes, such as the URL of a function.
export PROVIDER_OVERRIDE_CLOUDFORMATION=engine-legacy
export LAMBDA_RUNTIME_EXECUTOR=process LAMBDA_INIT_BIN_PATH=$home/bin/init
export LAMBDA_INIT_FREEZE=${LAMBDA_INIT_FREEZE:-1} # stop a function's process between calls, as Lambda does
exec "$home/venv/bin/python" -m localstack.runtime.main
