#!/usr/bin/env bash
# Deletes what deploy.sh created: everything, or with --keep-data only what costs money when idle.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/azure/steps.sh
exec 3>&1

main() {
  dry_run=false resource_group=rg-serverless
  local yes=false keep_data=false
  while (($# > 0)); do
    case "$1" in
      --dry-run) dry_run=true; shift ;;
      --yes) yes=true; shift ;;
      --keep-data) keep_data=true; shift ;;
      --resource-group)
        (($# > 1)) || fail "$1 needs a value."
        resource_group="$2"; shift 2 ;;
      --help) echo "infra/azure/teardown.sh [--dry-run] [--keep-data] [--yes] [--resource-group NAME]"; exit ;;
      *) fail "Unknown argument: $1 (--help lists all)" ;;
    esac
  done

  check_azure_cli
  $yes || $dry_run || confirm
  if $keep_data; then delete_programs; else delete_everything; fi
}

confirm() {
  local typed
  read -r -p "To confirm, type the name of the resource group ($resource_group): " typed
  [[ "$typed" == "$resource_group" ]] || fail "Nothing was deleted."
}

# Storage, registry and logs are kept; deploy.sh creates the rest again.
delete_programs() {
  say "Deleting functions, trainer, events and environment; data, models and images are kept"
  local functions trainer environment topic
  functions="$(output functionsName)"
  trainer="$(output trainerName)"
  environment="$(output environmentName)"
  topic="$(output eventsName)"
  run az eventgrid system-topic delete --resource-group "$resource_group" --name "$topic" --yes
  run az containerapp job delete --resource-group "$resource_group" --name "$trainer" --yes
  run az containerapp delete --resource-group "$resource_group" --name "$functions" --yes
  run az containerapp env delete --resource-group "$resource_group" --name "$environment" --yes
}

delete_everything() {
  say "Deleting the resource group $resource_group with all data, models and results"
  run az group delete --name "$resource_group" --yes
}

main "$@"
