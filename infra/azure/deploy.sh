#!/usr/bin/env bash
# Deploys the system to Azure, up to a first classified article. It can be run again at any time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source infra/azure/steps.sh
exec 3>&1

usage() {
  cat <<'USAGE'
infra/azure/deploy.sh [--dry-run] [--resource-group NAME] [--location REGION] [--name PREFIX]
                      [--base-model OWNER/NAME --base-folder DIR] [--train-on gpu|cpu]
                      [--dataset FILE --classifier NAME]
  --dry-run         print the commands without running them
  --resource-group  created if it does not exist (default: rg-serverless)
  --location        a region with T4 GPUs (default: swedencentral)
  --name            prefix of every resource, 3 to 8 letters and digits (default: articles)
  --base-model      name of the base model (default: serverless/starter); its files are in --base-folder
  --train-on        gpu: a T4 during trainings (default); cpu: enough for the starter model
  --dataset         CSV or JSON Lines file with text and label to train --classifier on (default: the sample desk)
USAGE
}

main() {
  dry_run=false resource_group=rg-serverless location=swedencentral name=articles
  base_model=serverless/starter base_folder=shared/Starter/base train_on=gpu
  dataset=infra/local/samples/desk.csv classifier=desk
  while (($# > 0)); do
    case "$1" in
      --dry-run) dry_run=true; shift ;;
      --resource-group | --location | --name | --base-model | --base-folder | --train-on | --dataset | --classifier)
        (($# > 1)) || fail "$1 needs a value."
        local variable="${1#--}"
        printf -v "${variable//-/_}" '%s' "$2"
        shift 2 ;;
      --help) usage; exit ;;
      *) usage >&2; fail "Unknown argument: $1" ;;
    esac
  done
  [[ -d $base_folder || $dry_run == true ]] || fail "The folder of the base model does not exist: $base_folder"
  [[ -f $dataset || $dry_run == true ]] || fail "The data set does not exist: $dataset"

  check_azure_cli
  create_group
  # The first pass ignores these settings: there is no image yet, and no app that could receive events.
  export SERVERLESS_SUBSCRIBE=false
  SERVERLESS_IMAGE_TAG= deploy "1 of 3: identities, storage, registry, environment"
  check_roles
  local storage registry functions
  storage="$(output storageName)"
  registry="$(output registryName)"
  push_images
  upload_base_model
  find_keys
  deploy "2 of 3: functions and trainer"
  functions="$(output functionsName)"
  local host
  host="$(output functionsHost)"
  wait_for_health
  wait_for_starter
  export SERVERLESS_SUBSCRIBE=true
  deploy "3 of 3: events of new data sets"
  upload_dataset
  send_article
  say "Done: https://$host/api/health"
}

create_group() {
  say "Creating the resource group $resource_group in $location"
  run az group create --name "$resource_group" --location "$location" --output none
  export SERVERLESS_NAME="$name" SERVERLESS_LOCATION="$location" SERVERLESS_BASE_MODEL="$base_model" SERVERLESS_TRAIN_ON="$train_on"
  # The signed-in user gets the deployer's roles; a pipeline sets its own id.
  if [[ -z "${SERVERLESS_DEPLOYER_OBJECT_ID:-}" ]]; then
    SERVERLESS_DEPLOYER_OBJECT_ID="$(ask 00000000-0000-0000-0000-000000000000 az ad signed-in-user show --query id --output tsv)"
  fi
  export SERVERLESS_DEPLOYER_OBJECT_ID
}

# Keys and parameters are passed to main.bicepparam as environment variables, so that no key appears in a command.
deploy() {
  say "Deployment $1 (what-if, then the deployment)"
  run az deployment group what-if --resource-group "$resource_group" --parameters infra/azure/main.bicepparam
  run az deployment group create --resource-group "$resource_group" --name serverless \
    --parameters infra/azure/main.bicepparam --output none
}

# A program starts also without one of its roles, and fails with 403 only when it needs it.
check_roles() {
  say "Checking the role assignments of both programs"
  local assigned expected to grant missing=()
  assigned="$(ask assignments az role assignment list --all --query "[].[principalId, roleDefinitionName, scope]" --output tsv)"
  expected="$(output grants "[].[to, principalId, role, scope]")"
  $dry_run && return
  [[ -n "$expected" ]] || fail "The deployment has no role assignments in its outputs, so they cannot be checked."
  while IFS=$'\t' read -r to grant; do
    [[ $'\n'"${assigned,,}"$'\n' == *$'\n'"${grant,,}"$'\n'* ]] || missing+=("'$(cut -f 2 <<<"$grant")' for the $to on $(cut -f 3 <<<"$grant")")
  done <<<"$expected"
  ((${#missing[@]} == 0)) || fail "$(printf 'This role is missing: %s.\n' "${missing[@]}")" \
    "Run this again with the permission to assign roles in $resource_group. If the role is still missing, a policy or a lock removes it."
}

# The registry builds the images, so no container engine is needed here.
push_images() {
  SERVERLESS_IMAGE_TAG="${SERVERLESS_IMAGE_TAG:-$(git rev-parse --short=12 HEAD)}"
  export SERVERLESS_IMAGE_TAG
  say "Building the images with the tag $SERVERLESS_IMAGE_TAG"
  run az acr build --registry "$registry" --platform linux/amd64 --image "functions:$SERVERLESS_IMAGE_TAG" \
    --file infra/containers/functions.Dockerfile .
  run az acr build --registry "$registry" --platform linux/amd64 --image "trainer:$SERVERLESS_IMAGE_TAG" \
    --file infra/containers/trainer.Dockerfile --build-arg "CUDA=$([[ $train_on == gpu ]] && echo true || echo false)" .
}

# A base model is uploaded once, its manifest last: adapters that were trained on it would be wrong on other files under its name.
upload_base_model() {
  local uploaded
  retry 15 find_base_model
  if [[ -n "$uploaded" ]]; then
    say "The base model $base_model is in storage and stays as it is; a new base needs a new name"
    return
  fi
  say "Uploading the base model $base_model from $base_folder"
  local manifest
  manifest="$(base_manifest)"
  retry 15 run az storage blob upload-batch --auth-mode login --account-name "$storage" \
    --destination models --destination-path "base/$base_model" --source "$base_folder" --overwrite --output none
  run az storage blob upload --auth-mode login --account-name "$storage" --container-name models \
    --name "base/$base_model/manifest.json" --data "$manifest" --content-type application/json --output none
}

find_base_model() {
  uploaded="$(ask '' az storage blob list --auth-mode login --account-name "$storage" --container-name models \
    --prefix "base/$base_model/manifest.json" --query "[].name" --output tsv)"
}

# The SHA-256 of each file that a model is loaded from, as BaseModelStore writes it.
base_manifest() {
  local created files='' hash name sums
  $dry_run && [[ ! -d $base_folder ]] && return
  sums="$(cd "$base_folder" && sha256sum -- *.json *.safetensors)" || return
  TZ=UTC printf -v created '%(%Y-%m-%dT%H:%M:%SZ)T' -1
  while read -r hash name; do
    [[ "$name" == manifest.json ]] || files+="${files:+,}\"$name\":\"$hash\""
  done <<<"$sums"
  printf '{"baseModel":"%s","created":"%s","files":{%s}}' "$base_model" "$created" "$files"
}

# The keys are generated once; later runs keep the keys of the app.
find_keys() {
  say "Reading or generating the keys of the functions"
  local app exists
  app="$(output functionsName)"
  exists="$(ask yes az containerapp list --resource-group "$resource_group" --query "[?name=='$app'].name" --output tsv)"
  export SERVERLESS_FUNCTION_KEY SERVERLESS_OPERATOR_KEY SERVERLESS_ADMIN_KEY SERVERLESS_EVENT_KEY
  SERVERLESS_FUNCTION_KEY="$(key host-function-default)"
  SERVERLESS_OPERATOR_KEY="$(key operators)"
  SERVERLESS_ADMIN_KEY="$(key host-master)"
  SERVERLESS_EVENT_KEY="$(key host-systemkey-blobs-extension)"
}

key() {
  local value=
  if [[ -n "$exists" ]]; then
    # An app that was deployed before this key was introduced does not have it.
    value="$(ask "the key $1" az containerapp secret list --resource-group "$resource_group" --name "$app" --show-values \
      --query "[?name=='$1'].value" --output tsv)"
  fi
  if [[ -n "$value" ]]; then printf '%s' "$value"; else openssl rand -hex 32; fi
}

# The first response takes as long as the start of a replica.
wait_for_health() {
  say "Waiting for $functions to become healthy"
  retry 30 run curl --fail --silent --show-error --max-time 60 "https://$host/api/health"
}

# The functions publish the starter model, so that the default classifier has a version.
wait_for_starter() {
  if [[ "$base_model" != serverless/starter ]]; then
    say "The classifier news has no version until it is trained, because the starter model does not work on $base_model"
    return
  fi
  say "Waiting for the starter version of the classifier news"
  retry 30 has_version news
}

has_version() {
  local found
  found="$(ask 1 az storage blob list --auth-mode login --account-name "$storage" --container-name models \
    --prefix "adapters/$1/current.json" --query "[].name" --output tsv)" && [[ -n "$found" ]]
}

upload_dataset() {
  say "Uploading a first data set for the classifier $classifier, which starts the trainer"
  local before
  before="$(pointer)"
  run az storage blob upload --auth-mode login --account-name "$storage" --container-name datasets \
    --name "$classifier/$(basename "$dataset")" --file "$dataset" --overwrite --output none
  retry 270 trained
}

# Succeeds when the pointer names the version of this run: the trainer writes the pointer last.
trained() {
  local after
  after="$(pointer)" && { $dry_run || [[ -n "$after" && "$after" != "$before" ]]; }
}

# The ETag of the pointer to the serving version; empty before the first version.
pointer() {
  ask pointer az storage blob list --auth-mode login --account-name "$storage" --container-name models \
    --prefix "adapters/$classifier/current.json" --query "[].properties.etag" --output tsv
}

send_article() {
  say "Sending a first article"
  # A new id for each run: the result of an earlier run would say nothing about these images.
  local id body hash
  printf -v id 'first-article-%(%s)T' -1
  body="{\"id\":\"$id\",\"classifier\":\"$classifier\",\"text\":\"The clinic opens at night so that patients can keep their jobs.\"}"
  hash="$(printf '%s' "$id" | sha256sum | cut -d ' ' -f 1)"
  # Base64, as the functions read messages; anything else gets a result with the status rejected.
  run az storage message put --auth-mode login --account-name "$storage" --queue-name articles \
    --content "$(printf '%s' "$body" | base64 --wrap 0)" --output none
  retry 30 run az storage blob download --auth-mode login --account-name "$storage" --container-name results \
    --name "$classifier/$hash.json" --file /dev/stdout --no-progress --output none
}

main "$@"
