#!/usr/bin/env bash
# The whole check: what is quick to fail comes first, the tests and their
# summary come last. It installs what it needs and needs no graphical or
# interactive anything; on two cores it takes about a quarter of an hour, most of it
# for building tools and the race detector's copies of libraries once.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
	echo
	echo "== $1 (after ${SECONDS} s)"
	shift
	"$@"
}

step "programs" ci/need.sh
step "web" ci/web.sh check
step "build" make build
step "pages in a browser" env PBX_REQUIRE_CHROMIUM=1 ci/e2e.sh
step "lint" ci/lint.sh
step "generated files" ci/generated.sh
step "fuzz" ci/fuzz.sh "${FUZZTIME:-2s}"
step "chaos" make chaos CHAOS_ROUNDS=3
step "test" env PBX_REQUIRE_POSTGRES=1 PBX_REQUIRE_S3=1 ci/postgres.sh ci/s3.sh ci/test.sh
