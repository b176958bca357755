#!/usr/bin/env bash
# Sets this machine up: checks the prerequisites, installs the storage emulator and builds.
# usage: infra/local/setup.sh [PROJECT]    (default: infra/local/Local.csproj, which builds functions and trainer too)
# It can be run again at any time; completed steps are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en

main() {
  trap 'exit 130' INT
  lock
  check_prerequisites
  check_libstdcxx
  install_emulator
  build "${1:-infra/local/Local.csproj}"
}

say() { printf '[setup] %s\n' "$*" >&2; }
fail() { printf '[setup] %s\n' "$@" >&2; exit 1; }

# Two builds at the same time would overwrite each other's files. The commands below close descriptor 9, because the
# build servers that they start would keep the lock.
lock() {
  mkdir -p artifacts
  exec 9>artifacts/setup.lock
  flock 9
}

# Reports all missing prerequisites at once, one sentence each.
check_prerequisites() {
  local missing=()
  [[ "$(uname -sm)" == "Linux x86_64" ]] ||
    missing+=("This is $(uname -sm): the model's native library runs on x64 Linux only (on Windows, use WSL 2).")
  dotnet --list-sdks 2>/dev/null | grep -q '^10\.' ||
    missing+=("The .NET 10 SDK is missing: install it from https://dotnet.microsoft.com/download/dotnet/10.0.")
  [[ "$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ]] 2>/dev/null ||
    missing+=("Node.js 20 or later is missing (the storage emulator runs on it): install it from https://nodejs.org.")
  command -v npm >/dev/null ||
    missing+=("npm is missing (it installs the storage emulator): it comes with Node.js from https://nodejs.org.")
  ((${#missing[@]} == 0)) || fail "${missing[@]}"
}

libstdcxx_is_new_enough() {
  local library
  library="$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p)"
  library="$(awk '/libstdc\+\+\.so\.6 .*x86-64/ { print $NF; exit }' <<<"$library")"
  [[ -n "$library" ]] && grep -qa 'GLIBCXX_3\.4\.32' "$library"
}

# TorchSharp's native library needs the C++ runtime of GCC 13. Debian 12 has an older one; that of Debian 13 works there.
check_libstdcxx() {
  libstdcxx_is_new_enough && return
  local missing="libstdc++ with GLIBCXX_3.4.32 (GCC 13) is missing"
  grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release ||
    fail "$missing: use Ubuntu 24.04, Debian 13 or later, or install a newer libstdc++6."
  ((EUID == 0)) ||
    fail "$missing: run this script once as root to install libstdc++6 of Debian 13 on this Debian 12."
  add_trixie
  run "Installing libstdc++6 of Debian 13 (this Debian 12 has an older one)" \
    "$missing, and apt could not install it from the suite trixie:" install_libstdcxx
  libstdcxx_is_new_enough || fail "$missing, although apt installed libstdc++6: another one comes first in ldconfig -p."
}

install_libstdcxx() {
  # The update may fail because of another apt source; the installation shows whether the added source was read.
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -t trixie libstdc++6
}

# Adds the suite trixie from the mirror of this machine's bookworm, pinned so low that no other package is installed from it.
add_trixie() {
  local source
  source="$(debian_source)"
  [[ -n "$source" ]] || fail "No apt source for the suite bookworm was found in /etc/apt: add one for trixie and run this again."
  cat >/etc/apt/sources.list.d/serverless-trixie.sources <<SOURCE
Types: deb
URIs: $source
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
  printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' >/etc/apt/preferences.d/serverless-trixie
}

# The URL of the machine's bookworm source, from either of apt's two formats.
debian_source() {
  shopt -s nullglob
  awk '
    FNR == 1 { uri = "" }
    /^[[:space:]]*#/ { next }
    /^URIs:/ { uri = $2 }
    /^Suites:/ { for (i = 2; i <= NF; i++) if ($i == "bookworm" && uri != "") { print uri; exit } }
    /^[[:space:]]*$/ { uri = "" }
    $1 == "deb" { for (i = 2; i < NF; i++) if ($(i + 1) == "bookworm") { print $i; exit } }
  ' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list $([[ -f /etc/apt/sources.list ]] && echo /etc/apt/sources.list)
}

install_emulator() {
  local folder=infra/local/emulator
  # npm writes this file last, so it is newer than the lock file only after a complete installation.
  [[ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]] && return
  run "Installing the storage emulator (Azurite)" "The storage emulator could not be installed:" \
    npm ci --prefix $folder --ignore-scripts --no-audit --no-fund --loglevel=error
}

build() {
  # The stamp has the time at which the build started: a source that is saved during the build is newer.
  touch artifacts/setup.started
  run "Restoring packages and building" "The build failed:" dotnet build "$1" -c Release -v minimal
  mv artifacts/setup.started artifacts/setup.stamp
}

# run WHAT FAILURE COMMAND…: runs a command and shows its output only if it fails.
# On a terminal it shows a spinner meanwhile, elsewhere one plain line.
run() {
  local what="$1" failure="$2" log spinner="" outcome=0
  shift 2
  log="$(mktemp)"
  if [[ -t 2 ]]; then
    spin "$what" "$log" 9>&- &
    spinner=$!
  else
    say "$what"
  fi
  trap "stop_spinner $spinner; rm -f '$log'" EXIT
  "$@" >"$log" 2>&1 </dev/null 9>&- || outcome=$?
  stop_spinner $spinner
  ((outcome == 0)) || fail "$failure" "$(<"$log")"
  rm -f "$log"
  trap - EXIT
}

spin() {
  local frames='|/-\' step start=$SECONDS
  for ((step = 0; ; step++)); do
    kill -0 $$ 2>/dev/null || exit 0
    printf '\r[setup] %s %s: %d s%s\e[K' "${frames:step % 4:1}" "$1" $((SECONDS - start)) "$(last_step "$2")" >&2
    sleep 0.5
  done
}

stop_spinner() {
  (($# > 0)) || return 0
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  printf '\r\e[K' >&2
}

# The project that MSBuild restored or built last.
last_step() {
  sed -nE 's|^ *Restored .*/(.*)\.csproj.*|, \1 restored|p; s|^ *([A-Za-z.]+) -> .*|, \1 built|p' "$1" | tail -n 1
}

main "$@"
