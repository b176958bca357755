# Functions that deploy.sh and teardown.sh share.

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

# Prints a command, quoted for a shell, and runs it except in a dry run.
run() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
  $dry_run || "$@"
}

# The output of a command, or a placeholder in a dry run.
ask() {
  local placeholder="$1"
  shift
  if $dry_run; then
    { printf '+'; printf ' %q' "$@"; printf '\n'; } >&3
    printf '%s' "$placeholder"
  else
    "$@"
  fi
}

# Tries a step every 20 seconds: role assignments take minutes to take effect, and so does the start of a replica.
retry() {
  local attempts="$1"
  shift
  until "$@"; do
    ((--attempts > 0)) || fail "The step did not succeed in time; see the message above. You can run this script again."
    sleep 20
  done
}

# An output of the last deployment of main.bicep, optionally with a query.
output() {
  ask "outputs.$1" az deployment group show --resource-group "$resource_group" --name serverless \
    --query "properties.outputs.$1.value${2:-}" --output tsv
}

check_azure_cli() {
  $dry_run && return
  command -v az >/dev/null || fail "The Azure CLI is not installed: get it from https://learn.microsoft.com/cli/azure/install-azure-cli."
  az account show --output none 2>/dev/null || fail "You are not signed in to Azure: run 'az login' and choose a subscription."
}
