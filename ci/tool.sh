#!/usr/bin/env bash
# Builds a tool into bin/tools unless this version of it is there already, and
# prints its path:
#
#	ci/tool.sh NAME PACKAGE VERSION
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1 package=$2 version=$3
path=$PWD/bin/tools/$name-$version
if [[ ! -x $path ]]; then
	echo "building $name $version" >&2
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	GOFLAGS='' GOBIN=$dir CGO_ENABLED=0 go install "$package@$version" >&2
	mkdir -p bin/tools
	mv "$dir/$name" "$path"
fi
echo "$path"
