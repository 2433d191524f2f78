#!/usr/bin/env bash
# Runs the phone's pages in a real browser, phone-sized: tests/browser/run.sh [file.mjs ...]; without a file, all of them.
#
# Needs node, npm and Chromium (Debian's package; CHROMIUM says where it is), and the daemon (COMMONSD_BIN, else the
# release build, else the debug build). What npm brings goes to a scratch directory that is removed, or to BROWSER_TOOLS,
# which is kept. Fails where something is missing; it never skips.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

say() { printf '%s\n' "$1" >&2; exit 1; }

export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
[ -x "$CHROMIUM" ] || say "no Chromium at $CHROMIUM: install Debian's package chromium, or set CHROMIUM"
command -v node >/dev/null && command -v npm >/dev/null || say "node and npm are needed"

if [ -z "${COMMONSD_BIN:-}" ]; then
    target=${CARGO_TARGET_DIR:-$root/target}
    for built in "$target/release/commonsd" "$target/debug/commonsd"; do
        [ -x "$built" ] && COMMONSD_BIN=$built && break
    done
fi
[ -x "${COMMONSD_BIN:-}" ] || say "no commonsd: run \`cargo build --release -p commonsd\` first, or set COMMONSD_BIN"
export COMMONSD_BIN

if [ -z "${BROWSER_TOOLS:-}" ]; then
    BROWSER_TOOLS=$(mktemp -d)
    trap 'rm -rf "$BROWSER_TOOLS"' EXIT
fi
export BROWSER_TOOLS
mkdir -p "$BROWSER_TOOLS"
if [ ! -d "$BROWSER_TOOLS/node_modules/playwright-core" ] || [ ! -d "$BROWSER_TOOLS/node_modules/axe-core" ] \
    || [ ! -d "$BROWSER_TOOLS/node_modules/html-validate" ]; then
    (cd "$BROWSER_TOOLS" && { [ -f package.json ] || npm init -y >/dev/null; } \
        && npm install --silent --no-audit --no-fund playwright-core@1 axe-core@4 html-validate@10)
fi

if [ $# -gt 0 ]; then
    files=("$@")
else
    files=()
    for file in "$here"/*.mjs; do
        [ "$(basename "$file")" = harness.mjs ] || files+=("$file")
    done
fi
# One file at a time: each starts a browser and gateways of its own, and the machine may be small.
node --test --test-concurrency=1 --test-reporter=spec "${files[@]}"
