#!/usr/bin/env bash
# What the action does: regressions, a search in simulation, one real run; each that is asked for, whatever the one before found. Its exit
# code is the worst: a violation before a crash or a wrong word before unknown. Words are split at spaces and given on as they are.
set -uo pipefail

store=${MINOS_ACTION_STORE:-store}
mkdir -p "$store"
read -ra minos <<<"${MINOS_ACTION_COMMAND:-npx --no-install minos}"
read -ra hunt_words <<<"${MINOS_ACTION_HUNT:-}"
read -ra run_words <<<"${MINOS_ACTION_RUN:-}"
worst=0

# 1 (violation) > 255, 254 and anything unheard of (crash) > 2 (unknown) > 0
rank() {
  case $1 in
    0) echo 0 ;;
    2) echo 1 ;;
    1) echo 3 ;;
    *) echo 2 ;;
  esac
}

note() {
  if [ "$(rank "$1")" -gt "$(rank "$worst")" ]; then worst=$1; fi
}

# What a system answered must begin no command of GitHub's, and end no block of the summary: commands are stopped, and the text is indented.
perform() {
  local title=$1 code=0 token
  shift
  token=minos-$RANDOM$RANDOM$RANDOM
  echo "::group::minos $title"
  echo "::stop-commands::$token"
  "${minos[@]}" "$@" --store "$store" | tee "$store/$title.txt" || code=${PIPESTATUS[0]}
  echo "::$token::"
  echo "::endgroup::"
  note "$code"
  if [ "$code" -ne 0 ]; then echo "::error title=minos $title::exit code $code; see the job's summary and the folder $store"; fi
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    { printf '### minos %s: exit code %s\n\n' "$title" "$code"; head -n 40 "$store/$title.txt" | sed 's/^/    /'; echo; } >>"$GITHUB_STEP_SUMMARY"
  fi
}

if [ -n "${MINOS_ACTION_REGRESSIONS:-}" ]; then
  "${minos[@]}" ci --regressions "$MINOS_ACTION_REGRESSIONS" --budget "${MINOS_ACTION_BUDGET:-2m}" \
    --junit "$store/minos.junit.xml" --sarif "$store/minos.sarif" --store "$store"
  note $?
fi
if [ ${#hunt_words[@]} -gt 0 ]; then perform hunt hunt "${hunt_words[@]}"; fi
if [ ${#run_words[@]} -gt 0 ]; then perform run run "${run_words[@]}"; fi

if [ -n "${GITHUB_OUTPUT:-}" ]; then
  { echo "exit-code=$worst"; echo "junit=$store/minos.junit.xml"; echo "sarif=$store/minos.sarif"; } >>"$GITHUB_OUTPUT"
fi
exit "$worst"
