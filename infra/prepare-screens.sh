#!/usr/bin/env bash
# Creates the folder to publish as the screens: the built site (web/dist), the publisher's host.js (see web/README.md), and a
# Content-Security-Policy that allows requests to the API's origin. In a clone, it builds the site. A release contains the built site.
#
#   infra/prepare-screens.sh API_ORIGIN HOST_JS FOLDER [ORIGIN...]
#
# ORIGIN: further origins that host.js needs for sign-in. FOLDER is deleted and created again.
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 2
}

[ $# -ge 3 ] || fail "Usage: $0 API_ORIGIN HOST_JS FOLDER [ORIGIN...]"
host=$2 folder=$3
origins=("$1" "${@:4}")
for origin in "${origins[@]}"; do
  [[ $origin =~ ^https://[a-z0-9.-]+(:[0-9]+)?$ ]] || fail "\"$origin\" is not an origin, such as https://api.example."
done
[ -f "$host" ] || fail "host.js does not exist: \"$host\". The screens need it for sign-in: see web/README.md, \"The host\"."
[ ! -e "$folder" ] || [ -f "$folder/staticwebapp.config.json" ] || fail "\"$folder\" already exists and does not contain the screens."

web=$(cd "$(dirname "$0")/../web" && pwd)
if [ -d "$web/site" ]; then
  [ -d "$web/node_modules" ] || npm ci --prefix "$web" --no-audit --no-fund --loglevel=error
  node "$web/build.js"
fi

rm -rf "$folder"
mkdir -p "$folder"
cp -R "$web/dist/." "$folder"
cp "$host" "$folder/host.js"

node - "$folder/staticwebapp.config.json" "${origins[@]}" <<'SCRIPT'
const { readFileSync, writeFileSync } = require("node:fs");
const [file, ...origins] = process.argv.slice(2);
const site = JSON.parse(readFileSync(file, "utf8"));
const directives = site.globalHeaders["Content-Security-Policy"].split("; ");
const index = directives.findIndex(directive => directive.startsWith("connect-src "));
if (index < 0)
  throw new Error("The Content-Security-Policy of staticwebapp.config.json has no connect-src.");
directives[index] += ` ${origins.join(" ")}`;
site.globalHeaders["Content-Security-Policy"] = directives.join("; ");
writeFileSync(file, `${JSON.stringify(site, null, 2)}\n`);
SCRIPT
echo "The screens are in $folder. They may send requests to: ${origins[*]}."
