#!/usr/bin/env bash
# Sets the machine up and starts the whole system; with --demo it shows what the system does. Ctrl-C stops it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
infra/local/setup.sh
exec dotnet artifacts/bin/Local/release/Serverless.Local.dll up "$@"
