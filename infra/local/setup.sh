#!/usr/bin/env bash
# Makes a fresh machine ready: checks what must be there, fetches what the repository pins, builds.
# Run it as often as you like; what is done already is not done again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

main() {
  check_prerequisites
  mend_libstdcxx
  install_emulator
  build
}

say() { printf '[setup] %s\n' "$*"; }
fail() { printf '[setup] %s\n' "$@" >&2; exit 1; }

# Every missing thing is named at once, one sentence each.
check_prerequisites() {
  local missing=()
  [[ "$(uname -sm)" == "Linux x86_64" ]] ||
    missing+=("This is $(uname -sm): the model's native library runs on x64 Linux only (on Windows use WSL 2).")
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

# TorchSharp's native library needs the C++ runtime of GCC 13; Debian 12 has an older one, Debian 13's serves both.
mend_libstdcxx() {
  libstdcxx_is_new_enough && return
  local advice="libstdc++ with GLIBCXX_3.4.32 (GCC 13) is missing"
  grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release ||
    fail "$advice: use Ubuntu 24.04, Debian 13 or later, or install a newer libstdc++6."
  ((EUID == 0)) ||
    fail "$advice: run this script once as root, which installs libstdc++6 of Debian 13 on this Debian 12."
  say "installing libstdc++6 of Debian 13 (this Debian 12 has an older one)"
  add_trixie
  # A broken third-party source makes the update complain; whether ours was read, the install tells.
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -t trixie libstdc++6 >/dev/null ||
    fail "$advice, and apt could not install it from the suite trixie: see its message above."
  libstdcxx_is_new_enough || fail "$advice, although apt installed libstdc++6: another one comes first in ldconfig -p."
}

# The suite trixie from where this machine gets bookworm, with a pin so low that nothing else is taken from it.
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

# The address of the machine's own bookworm source, from either of apt's two formats.
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
  # npm writes this file last, so it is newer than the lock file exactly when that was installed whole.
  [[ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]] && return
  say "installing the storage emulator (Azurite)"
  npm ci --prefix $folder --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
    fail "The storage emulator could not be installed: see npm's message above."
}

build() {
  local output
  say "building"
  output="$(dotnet build Serverless.sln -c Release -v quiet 2>&1)" || fail "The build failed:" "$output"
}

main
