#!/usr/bin/env bash
# Runs a command with a throw-away PostgreSQL, whose DSN stands in
# PBX_TEST_POSTGRES:
#
#	ci/postgres.sh go test ./internal/store/...
#
# The server listens on a Unix socket in a temporary directory alone and is gone
# when the command ends. Where PBX_TEST_POSTGRES is set already, that server is
# used. Without PostgreSQL on this machine the command runs without, unless
# PBX_REQUIRE_POSTGRES is set.
set -euo pipefail

if [[ -n ${PBX_TEST_POSTGRES:-} ]]; then
	exec "$@"
fi

# programs prints the directory of the newest PostgreSQL, or nothing.
programs() {
	local newest
	newest=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)
	if [[ -z $newest ]]; then
		newest=$(command -v initdb || true)
	fi
	if [[ -n $newest ]]; then
		dirname "$newest"
	fi
}

bin=$(programs || true)
if [[ -z $bin ]]; then
	if [[ -n ${PBX_REQUIRE_POSTGRES:-} ]]; then
		echo "PostgreSQL is required and not installed" >&2
		exit 1
	fi
	echo "PostgreSQL is not installed: its store is not tested" >&2
	exec "$@"
fi

# PostgreSQL refuses to run as root.
as=()
owner=$(id -un)
if [[ $(id -u) == 0 ]]; then
	owner=nobody
	if id postgres >/dev/null 2>&1; then
		owner=postgres
	fi
	as=(setpriv --reuid="$owner" --regid="$(id -gn "$owner")" --clear-groups --)
fi

dir=$(mktemp -d /tmp/pbx-postgres.XXXXXX)
stop() {
	(cd / && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop) >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM
chown "$owner" "$dir"

start() (
	cd /
	"${as[@]}" "$bin/initdb" -D "$dir/data" -U pbx -A trust -E UTF8 --locale=C --no-sync
	"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 \
		-o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c max_connections=200" start
)
if ! start >"$dir/start" 2>&1; then
	cat "$dir/start" "$dir/log" >&2 2>/dev/null || true
	exit 1
fi

export PBX_TEST_POSTGRES="host=$dir user=pbx dbname=postgres sslmode=disable"
"$@"
