#!/usr/bin/env bash
# go vet, then all tests with the race detector, in random order; those that count
# allocations run without it before, for it allocates itself. Of packages that
# pass one line is shown, of those that fail everything; the last line counts.
#
#	ci/test.sh [PACKAGE ...]
set -euo pipefail
cd "$(dirname "$0")/.."

packages=("$@")
if ((${#packages[@]} == 0)); then
	packages=(./...)
fi

race=(-race)
if ! command -v "${CC:-gcc}" >/dev/null; then
	echo "no C compiler: tests run without the race detector" >&2
	race=()
fi

go vet "${packages[@]}"
CGO_ENABLED=0 go test -run Alloc "${packages[@]}" | { grep -vE 'no test(s to run| files)' || true; }
if [[ -z ${PBX_TEST_PEBBLE:-} ]]; then
	PBX_TEST_PEBBLE=$(ci/tool.sh pebble github.com/letsencrypt/pebble/v2/cmd/pebble v2.10.1)
	export PBX_TEST_PEBBLE
fi
if [[ -z ${PBX_TEST_POSTGRES:-} ]]; then
	echo "PBX_TEST_POSTGRES is not set: the PostgreSQL store is not tested" >&2
fi
CGO_ENABLED=$((${#race[@]} > 0)) go test "${race[@]}" -shuffle=on -timeout 10m -v "${packages[@]}" 2>&1 | awk -f ci/summary.awk
