#!/usr/bin/env bash
# vdirsyncer's `http` storage names events by their content, not by their UID: of two that read alike one is lost.
#
# Packages: vdirsyncer==0.20.0 (Python 3.11, Linux)
# Date: 2026-11-30
# One would guess: a calendar that is subscribed to is copied event by event, each known by its UID (RFC 5545, 3.8.4.7),
#   which is what tells two events apart.
# What happens: each event gets a hash of what it says for its UID, and UID and DTSTAMP are left out of the hash. Two
#   interviews at one time with one summary, such as two candidates' "Phone screen" in two panels, become one event; and
#   one that is moved is another event with another UID.
# Why the guess is a good one: the `filesystem` and `caldav` storages of the same program keep UIDs.
# What it means for who serves calendars: an invite and the same event in a feed are never one event in such a copy, and
#   texts have to differ (the candidate's name, an own link) so that none is lost.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check vdirsyncer==0.20.0

mkdir served local
event() { printf 'BEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20261130T120000Z\r\nDTSTART:20261208T150000Z\r\nDTEND:20261208T160000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\n' "$1" "$2"; }
{
  printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//feed//EN\r\n'
  event one@example.com 'Phone screen'
  event two@example.com 'Phone screen'
  event three@example.com 'Values'
  printf 'END:VCALENDAR\r\n'
} >served/feed.ics
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 -m http.server "$port" --bind 127.0.0.1 --directory served >/dev/null 2>&1 &
server=$!
for _ in $(seq 50); do python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null && break; sleep 0.1; done

cat >config <<END
[general]
status_path = "$dir/status/"
[pair feed]
a = "local"
b = "remote"
collections = null
conflict_resolution = "b wins"
[storage local]
type = "filesystem"
path = "$dir/local/"
fileext = ".ics"
[storage remote]
type = "http"
url = "http://127.0.0.1:$port/feed.ics"
END
export VDIRSYNCER_CONFIG=$dir/config
yes 2>/dev/null | venv/bin/vdirsyncer discover >/dev/null 2>&1 || true
venv/bin/vdirsyncer sync >sync.log 2>&1 || { cat sync.log; exit 1; }

served=$(grep -c '^UID:' served/feed.ics)
kept=$(cat local/*.ics | grep -c '^UID:')
theirs=$(cat local/*.ics | grep -cE '^UID:(one|two|three)@example.com' || true)
echo "events served: $served; kept: $kept; with the UID they were served with: $theirs"
test "$served $kept $theirs" = '3 2 0'
