# Which Go builds Toxiproxy: the newest on the machine, not the first on PATH. Sourced by prepare.sh and by its test.
# Defines functions only.

# Version of one go binary, e.g. "1.26.8"; nothing when it does not run. GOTOOLCHAIN=local: the version of this very binary,
# not of one it would fetch.
go_version_of() {
  GOTOOLCHAIN=local "$1" version 2>/dev/null | sed -n 's/^go version go\([0-9][0-9.]*\).*$/\1/p' | head -n 1
}

# Every go binary found, one a line. GO_SEARCH replaces the usual places (for the test).
go_candidates() {
  local IFS=':' directory
  for directory in $PATH; do
    [ -n "$directory" ] && [ -x "$directory/go" ] && printf '%s\n' "$directory/go"
  done
  unset IFS
  if [ -n "${GO_SEARCH+set}" ]; then
    for directory in $GO_SEARCH; do
      [ -x "$directory" ] && [ ! -d "$directory" ] && printf '%s\n' "$directory"
    done
    return 0
  fi
  for directory in /usr/local/go*/bin/go "$HOME"/go/bin/go1* "$HOME"/sdk/go*/bin/go /usr/lib/go-*/bin/go; do
    [ -x "$directory" ] && printf '%s\n' "$directory"
  done
  return 0
}

# Prints "<version> <path>" of the newest Go found, whatever its age; fails when there is none.
newest_go() {
  local candidate version
  go_candidates | while IFS= read -r candidate; do
    version=$(go_version_of "$candidate")
    [ -n "$version" ] && printf '%s %s\n' "$version" "$candidate"
  done | sort -s -t ' ' -k 1,1V | tail -n 1 | grep .
}

# version_at_least 1.26.8 1.23
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Prints the path of the newest Go of at least the given version. Else says on standard error what was found, and fails.
choose_go() {
  local wanted=$1 found version path
  if ! found=$(newest_go); then
    echo "Toxiproxy needs Go >= $wanted to build, and no Go was found. Install one from https://go.dev/dl." >&2
    return 1
  fi
  version=${found%% *}
  path=${found#* }
  if ! version_at_least "$version" "$wanted"; then
    echo "Toxiproxy needs Go >= $wanted to build; the newest found is $version ($path). Install a newer one from https://go.dev/dl." >&2
    return 1
  fi
  printf '%s\n' "$path"
}
