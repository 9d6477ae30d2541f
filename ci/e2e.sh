#!/usr/bin/env bash
# End-to-end tests of the web pages in Chromium, against bin/pbx as `make build` has
# made it. CHROMIUM names another browser than Debian's.
set -euo pipefail
cd "$(dirname "$0")/../web"

chromium=${CHROMIUM:-/usr/bin/chromium}
if [[ ! -x $chromium ]]; then
	echo "no Chromium at $chromium: the web pages are not tested in a browser" >&2
	[[ -n ${PBX_REQUIRE_CHROMIUM:-} ]] && exit 1
	exit 0
fi
npx vitest run --config vitest.e2e.config.ts "$@"
