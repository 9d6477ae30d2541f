#!/usr/bin/env bash
# Runs every fuzz target for a time, 10s unless given:
#
#	ci/fuzz.sh [TIME]
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-10s}

# fuzz runs one target. When time is up while an input runs, the go command
# reports the deadline as a failure; that one alone is none.
fuzz() {
	local out
	if out=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 20x "$1" 2>&1); then
		grep -E '^(ok|PASS)' <<<"$out" | tail -n 1 | sed "s/^/$2 /"
	elif grep -q 'context deadline exceeded' <<<"$out" && ! grep -q 'Failing input written' <<<"$out"; then
		echo "$2 ok $1 (stopped at the deadline)"
	else
		echo "$out" >&2
		return 1
	fi
}

for dir in $(git ls-files -co --exclude-standard '*_test.go' | xargs grep -lE '^func Fuzz' | xargs -n 1 dirname | sort -u); do
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | cut -d ' ' -f 2 | sort -u); do
		fuzz "./$dir" "$target"
	done
done
