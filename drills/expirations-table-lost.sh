#!/usr/bin/env bash
# The table Expirations is deleted, and rebuilt. docs/recovery.md#the-table-expirations
source "$(dirname "$0")/devhost.sh"

# preview: prints the number of LEAs with an action in the next daily run.
preview() { curl -sS --fail-with-body "$API/reminders/preview" -H "Authorization: Bearer $(token toms)" | member leas | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).length'; }

step "Before: the preview lists the LEAs that the daily run will process"
start_devhost data
before=$(preview)
echo "LEAs with a reminder or an announcement: $before"
[ "$before" -gt 0 ] || fail "no LEA is due."

step "The disaster: the table is deleted"
delete_table Expirations
expect "A generation" 503 "$(curl -s -o /dev/null -w '%{http_code}' "$API/leas/$OAKLAND/credentials" -H "Authorization: Bearer $(token rosa)" \
  -H 'If-None-Match: *' -H 'Content-Type: application/json' -d "{\"authorized\":true,\"wordingVersion\":\"$WORDING\"}")"
echo "Readiness: $(readiness)"

step "Create the empty table: the daily run would find nobody"
create_table Expirations
expect "LEAs with a reminder or an announcement" 0 "$(preview)"

step "Rebuild the index"
curl -sS --fail -X POST "$API/expirations/restore" -H "Authorization: Bearer $(token toms)" -H 'Content-Length: 0'
echo
expect "LEAs with a reminder or an announcement" "$before" "$(preview)"
