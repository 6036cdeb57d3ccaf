#!/usr/bin/env bash
# Writes the collector's main package into dist/ and fetches its modules, as
# builder-config.yaml says. Compiling is compile.sh's, which shows progress.
set -euo pipefail
cd "$(dirname "$0")/.."

echo '== collector: assembling its modules (a first time takes minutes)'
log=$(mktemp)
started=$SECONDS
trap 'rm -f "$log"; kill "${ticker:-}" 2>/dev/null || true' EXIT

(
	while sleep 10; do
		echo "   still fetching, $((SECONDS - started)) s"
	done
) &
ticker=$!

mkdir -p dist
if ! .tools/bin/builder --config builder-config.yaml --skip-compilation >"$log" 2>&1; then
	cat "$log" >&2
	rm -f dist/go.sum
	exit 1
fi
touch dist/go.sum
