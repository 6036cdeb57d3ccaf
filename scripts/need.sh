#!/usr/bin/env bash
# need.sh WHAT...: makes sure that this machine has what is named: `chromium`,
# `nginx`, and `npm:FOLDER`, node with the packages of that folder's lock file.
# What is missing is installed with apt-get where that may be done; else it is named.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin # where Debian has nginx

packages=() folders=()
missing() { ! command -v "$1" >/dev/null; }
for what; do
	case $what in
	chromium) [[ -n ${CHROMIUM:-} ]] || ! missing chromium || packages+=(chromium fonts-liberation) ;;
	nginx) ! missing nginx || packages+=(nginx-light) ;;
	npm:*) folders+=("${what#npm:}") ;;
	*)
		echo "need.sh does not know $what" >&2
		exit 2
		;;
	esac
done
if ((${#folders[@]})); then
	! missing node || packages+=(nodejs)
	! missing npm || packages+=(npm)
fi

if ((${#packages[@]})); then
	if missing apt-get || ((EUID != 0)); then
		echo "${packages[*]} missing: install them, for example with" >&2
		echo "  sudo apt-get install --no-install-recommends ${packages[*]}" >&2
		exit 1
	fi
	echo "== installing ${packages[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

oldest='20.19'
for folder in "${folders[@]}"; do
	version=$(node --version)
	if ! printf '%s\n' "$oldest" "${version#v}" | sort --check=quiet --version-sort; then
		echo "$folder needs node $oldest or newer; this is $version" >&2
		exit 1
	fi
	stamp=$folder/node_modules/.package-lock.json
	if [[ ! -e $stamp || $folder/package-lock.json -nt $stamp ]]; then
		echo "== npm ci: $folder"
		npm --prefix "$folder" ci --silent
		touch "$stamp"
	fi
done
