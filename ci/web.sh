#!/usr/bin/env bash
# Builds the web client and the console into internal/webui/built/dist, from where
# they are embedded into the program, unless nothing has changed since. Without Node.js
# the program gets a page that says so.
#
#	ci/web.sh [check]	check: look at types and run the unit tests too
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! command -v npm >/dev/null; then
	echo "no Node.js: the program is built without its web pages" >&2
	[[ ${1:-} == check ]] && exit 1
	exit 0
fi

if [[ ! -e node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
	npm ci --no-audit --no-fund --loglevel=error
	touch node_modules/.package-lock.json
fi
if [[ ${1:-} == check ]]; then
	npx tsc --noEmit
	npx vitest run
fi

dist=../internal/webui/built/dist
if [[ -e $dist/index.html && -z $(find . -path ./node_modules -prune -o -type f -newer "$dist/index.html" -print -quit) ]]; then
	exit 0
fi
npx vite build --logLevel warn
