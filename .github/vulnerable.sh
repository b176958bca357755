#!/usr/bin/env bash
# Fails if any package, direct or transitive, has a hole that the feed knows of; dotnet itself only prints it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

outcome=0
report="$(dotnet list "${1:-Serverless.sln}" package --vulnerable --include-transitive 2>&1)" || outcome=$?
printf '%s\n' "$report"
((outcome == 0)) || exit "$outcome"
! grep -q 'has the following vulnerable packages' <<<"$report"
