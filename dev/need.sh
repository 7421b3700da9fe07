#!/usr/bin/env bash
# Makes sure that programs are there. As root on a Debian system it installs the packages of those names; elsewhere it
# says what to install.
set -euo pipefail

missing=()
for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing ${missing[*]} ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "this needs ${missing[*]}: install the packages of these names (for another Chromium or Chrome set CHROMIUM=/path/to/it)" >&2
  exit 1
fi
