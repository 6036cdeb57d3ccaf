#!/usr/bin/env bash
# Builds the web viewer (web/) into live/liveextension/viewer, which is embedded
# and committed; with --check it writes nothing and fails when what is there is
# not what web/ makes.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-write}
kept=$PWD/live/liveextension/viewer

scripts/need.sh npm:web
cd web
npm run --silent typecheck
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
npx vite build --logLevel warn --outDir "$made/viewer"

# What a browser loads, compressed, has to stay small.
most=$((250 * 1024))
size=$(find "$made/viewer" -type f -exec sh -c 'for f; do gzip -9 -c "$f" | wc -c; done' _ {} + | awk '{n += $1} END {print n}')
if ((size > most)); then
	echo "the viewer is $size bytes compressed; it may be $most" >&2
	exit 1
fi

if [[ $mode == --check ]]; then
	if ! diff -rq "$made/viewer" "$kept" >&2; then
		echo 'live/liveextension/viewer is not current, run `make viewer`' >&2
		exit 1
	fi
	exit 0
fi
rm -rf "$kept"
mkdir -p "$kept"
cp -R "$made/viewer/." "$kept/"
find "$kept" -type d -exec chmod 755 {} +
find "$kept" -type f -exec chmod 644 {} +
echo "   live/liveextension/viewer, $((size / 1024)) KiB compressed"
