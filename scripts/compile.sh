#!/usr/bin/env bash
# compile.sh <binary> [build flags]: compiles dist/ into <binary> and shows how
# far it is.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1
shift

export CGO_ENABLED=0
for flag in "$@"; do
	# The race detector is linked with the C compiler.
	if [[ $flag == -race ]]; then
		export CGO_ENABLED=1
		command -v "$(go env CC)" >/dev/null || {
			echo "the race detector needs a C compiler ($(go env CC)): install gcc" >&2
			exit 1
		}
	fi
done

echo "== collector: compiling $binary"
total=$(go -C dist list -deps . | wc -l)
started=$SECONDS
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# `go build -v` names each package that it compiles; anything else is an error.
# What is compiled already is not named, so the count may end below the total.
show() {
	local compiled=0 shown=-1 line
	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$log"
		compiled=$((compiled + 1))
		if [[ -t 1 ]]; then
			printf '\r   %d of at most %d packages, %d s ' "$compiled" "$total" "$((SECONDS - started))"
		elif ((SECONDS / 10 > shown)); then
			shown=$((SECONDS / 10))
			printf '   %d of at most %d packages, %d s\n' "$compiled" "$total" "$((SECONDS - started))"
		fi
	done
	if [[ -t 1 ]] && ((compiled > 0)); then echo; fi
}

if ! go -C dist build -v -trimpath -ldflags='-s -w' "$@" -o "../$binary.new" . 2>&1 | show; then
	rm -f "$binary.new"
	grep -vE '^[A-Za-z0-9_./~-]+$' "$log" >&2 || cat "$log" >&2
	exit 1
fi
# A collector that still runs keeps the old file.
mv -f "$binary.new" "$binary"
echo "   $binary, $(du -h "$binary" | cut -f1), $((SECONDS - started)) s"
