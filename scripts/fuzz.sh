#!/usr/bin/env bash
# fuzz.sh <time per target> <pattern>: runs the main module's fuzz targets whose
# names match.
# An input that fails is kept in testdata/fuzz of its package: commit it, and
# `go test` runs it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
time=$1 pattern=$2

targets() {
	find . \( -name '.?*' -o -name dist -o -name testdata -o -path ./bench \) -prune -o -name '*_test.go' -print0 |
		xargs -0 grep -oE '^func Fuzz[A-Za-z0-9_]*' /dev/null | sed 's/:func /:/' | sort
}

ran=0
while IFS=: read -r file target; do
	[[ $target =~ $pattern ]] || continue
	folder=$(dirname "$file")
	echo "== $folder $target"
	go test -C "$folder" -run '^$' -fuzz "^$target\$" -fuzztime "$time" . </dev/null
	ran=$((ran + 1))
done < <(targets)
((ran > 0)) || {
	echo "no fuzz target matches $pattern" >&2
	exit 1
}
echo "== $ran fuzz targets, $time each"
