#!/bin/sh
# A second opinion on the ledger: the export of a year of made-up trade, checked and summed by hledger.
#
#   tests/ledger.sh            needs hledger (apt-get install hledger) and cargo
#
# The histories are those of the property tests; an export that does not balance, or that asserts a balance hledger does
# not come to, fails.
set -eu
cd "$(dirname "$0")/.."
command -v hledger >/dev/null || { echo "hledger is not installed" >&2; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
COMMONSD_TEST_JOURNALS="$dir" cargo test -q -p commons-core --locked --test ledger_journal >/dev/null
count=0
for journal in "$dir"/*.journal; do
    hledger -f "$journal" check accounts commodities
    # What all accounts come to together, in each unit: nothing.
    sum=$(hledger -f "$journal" balance | tail -n 1 | tr -d ' ')
    test "$sum" = 0 || { echo "$journal sums to $sum" >&2; exit 1; }
    count=$((count + 1))
done
test "$count" -ge 20 || { echo "only $count journals were written" >&2; exit 1; }
echo "$count journals balance"
