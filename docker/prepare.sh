#!/usr/bin/env bash
# Makes a Debian machine fit for Minos: a Docker engine that answers, the real Toxiproxy, ss for its byte counters, libfaketime.
# Run it as often as you like: it changes nothing that is there already, and says what it did.
#
#   bash docker/prepare.sh [--browser] [--etcd] [--bin-dir DIRECTORY]
#
#   --browser   also Chromium, for the tests of the report
#   --etcd      also etcd, for the comparison in bench/
#   --bin-dir   where toxiproxy-server goes (default: ~/.local/bin)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=docker/choose-go.sh
. "$here/choose-go.sh"

toxiproxy_version=v2.12.0
go_wanted=1.23
bin_dir=$HOME/.local/bin
browser=no
etcd=no
while [ $# -gt 0 ]; do
  case $1 in
    --browser) browser=yes ;;
    --etcd) etcd=yes ;;
    --bin-dir)
      [ $# -ge 2 ] || { echo "prepare: --bin-dir needs a directory" >&2; exit 254; }
      bin_dir=$2
      shift
      ;;
    *) echo "prepare: unknown option \"$1\"" >&2; exit 254 ;;
  esac
  shift
done

say() { echo "prepare: $*"; }
fail() { echo "prepare: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else fail "\"$*\" needs root, and there is no sudo"
  fi
}

# Runs quietly; on failure shows the end of what was said.
quietly() {
  if ! "$@" >"$work/output" 2>&1; then
    tail -n 20 "$work/output" >&2
    fail "failed: $*"
  fi
}

apt_updated=no
install_packages() {
  have apt-get || fail "this machine has no apt-get; install these yourself: $*"
  if [ "$apt_updated" = no ]; then
    quietly as_root apt-get -q update
    apt_updated=yes
  fi
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$@"
  say "installed $*"
}

# The engine's version, or nothing. The API is asked, since a Docker client may be missing or older.
engine_version() {
  if have docker; then timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null || true; fi
}

wait_for_engine() {
  local waited=0
  while [ "$waited" -lt 60 ]; do
    [ -n "$(engine_version)" ] && return 0
    sleep 0.5
    waited=$((waited + 1))
  done
  return 1
}

start_engine() {
  if [ -d /run/systemd/system ] && have systemctl; then
    quietly as_root systemctl start docker
    wait_for_engine || fail "systemd started Docker, but the engine does not answer; see: journalctl -u docker"
    say "started Docker by systemd"
    return
  fi
  local log=/var/log/minos-dockerd.log
  # A bare init may leave this to us.
  grep -q '^cgroup' /proc/mounts || as_root mount -t cgroup2 cgroup2 /sys/fs/cgroup || true
  as_root sh -c "nohup setsid dockerd >>'$log' 2>&1 </dev/null &"
  if ! wait_for_engine; then
    as_root tail -n 20 "$log" >&2 || true
    fail "dockerd was started, but does not answer within 30 s; its log: $log"
  fi
  say "started dockerd by hand (no service manager runs here); its log: $log"
}

prepare_engine() {
  [ -n "$(engine_version)" ] && return
  if [ -n "${DOCKER_HOST:-}" ]; then
    have docker || install_packages docker.io
    [ -n "$(engine_version)" ] || fail "DOCKER_HOST is set to $DOCKER_HOST, and no engine answers there"
    return
  fi
  if ! have dockerd || ! have docker; then
    install_packages docker.io iptables
    # From Debian 13 on the client is a package of its own.
    have docker || install_packages docker-cli
  elif ! have iptables; then
    install_packages iptables
  fi
  if [ -z "$(engine_version)" ]; then start_engine; fi
}

prepare_toxiproxy() {
  local present=""
  for present in "$bin_dir/toxiproxy-server" "$(command -v toxiproxy-server || true)"; do
    [ -x "$present" ] || continue
    # `go install` leaves no version in the binary but its build information, which only a Go can read; the server says
    # "toxiproxy-server version git" then. Its being there is what counts.
    if [ "$present" != "$bin_dir/toxiproxy-server" ]; then
      mkdir -p "$bin_dir"
      ln -sf "$present" "$bin_dir/toxiproxy-server"
      say "linked $bin_dir/toxiproxy-server to $present"
    fi
    return
  done
  local go
  go=$(choose_go "$go_wanted") || exit 1
  mkdir -p "$bin_dir"
  # The command's folder is called "server", and so would the binary be: built apart, then moved under its own name.
  quietly env GOBIN="$work/bin" "$go" install "github.com/Shopify/toxiproxy/v2/cmd/server@$toxiproxy_version"
  mv "$work/bin/server" "$bin_dir/toxiproxy-server"
  say "built Toxiproxy $toxiproxy_version with $go ($(go_version_of "$go")) as $bin_dir/toxiproxy-server"
}

prepare_engine
have ss || install_packages iproute2
# For faults of clocks in local nodes; nothing else needs it.
if ! ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1; then install_packages libfaketime; fi
if [ "$browser" = yes ] && ! have chromium && ! have chromium-browser && ! have google-chrome; then
  install_packages chromium
fi
if [ "$etcd" = yes ] && ! have etcd; then install_packages etcd-server; fi
prepare_toxiproxy

say "ready: Docker engine $(engine_version), Toxiproxy at $bin_dir/toxiproxy-server"
case ":$PATH:" in
  *":$bin_dir:"*) ;;
  *) say "$bin_dir is not on PATH; for this shell: export PATH=\"$bin_dir:\$PATH\"" ;;
esac
