# How deploy.sh and teardown.sh talk and act; sourced by both.

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

# Prints a command so that it can be pasted into a shell, and runs it unless this is a dry run.
run() {
  printf '+'
  printf ' %q' "$@"
  printf '\n'
  $dry_run || "$@"
}

# The answer of a command; in a dry run the words that stand for it.
ask() {
  local instead="$1"
  shift
  if $dry_run; then
    { printf '+'; printf ' %q' "$@"; printf '\n'; } >&3
    printf '%s' "$instead"
  else
    "$@"
  fi
}

# Roles take minutes to reach the services that ask for them, and replicas to start: tries a step every 20 seconds.
retry() {
  local attempts="$1"
  shift
  until "$@"; do
    ((--attempts > 0)) || fail "It did not work in time; see the message above. Every step can be run again."
    sleep 20
  done
}

# A value that the last deployment of main.bicep gave out, or with a second argument what that query finds in it.
output() {
  ask "outputs.$1" az deployment group show --resource-group "$resource_group" --name serverless \
    --query "properties.outputs.$1.value${2:-}" --output tsv
}

check_azure_cli() {
  $dry_run && return
  command -v az >/dev/null || fail "The Azure CLI is missing: install it from https://learn.microsoft.com/cli/azure/install-azure-cli."
  az account show --output none 2>/dev/null || fail "You are not signed in to Azure: run 'az login' and choose a subscription."
}
