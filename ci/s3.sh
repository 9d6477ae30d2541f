#!/usr/bin/env bash
# Runs a command with the program of a real S3 server (versitygw), whose path
# stands in PBX_TEST_S3; the tests start it where they need it:
#
#	ci/s3.sh go test ./filebuffer/s3
#
# Where PBX_TEST_S3 is set already, that program is used. The program is built
# into bin/tools only if PBX_REQUIRE_S3 is set; without it the command runs
# without one that was never built.
set -euo pipefail

version=v1.8.0
root=$(cd "$(dirname "$0")/.." && pwd)
if [[ -z ${PBX_TEST_S3:-} ]]; then
	path=$root/bin/tools/versitygw-$version
	if [[ -n ${PBX_REQUIRE_S3:-} ]]; then
		path=$("$root/ci/tool.sh" versitygw github.com/versity/versitygw/cmd/versitygw "$version")
	fi
	if [[ -x $path ]]; then
		export PBX_TEST_S3=$path
	else
		echo "the S3 server is not built: files in S3 are not tested (PBX_REQUIRE_S3=1 builds it)" >&2
	fi
fi
exec "$@"
