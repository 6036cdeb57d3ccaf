#!/usr/bin/env bash
# What the end-to-end tests need besides Go: node and npm, Chromium, nginx, and
# the published clients of e2e/clients. What is missing is installed with apt-get,
# where that may be done; else it is named.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
command -v chromium >/dev/null || packages+=(chromium fonts-liberation)
command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]] || packages+=(nginx-light)
if ((${#packages[@]})); then
	if ! command -v apt-get >/dev/null || ((EUID != 0)); then
		echo "The end-to-end tests need ${packages[*]}: install them, for example with" >&2
		echo "  sudo apt-get install --no-install-recommends ${packages[*]}" >&2
		exit 1
	fi
	echo "== installing ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

oldest=20
version=$(node --version)
version=${version#v}
if ((${version%%.*} < oldest)); then
	echo "The end-to-end tests need node $oldest or newer; this is $version" >&2
	exit 1
fi

stamp=node_modules/.package-lock.json
cd e2e/clients
if [[ ! -e $stamp || package-lock.json -nt $stamp ]]; then
	echo '== npm ci: e2e/clients'
	npm ci --silent
	touch "$stamp"
fi
