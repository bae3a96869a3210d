#!/usr/bin/env bash
# The table Leas is deleted, and restored from the last backup. docs/recovery.md#the-table-leas
source "$(dirname "$0")/devhost.sh"

step "Before: two LEAs have credentials, and there is a backup"
start_devhost data
oakland=$(generate rosa $OAKLAND 'If-None-Match: *')
berkeley=$(generate bea $BERKELEY 'If-None-Match: *')
backup
expect "A vendor of Oakland" 200 "$(vendor $OAKLAND "$oakland")"

step "After the backup, Berkeley regenerates its credentials: the first key stops"
later=$(generate bea $BERKELEY 'If-Match: "1"')
expect "A vendor of Berkeley with the first key" 401 "$(vendor $BERKELEY "$berkeley")"

step "The disaster: the table is deleted"
delete_table Leas
expect "A vendor of Oakland" 503 "$(vendor $OAKLAND "$oakland")"
echo "Readiness: $(readiness)"

step "Create the empty table, and preview the restore"
create_table Leas
restore leas --tables "$TABLES"
expect "A vendor of Oakland" 401 "$(vendor $OAKLAND "$oakland")"

step "Restore"
restore leas --tables "$TABLES" --apply
eventually "The app is ready." is_ready
expect "A vendor of Oakland" 200 "$(vendor $OAKLAND "$oakland")"
expect "A vendor of Berkeley with the first key" 401 "$(vendor $BERKELEY "$berkeley")"
expect "A vendor of Berkeley with the key of after the backup" 401 "$(vendor $BERKELEY "$later")"

step "Berkeley was called, and generates new credentials"
berkeley=$(generate bea $BERKELEY 'If-Match: "2"')
expect "A vendor of Berkeley" 200 "$(vendor $BERKELEY "$berkeley")"
