#!/usr/bin/env bash
# Deploys the bridge to AWS: builds the functions, deploys the stack, builds and pushes the listener's image, deploys the
# stack again with it, and prints the one address, the token and the package for Home Assistant.
#
#   REDIS_URL    rediss://… of the store; asked for if it is not set and the stack is new
#   PARAMETERS   further parameters of template.yaml: PARAMETERS="FixedAddress=true AlarmEmail=me@home.example"
#   GENERATION   another number starts everything anew: after a change in Secrets Manager
#   STACK, ARCH  telegram-client; arm64 or x86_64
#
# Parameters that are not named keep the value that they have in the stack.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
stack=${STACK:-telegram-client}
export ARCH=${ARCH:-arm64} SAM_CLI_TELEMETRY=0
say() { echo "deploy: $*" >&2; }
case $ARCH in arm64 | x86_64) ;; *) say "ARCH is $ARCH, want arm64 or x86_64"; exit 1 ;; esac

engine=$(infra/images.sh --engine) || { say "the listener is a container: it needs docker with buildx, podman or buildah"; exit 1; }
sam=$(infra/install-sam.sh)
aws() { "$(dirname "$sam")/python" infra/aws.py "$@"; }

before=$(aws outputs "$stack") # also finds out whether there are credentials and a region
value() { sed -n "s/^$1=//p" <<<"$before"; }
overrides=("LambdaArch=$ARCH")
for pair in ${PARAMETERS:-}; do
  [[ $pair == [A-Z]*=* ]] || { say "PARAMETERS is not of the form Name=value Name=value"; exit 1; }
  overrides+=("$pair")
done
if [ -n "${GENERATION:-}" ]; then overrides+=("Generation=$GENERATION"); fi
if [ -z "${REDIS_URL:-}" ] && [ -z "$before" ]; then
  read -r -s -p "Address of the store (rediss://user:password@host:port), not shown: " REDIS_URL
  echo
fi
if [ -n "${REDIS_URL:-}" ]; then overrides+=("RedisUrl=$REDIS_URL"); fi

make --no-print-directory sam
deploy() {
  # The settings file has the rest. Secrets must not show: sam prints NoEcho parameters as stars.
  "$sam" deploy --template-file ".aws-sam/build-$ARCH/template.yaml" --config-file "$PWD/infra/samconfig.toml" --stack-name "$stack" \
    --no-progressbar --parameter-overrides "${overrides[@]}" "$@"
}

# The stack has the registry: the first time it is deployed without a listener.
repository=$(value ImageRepository)
if [ -z "$repository" ]; then
  say "deploying the stack for the first time, without the listener"
  deploy
  before=$(aws outputs "$stack")
  repository=$(value ImageRepository)
fi

built=$(infra/images.sh listener)
version=${built##*:}
image=$repository:$version-$(date -u +%Y%m%d%H%M%S) # tags in the registry cannot be written over
say "pushing $image with $engine"
password=$(aws registry-password)
"$engine" login --username AWS --password-stdin "${repository%%/*}" <<<"$password" >&2
if [ "$engine" = buildah ]; then
  buildah push --quiet "$built" "docker://$image" >&2
else
  "$engine" tag "$built" "$image" && "$engine" push --quiet "$image" >&2
fi

overrides+=("ListenerImage=$image")
deploy
before=$(aws outputs "$stack")
umask 077
aws secret "$(value ApiTokensSecret)" | go run ./infra/handover/show <(echo "$before") "deployed/$stack"
