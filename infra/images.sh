#!/usr/bin/env bash
# Builds the images of infra/Dockerfile with the container engine that is here: docker (with buildx), podman or buildah.
#
#   images.sh [TARGET…]    builds listener and standalone, and prints their names: telegram-client-TARGET:VERSION-ARCH
#   images.sh --save FILE NAME    writes one that was built into a file, as docker save does
#   images.sh --engine     prints the engine
#
#   ARCH     arm64 or x86_64, as elsewhere; this machine's by default
#   VERSION  what the programs say of themselves, and the tag
#   ENGINE   one of the three
#   NO_CACHE 1: build every layer anew
#   GO_IMAGE the image with the compiler; where none can be fetched, "local" makes one of this machine's Go
#
# The same commit makes the same layers, whoever builds them: no time and no path is in them. Exit status 77: no engine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
say() { echo "images: $*" >&2; }

# usable ENGINE: whether it is there and works; the docker client alone does not.
usable() {
  case $1 in
    docker) docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}
engine=${ENGINE:-}
for candidate in docker podman buildah; do
  if [ -z "$engine" ] && usable "$candidate"; then engine=$candidate; fi
done
if [ -z "$engine" ]; then
  say "no container engine works here: install docker with buildx, podman or buildah"
  exit 77
fi

if [ "${1:-}" = --engine ]; then
  echo "$engine"
  exit 0
fi
if [ "${1:-}" = --save ]; then
  case $engine in
    buildah) buildah push --quiet "$3" "docker-archive:$2:$3" ;;
    podman) podman save --quiet --format docker-archive --output "$2" "$3" ;;
    docker) docker save --output "$2" "$3" ;;
  esac
  exit 0
fi

case ${ARCH:-$(uname -m)} in
  arm64 | aarch64) arch=arm64 ;;
  x86_64 | amd64) arch=amd64 ;;
  *) say "ARCH is ${ARCH:-$(uname -m)}, want arm64 or x86_64"; exit 1 ;;
esac
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || true)}
version=${version#v}
version=${version:-dev}
epoch=${SOURCE_DATE_EPOCH:-0}
targets=("$@")
[ $# -gt 0 ] || targets=(listener standalone)

# buildah runs the compiler without namespaces of its own where it may not make any.
if [ "$engine" = buildah ]; then export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}; fi

# local_go makes an image of this machine's compiler, with the few programs that the Dockerfile calls, and its modules.
local_go() {
  local name=localhost/telegram-client-go:$(go env GOVERSION) root program library
  if "$engine" inspect --type image "$name" >/dev/null 2>&1; then
    echo "$name"
    return
  fi
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,tmp,go,usr/local,etc/ssl/certs}
  chmod 1777 "$root/tmp"
  cp -r "$(go env GOROOT)" "$root/usr/local/go"
  for program in sh mkdir cp; do
    cp -L "$(command -v $program)" "$root/bin/"
    for library in $(ldd "$(command -v $program)" | grep -oE '/[^ ]+'); do
      mkdir -p "$root$(dirname "$library")"
      cp -L "$library" "$root$library"
    done
  done
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  printf 'FROM scratch\nCOPY . /\nENV PATH=/usr/local/go/bin:/bin HOME=/tmp GOPATH=/go GOCACHE=/go/cache\n' >"$root.Dockerfile"
  if [ "$engine" = docker ]; then
    docker buildx build --quiet --load --tag "$name" --file "$root.Dockerfile" "$root" >/dev/null
  else
    "$engine" build --quiet --tag "$name" --file "$root.Dockerfile" "$root" >/dev/null
  fi
  rm -rf "$root" "$root.Dockerfile"
  echo "$name"
}
arguments=(--build-arg "VERSION=$version" --file infra/Dockerfile)
if [ "${NO_CACHE:-}" = 1 ]; then arguments+=(--no-cache); fi
if [ "${GO_IMAGE:-}" = local ]; then
  say "making an image of this machine's Go"
  arguments+=(--build-arg "GO_IMAGE=$(local_go)")
  # What the machine has of modules and compiled packages need not be fetched and compiled again.
  if [ "$engine" != docker ]; then
    arguments+=(--network host --volume "$(go env GOMODCACHE):/go/pkg/mod:rw" --volume "$(go env GOCACHE):/go/cache:rw")
    arguments+=(--build-arg "GOPROXY=$(go env GOPROXY)")
  fi
elif [ -n "${GO_IMAGE:-}" ]; then
  arguments+=(--build-arg "GO_IMAGE=$GO_IMAGE")
fi

for target in "${targets[@]}"; do
  tag=telegram-client-$target:$version-$arch
  say "building $tag with $engine"
  if [ "$engine" = docker ]; then
    SOURCE_DATE_EPOCH=$epoch docker buildx build "${arguments[@]}" --platform "linux/$arch" --target "$target" --provenance=false \
      --output "type=docker,name=$tag,rewrite-timestamp=true" . >&2
  else
    # Older ones do not know by themselves for what machine the compiler is.
    "$engine" build "${arguments[@]}" --build-arg "BUILDPLATFORM=linux/$(go env GOHOSTARCH)" --format docker --platform "linux/$arch" --target "$target" --timestamp "$epoch" --tag "$tag" . >&2
  fi
  echo "$tag"
done
