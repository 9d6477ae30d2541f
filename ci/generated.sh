#!/usr/bin/env bash
# Generates what is generated and fails if that changes a file.
set -euo pipefail
cd "$(dirname "$0")/.."

state() { git status --porcelain && git diff; }

before=$(state)
go generate ./...
go test -count=1 -run '^TestDocumentation$' ./internal/metric -update >/dev/null
if [[ $(state) != "$before" ]]; then
	git --no-pager diff --stat
	echo "generated files are not up to date: commit what 'make ci' has changed" >&2
	exit 1
fi
echo "up to date"
