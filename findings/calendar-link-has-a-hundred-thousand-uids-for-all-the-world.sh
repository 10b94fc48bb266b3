#!/usr/bin/env bash
# calendar-link gives an event a random number below 100,000 as its UID: of a thousand events some share theirs.
#
# Package:  calendar-link 2.11.5 (npm). Seen on 2026-11-30.
# Guess:    A UID is unique all over the world: a UUID, or one with the host's name.
# Happens:  Five digits at most. Two of some hundreds of events share a UID, and the calendar takes the second for a new
#           version of the first.
# Source:   RFC 5545, 3.8.4.7: the UID MUST be globally unique; RFC 7986, 5.3, recommends a UUID.
# Means:    Download links to interviews overwrite each other in somebody's calendar. Make the UID yourself, from the
#           interview's id.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts calendar-link@2.11.5 >&2

cat > "$dir/look.mjs" <<'NODE'
import { ics } from "calendar-link";

const uids = Array.from({ length: 2000 }, (_, count) => {
  const link = ics({ title: `Interview ${count}`, start: "2026-07-01 12:00:00 +0000", duration: [1, "hour"] });
  return /UID:(.*)/.exec(decodeURIComponent(link))[1];
});
console.log("all of five digits or fewer:", uids.every((uid) => /^\d{1,5}$/.test(uid.trim())));
console.log("all different:", new Set(uids).size === uids.length);
NODE

seen=$(cd "$dir" && TZ=UTC node look.mjs)
expected=$(cat <<'EXPECTED'
all of five digits or fewer: true
all different: false
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: calendar-link makes longer UIDs, or they no longer collide." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: among two thousand events, UIDs collide."
