#!/usr/bin/env bash
# Creates the first version of each app secret that is missing in the vault. Never rotates an existing secret.
#
#   infra/make-missing-secrets.sh VAULT
#
# Requires the role Key Vault Secrets Officer on the vault. A new role assignment may take some minutes to take effect.
set -euo pipefail

[ $# -eq 1 ] || { echo "Usage: $0 VAULT" >&2; exit 2; }
vault=$1
folder=$(dirname "$0")

for attempt in {1..20}; do
  # Only a successful response proves that a secret is missing. A failed request does not.
  if names=$(az keyvault secret list --vault-name "$vault" --query "[].name" --output tsv); then
    for name in credential-pepper vendor-token-key; do
      if grep --quiet --line-regexp "$name" <<<"$names"; then
        echo "The secret $name already exists."
      else
        "$folder/new-secret-version.sh" "$vault" "$name"
      fi
    done
    exit
  fi
  echo "The vault $vault could not be read (attempt $attempt of 20)." >&2
  sleep 15
done
echo "No secret was created: the vault $vault could not be read." >&2
exit 1
