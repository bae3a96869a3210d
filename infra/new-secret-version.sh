#!/usr/bin/env bash
# Creates a version of one of the app's two secrets: the first version, or a new version (rotation). The value is random. It is
# sent to the vault through a pipe, and never appears on a command line, in a log or on disk.
#
#   infra/new-secret-version.sh VAULT credential-pepper|vendor-token-key
#
# Requires the role Key Vault Secrets Officer on the vault.
set +x
set -euo pipefail

refuse() {
  echo "$1" >&2
  exit 2
}

[ $# -eq 2 ] || refuse "Usage: $0 VAULT credential-pepper|vendor-token-key"
vault=$1 name=$2
[[ $vault =~ ^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$ ]] || refuse "\"$vault\" is no name of a vault: 3 to 24 letters, digits and hyphens."
[[ $name == credential-pepper || $name == vendor-token-key ]] || refuse "\"$name\" is none of the app's secrets: credential-pepper, vendor-token-key."

material=$(openssl rand -base64 32)
[[ $material =~ ^[A-Za-z0-9+/]{43}=$ ]] || refuse "openssl did not give 32 random bytes; nothing was sent to the vault."

version=$(printf '%s' "$material" | az keyvault secret set --vault-name "$vault" --name "$name" --file /dev/stdin --encoding utf-8 --query id --output tsv)
unset material

echo "Made $version."
echo "The app uses it within five minutes. Earlier versions stay valid for what was made under them, until they are disabled."
