#!/usr/bin/env bash
# Runs a command with a private PostgreSQL server on a free loopback port; the server ends with the command.
# The command finds it as KONG_SSO_TEST_POSTGRES=host:port (user postgres, no password).
set -euo pipefail
cd "$(dirname "$0")/.."

find_server() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

bin=$(find_server)
if [ -z "$bin" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    bin=$(find_server)
  fi
  [ -n "$bin" ] || { echo "make test needs the PostgreSQL server: install the package 'postgresql'" >&2; exit 1; }
fi

# The server refuses to run as root: there it runs as the package's own user.
as_server() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

mkdir -p target
data=$(mktemp -d "$PWD/target/postgres.XXXXXX")
[ "$(id -u)" != 0 ] || chown postgres "$data"
# A clone below a closed directory cannot be reached by that user; the system's temporary directory can.
if ! as_server test -w "$data" 2>/dev/null; then
  rmdir "$data"
  data=$(mktemp -d)
  [ "$(id -u)" != 0 ] || chown postgres "$data"
fi

stop() { as_server "$bin/pg_ctl" -D "$data/db" -m immediate -s stop >/dev/null 2>&1 || true; rm -rf "$data"; }
trap stop EXIT

cd "$data"
as_server "$bin/initdb" -D "$data/db" -U postgres -A trust -E UTF8 --no-sync >/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo $((20000 + RANDOM)))
as_server "$bin/pg_ctl" -D "$data/db" -w -s -l "$data/log" -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start \
  || { cat "$data/log" >&2; exit 1; }
cd "$OLDPWD"
KONG_SSO_TEST_POSTGRES=127.0.0.1:$port "$@"
