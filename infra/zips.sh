#!/usr/bin/env bash
# Puts each function, built for ARCH, into dist/NAME-VERSION-ARCH.zip as Lambda takes it, reproducibly, and the sums beside
# them. It builds with the same command as sam.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${ARCH:=arm64}" "${VERSION:=dev}"
mkdir -p dist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for main in functions/*/main.go; do
  name=$(basename "$(dirname "$main")")
  make --no-print-directory build-function NAME="$name" ARTIFACTS_DIR="$scratch" ARCH="$ARCH" VERSION="$VERSION" >&2
  zip=dist/$name-${VERSION#v}-$ARCH.zip
  rm -f "$zip"
  go run ./infra/zip "$zip" "$scratch/bootstrap"
  echo "$zip"
done
(cd dist && sha256sum ./*.zip >SHA256SUMS)
