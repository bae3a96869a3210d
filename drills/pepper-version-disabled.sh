#!/usr/bin/env bash
# A version of the pepper is disabled by mistake, and enabled again. docs/recovery.md#secrets
source "$(dirname "$0")/devhost.sh"

# enable_pepper true|false: enables or disables the versions of the pepper in DevHost's vault, which is a file.
enable_pepper() {
  node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const [file, enabled] = process.argv.slice(1);
    const versions = JSON.parse(readFileSync(file, "utf8"));
    versions.filter(version => version.Name === "credential-pepper").forEach(version => (version.IsEnabled = enabled === "true"));
    writeFileSync(file, JSON.stringify(versions));' "$FOLDER/data/secrets.json" "$1"
}

step "Before: an LEA has credentials"
start_devhost data
oakland=$(generate rosa $OAKLAND 'If-None-Match: *')
expect "A vendor of Oakland" 200 "$(vendor $OAKLAND "$oakland")"

step "The disaster: the version is disabled, and the app is restarted"
stop_devhost
enable_pepper false
start_devhost data
expect "A vendor of Oakland" 500 "$(vendor $OAKLAND "$oakland")"
echo "Readiness: $(readiness)"

step "Enable the version again"
stop_devhost
enable_pepper true
start_devhost data
eventually "The app is ready." is_ready
expect "A vendor of Oakland" 200 "$(vendor $OAKLAND "$oakland")"
