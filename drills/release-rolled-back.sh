#!/usr/bin/env bash
# A newer release has written a row, and is rolled back. docs/operations.md#rollback
# The newer release is played by a schema version that the deployed release does not know.
source "$(dirname "$0")/devhost.sh"

step "Before: two LEAs have credentials"
start_devhost data
oakland=$(generate rosa $OAKLAND 'If-None-Match: *')
berkeley=$(generate bea $BERKELEY 'If-None-Match: *')

step "The newer release has written Oakland's row. Then it was rolled back"
merge_row Leas $OAKLAND credential '{"SchemaVersion":99}'
expect "A vendor of Oakland" 500 "$(vendor $OAKLAND "$oakland")"
expect "A vendor of Berkeley" 200 "$(vendor $BERKELEY "$berkeley")"
grep --only-matching --max-count=1 "Row credential of LEA .* deploy that release again." "$LOG"

step "The newer release is deployed again, and reads its row"
merge_row Leas $OAKLAND credential '{"SchemaVersion":1}'
expect "A vendor of Oakland" 200 "$(vendor $OAKLAND "$oakland")"
