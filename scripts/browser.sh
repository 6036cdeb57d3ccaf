#!/usr/bin/env bash
# What building and testing the web viewer needs: node, npm, the packages of
# web/, and Chromium; with --tools all but Chromium. What is missing is installed
# with apt-get where that may be done; else it is named.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
if [[ ${1:-} != --tools && -z ${CHROMIUM:-} ]]; then
	command -v chromium >/dev/null || packages+=(chromium fonts-liberation)
fi
if ((${#packages[@]})); then
	if ! command -v apt-get >/dev/null || ((EUID != 0)); then
		echo "The web viewer needs ${packages[*]}: install them, for example with" >&2
		echo "  sudo apt-get install --no-install-recommends ${packages[*]}" >&2
		exit 1
	fi
	echo "== installing ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

cd web
node -e '
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`The web viewer needs node 20.19 or newer; this is ${process.version}`);
  process.exit(1);
}'
stamp=node_modules/.package-lock.json
if [[ ! -e $stamp || package-lock.json -nt $stamp ]]; then
	echo '== npm ci: web'
	npm ci --silent
	touch "$stamp"
fi
