#!/usr/bin/env bash
# gofmt, go vet, and golangci-lint with .golangci.yml, which includes staticcheck
# (2026.2.2 in this version). Nothing may be silenced in the code.
set -euo pipefail
cd "$(dirname "$0")/.."

golangci=$(ci/tool.sh golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint v2.15.0)

unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)
if [[ -n $unformatted ]]; then
	echo "not formatted by gofmt:" "$unformatted" >&2
	exit 1
fi
if git grep -nE '//[[:space:]]*(nolint|lint:ignore|#nosec)' -- '*.go' >&2; then
	echo "a finding is silenced: fix it, or change the lint set" >&2
	exit 1
fi
go vet ./...
"$golangci" run ./...
