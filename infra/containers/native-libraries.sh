#!/bin/sh
# Installs or checks the system libraries that libtorch needs: libgomp1, and libstdc++ with GLIBCXX_3.4.32 (GCC 13).
#   native-libraries.sh install   as root, while an image is built
#   native-libraries.sh check     fails with a message if libstdc++ is too old
set -eu

symbol=GLIBCXX_3.4.32

library() {
  /sbin/ldconfig -p | awk '/libstdc\+\+\.so\.6 .*x86-64/ { print $NF; exit }'
}

check() {
  found="$(library)"
  if [ -z "$found" ] || ! grep -qa "$symbol" "$found"; then
    echo "libstdc++ (${found:-not found}) lacks $symbol: use a base image with GCC 13 or later, such as Ubuntu 24.04 or Debian 13." >&2
    exit 1
  fi
}

install() {
  apt-get update
  apt-get install -y --no-install-recommends libgomp1 libstdc++6
  # Debian 12 has an older libstdc++; that of Debian 13 works there. The pin keeps all other packages as they are.
  if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
    echo 'deb http://deb.debian.org/debian trixie main' >/etc/apt/sources.list.d/trixie.list
    printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' >/etc/apt/preferences.d/trixie
    apt-get update
    apt-get install -y --no-install-recommends -t trixie libstdc++6
  fi
  rm -rf /var/lib/apt/lists/*
}

case "${1:-}" in
  install) install && check ;;
  check) check ;;
  *) echo "usage: $0 install|check" >&2; exit 2 ;;
esac
