# Functions for the drills. Each drill runs DevHost with data of its own, in a temporary folder.
# DEVHOST and RESTORE: the commands to run, if they are built already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

OAKLAND=01612590000000 BERKELEY=01611430000000
WORDING=2026-1
FOLDER=$(mktemp -d)
PIDS=()
trap stop_all EXIT

step() { printf '\n== %s\n' "$1"; }

fail() {
  echo "The drill failed: $1" >&2
  exit 1
}

# start_devhost NAME: starts a DevHost, and uses it from now on. NAME is the name of its data folder.
start_devhost() {
  LOG=$FOLDER/$1.log
  : >"$LOG"
  ${DEVHOST:-dotnet run --project Credentialing.DevHost --} --urls http://127.0.0.1:0 --data "$FOLDER/$1" >"$LOG" 2>&1 &
  PIDS+=($!)
  for _ in {1..1800}; do
    if grep --quiet "Ctrl-C stops everything" "$LOG"; then
      ORIGIN=$(grep --only-matching 'http://127.0.0.1:[0-9]*/api$' "$LOG" | head -n 1)
      ORIGIN=${ORIGIN%/api} API=$ORIGIN/api
      use_storage
      return
    fi
    kill -0 "${PIDS[-1]}" 2>/dev/null || { cat "$LOG" >&2; fail "DevHost did not start."; }
    sleep 0.1
  done
  fail "DevHost did not start in time."
}

# Stops the DevHost that was started last.
stop_devhost() {
  kill "${PIDS[-1]}"
  wait "${PIDS[-1]}" 2>/dev/null || true
  unset 'PIDS[-1]'
}

stop_all() {
  while [ ${#PIDS[@]} -gt 0 ]; do stop_devhost; done
  rm -rf "$FOLDER"
}

# Sets TABLES, BACKUPS, their keys, and SIGNATURE to those of the emulator.
use_storage() {
  local storage
  storage=$(curl -sS --fail "$ORIGIN/dev/storage")
  TABLES=$(member tables <<<"$storage") BACKUPS=$(member blobs <<<"$storage") SIGNATURE=$(member signature <<<"$storage")
  TABLES_KEY=$(member key <<<"$storage") BACKUPS_KEY=$(member key <<<"$storage")
  export TABLES_KEY BACKUPS_KEY
}

# member NAME: prints a member of the JSON object in the standard input.
member() { node -e 'const value = JSON.parse(require("node:fs").readFileSync(0, "utf8"))[process.argv[1]]; console.log(typeof value === "object" ? JSON.stringify(value) : value)' "$1"; }

# token PERSONA: prints an access token.
token() { curl -sS --fail "$ORIGIN/dev/sign-in" -d "persona=$1"; }

# generate PERSONA LEA PRECONDITION: generates credentials, and prints the secret key.
generate() {
  curl -sS --fail-with-body "$API/leas/$2/credentials" -H "Authorization: Bearer $(token "$1")" -H "$3" -H 'Content-Type: application/json' \
    -d "{\"authorized\":true,\"wordingVersion\":\"$WORDING\"}" | member secretKey
}

# vendor LEA KEY: prints the status of a vendor's request with a key.
vendor() { curl -s -o /dev/null -w '%{http_code}' -u "sis-$1:$2" "$API/v1/credential"; }

# expect WHAT EXPECTED ACTUAL: prints the result, and stops the drill if it is another.
expect() {
  [ "$2" = "$3" ] || fail "$1: expected $2, got $3."
  echo "$1: $3"
}

# eventually WHAT COMMAND...: waits until a command succeeds.
eventually() {
  local what=$1
  shift
  for _ in {1..300}; do
    if "$@"; then
      echo "$what"
      return
    fi
    sleep 0.1
  done
  fail "not in time: $what"
}

# run_function NAME: starts a timer function.
run_function() { curl -sS --fail -X POST "$ORIGIN/admin/functions/$1" -H 'Content-Type: application/json' -d '{}'; }

restore() { ${RESTORE:-dotnet run --project Credentialing.Restore --} "$@" --backups "$BACKUPS"; }

# backup: starts a backup, and waits until it is complete.
backup() {
  local before
  before=$(count_backups)
  run_function BackUp
  eventually "The backup is complete." has_backups_after "$before"
}

count_backups() { grep --count "Backup finished" "$LOG" || true; }

has_backups_after() { [ "$(count_backups)" -gt "$1" ]; }

# table_request METHOD RESOURCE [JSON]: sends a request to the emulator's tables.
table_request() {
  curl -sS --fail -o /dev/null -X "$1" "$TABLES/$2$SIGNATURE" -H 'If-Match: *' -H 'Content-Type: application/json' -H 'Accept: application/json' -d "${3-}"
}

delete_table() { table_request DELETE "Tables('$1')"; }

create_table() { table_request POST Tables "{\"TableName\":\"$1\"}"; }

# merge_row TABLE PARTITION ROW JSON: changes columns of a row.
merge_row() { table_request MERGE "$1(PartitionKey='$2',RowKey='$3')" "$4"; }

# readiness: prints the response of health/ready.
readiness() { curl -s "$API/health/ready"; }

is_ready() { [ "$(readiness)" = '{"status":"ready"}' ]; }
