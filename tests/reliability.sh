#!/usr/bin/env bash
# Runs tests/FaultTests at full length (kills, faults, hostile input, a soak) and writes the outcomes to RELIABILITY.md.
# Without options all tests run, for about three hours on two cores. Each option sets one number, and
# --only selects a test class or method, such as --only '*KillTests*'. Rows of tests that do not run stay as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

declare -A numbers=(
  [seed]=42
  [function-kills]=200 [worker-kills]=20 [articles]=5000 [trainer-kills]=20 [emulator-kills]=20
  [faulty-articles]=1000 [faulty-trainings]=5 [stall-seconds]=30 [outage-seconds]=60
  [backlog-articles]=500 [backlog-outage-seconds]=600 [unloadable-articles]=40
  [two-articles]=2000 [two-trainings]=6 [leases]=3
  [hostile-messages]=20000 [hostile-requests]=20000 [hostile-files]=200
  [soak-minutes]=30 [soak-retrain-seconds]=300
)
only='*'
while (($# > 0)); do
  name="${1#--}"
  if (($# < 2)) || [[ "$1" != --* ]] || [[ "$name" != only && -z "${numbers[$name]+known}" ]]; then
    echo "usage: tests/reliability.sh [--only PATTERN] $(printf '[--%s N] ' $(printf '%s\n' "${!numbers[@]}" | sort))" >&2
    exit 2
  fi
  if [[ $name == only ]]; then only="$2"; else numbers[$name]="$2"; fi
  shift 2
done

for name in "${!numbers[@]}"; do
  variable="RELIABILITY_${name//-/_}"
  export "${variable^^}=${numbers[$name]}"
done
export RELIABILITY_REPORT="$PWD/RELIABILITY.md"

infra/local/setup.sh Serverless.sln
# One test at a time, because their rows report what each does to the machine.
exec artifacts/bin/FaultTests/release/Serverless.FaultTests -parallelMode none -method "$only"
