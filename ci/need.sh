#!/usr/bin/env bash
# Installs what the tests need beside Go, where it is missing and this is root on
# Debian: a C compiler for the race detector, PostgreSQL, and Chromium.
set -euo pipefail

missing=()
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
command -v git >/dev/null || missing+=(git)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v chromium >/dev/null || missing+=(chromium)

if ((${#missing[@]} == 0)); then
	echo "nothing to install"
elif [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
	echo "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get -q update && apt-get -q install -y --no-install-recommends "${missing[@]}"; } >/dev/null
else
	echo "missing, and not to be installed by this user: ${missing[*]}" >&2
fi
