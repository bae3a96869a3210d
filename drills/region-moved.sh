#!/usr/bin/env bash
# The app moves to another region, with its secrets and a backup. docs/recovery.md#migration-to-another-region
source "$(dirname "$0")/devhost.sh"

# disclosures: prints the downloads of Oakland's reports.
disclosures() { curl -sS --fail "$API/leas/$OAKLAND/disclosures" -H "Authorization: Bearer $(token rosa)" | member disclosures; }

step "The old region: an LEA has credentials, and a vendor downloads a report"
start_devhost old
oakland=$(generate rosa $OAKLAND 'If-None-Match: *')
report=$(curl -sS --fail -u "sis-$OAKLAND:$oakland" "$API/v1/students/9016125901/score-reports" | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8"))[0].link')
curl -sS --fail -o /dev/null -u "sis-$OAKLAND:$oakland" "$ORIGIN$report"
old_disclosures=$(disclosures)

step "The new region: the app is deployed with the same secrets, and its tables are empty"
mkdir -p "$FOLDER/new"
cp "$FOLDER/old/secrets.json" "$FOLDER/new/"
backup
old_backups=$BACKUPS old_key=$BACKUPS_KEY
start_devhost new
expect "A vendor of Oakland" 401 "$(vendor $OAKLAND "$oakland")"

step "Restore the backups of the old region into the new tables"
BACKUPS=$old_backups BACKUPS_KEY=$old_key
restore leas --tables "$TABLES" --apply
restore disclosures --tables "$TABLES" --apply
expect "A vendor of Oakland" 200 "$(vendor $OAKLAND "$oakland")"
[ "$old_disclosures" = "$(disclosures)" ] || fail "the downloads differ."
echo "The downloads are: $old_disclosures"
