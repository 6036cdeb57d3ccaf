#!/usr/bin/env bash
# Writes what mdatagen makes of the metadata.yaml files, and documentation.md;
# with --check it writes nothing and fails when what is there is not current.
#
# mdatagen names test packages after the folder, and ours are not named after
# theirs (the root's is any name that the checkout has). So each metadata.yaml
# is generated in a scratch folder of the right name.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
mode=${1:-write}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# generate <folder of the repository> <package name>
generate() {
	local from=$root/$1 to=$scratch/$2 below=${1#.}
	mkdir -p "$to"
	cp "$from/metadata.yaml" "$to/"
	if [[ $1 == connector ]]; then
		# It has the processor's keys but for these two.
		awk '/^config:/ {on = 1} /^    [a-z_]+:/ {skip = /^    (traces|logs):/} on && !skip' metadata.yaml >>"$to/metadata.yaml"
	fi
	printf 'module %s\n\ngo 1.26.0\n' "$(go list -m)${below:+/$below}" >"$to/go.mod"
	printf 'package %s\n' "$2" >"$to/doc.go"
	(cd "$to" && "$root/.tools/bin/mdatagen" metadata.yaml)
	# The schema is wanted; the structs are written by hand, in config/.
	rm -f "$to"/generated_config*.go "$to/metadata.yaml" "$to/go.mod" "$to/doc.go"
}

# differs <generated folder> <folder of the repository>: names each file that
# is not as it was generated, and each that is generated no more.
differs() {
	local file
	(cd "$1" && find . -type f) | while IFS= read -r file; do
		cmp -s "$1/$file" "$2/$file" || echo "$2/${file#./}"
	done
	{
		compgen -G "$2/generated_*" || true
		compgen -G "$2/config.schema.json" || true
		find "$2/internal/metadata" "$2/internal/metadatatest" -type f 2>/dev/null || true
	} | while IFS= read -r file; do
		[[ -e $1/${file#"$2"/} ]] || echo "$file"
	done
}

generate . genaibufferprocessor
generate connector genaibufferconnector
generate live/liveextension liveextension
go run ./internal/contentdoc >>"$scratch/genaibufferprocessor/documentation.md"

all_stale=
for pair in genaibufferprocessor:. genaibufferconnector:connector liveextension:live/liveextension; do
	made=$scratch/${pair%%:*} kept=${pair#*:}
	stale=$(differs "$made" "$kept")
	if [[ $mode == --check ]]; then
		all_stale+=${stale:+$stale$'\n'}
		continue
	fi
	find "$made" -type d -exec chmod 755 {} +
	find "$made" -type f -exec chmod 644 {} +
	while IFS= read -r file; do
		[[ -z $file ]] || rm -f "$file"
	done <<<"$stale"
	cp -R "$made/." "$kept/"
done

if [[ -n $all_stale ]]; then
	printf 'not current, run `make generate`:\n%s' "$all_stale" >&2
	exit 1
fi
