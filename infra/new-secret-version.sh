#!/usr/bin/env bash
# Creates a version of one of the app's two secrets: the first version, or a new version (rotation). The value is random. It is
# sent to the vault through a pipe, and never appears on a command line, in a log or on disk.
#
#   infra/new-secret-version.sh VAULT credential-pepper|vendor-token-key
#
# Requires the role Key Vault Secrets Officer on the vault.
set +x
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 2
}

[ $# -eq 2 ] || fail "Usage: $0 VAULT credential-pepper|vendor-token-key"
vault=$1 name=$2
[[ $vault =~ ^[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$ ]] || fail "\"$vault\" is not a vault name: 3 to 24 letters, digits and hyphens."
[[ $name == credential-pepper || $name == vendor-token-key ]] || fail "\"$name\" is not a secret of the app: credential-pepper, vendor-token-key."

value=$(openssl rand -base64 32)
[[ $value =~ ^[A-Za-z0-9+/]{43}=$ ]] || fail "openssl did not return 32 random bytes. Nothing was sent to the vault."

version=$(printf '%s' "$value" | az keyvault secret set --vault-name "$vault" --name "$name" --file /dev/stdin --encoding utf-8 --query id --output tsv)
unset value

echo "Created $version."
echo "The app uses it within five minutes. What was created with earlier versions stays valid until they are disabled."
