#!/usr/bin/env bash
# Install the Debian packages that a set of commands needs: `build` (to build and run) or `test` (on top, for the tests).
# Does nothing when all are there. Without root it names what is missing and stops.
set -eu

case ${1:-} in
  build) packages="build-essential ca-certificates python3-venv" ;;
  test) packages="chromium fonts-liberation firefox-esr postgresql redis-server" ;;
  *) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

# Palaver also builds on other systems; there the names differ and the owner of the machine knows them.
command -v dpkg-query >/dev/null || exit 0

# A Python outside Debian's packages (pyenv, for one) brings its own venv.
if python3 -c 'import ensurepip, venv' 2>/dev/null; then packages=${packages/python3-venv/}; fi

missing=""
for package in $packages; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These Debian packages are missing; install them with: sudo apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
echo "· Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
# The tests start their own PostgreSQL on a free port, so the package need not make a cluster of its own.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; }
