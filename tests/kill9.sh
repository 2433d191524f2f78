#!/usr/bin/env bash
# kill9.sh [ROUNDS [NEEDS]]: kill -9 in a burst of needs, restart, compare; on the release build. COMMONS_SEED repeats one.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet -p commonsd -p commons-tests
exec target/release/kill9 "$@"
