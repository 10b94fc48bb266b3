#!/usr/bin/env bash
# Radicale's feed of a collection keeps one VTIMEZONE for each TZID: of two invites, each with the zone of its own year, one
# comes out an hour off.
#
# Package:  Radicale 3.9.0 (PyPI), with vobject 0.9.9; icalendar 7.3.0 reads the feed. Seen on 2026-11-30.
# Guess:    What was put is what is read: each invite with the zone that it was sent with, or all of them merged so that
#           each stays right.
# Happens:  Two interviews, in July 2026 and in July 2027, each put with the two changes of clocks of its year under one
#           TZID. The feed has one of the two zones, and in it the other July is in winter time: an hour late.
# Source:   RFC 4791, 4.1: each resource has the VTIMEZONEs that it refers to. RFC 5545, 3.6.5: a VTIMEZONE need only cover
#           the times that the events of its own object have.
# Means:    An invite with a VTIMEZONE of one year is right by itself and wrong beside another. Give each TZID the same
#           rules in every invite, or send UTC.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check radicale==3.9.0 vobject==0.9.9 python-dateutil==4.0.0 icalendar==7.3.0

cat > "$dir/look.py" <<'PYTHON'
import atexit
import http.client
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
Path("config").write_text(
    f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n[storage]\nfilesystem_folder = {Path.cwd() / 'kept'}\n"
)
server = subprocess.Popen(
    [sys.executable, "-m", "radicale", "--config", "config"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)

atexit.register(server.wait)
atexit.register(server.terminate)


def ask(method, path, body=None, **headers):
    """Status, headers and text of the answer; the user is anyone, since nobody is checked here."""
    sent = {"Authorization": "Basic cml0YTpy"} | {name.replace("_", "-"): value for name, value in headers.items()}
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(method, f"/rita/work/{path}", body, sent)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", *lines, "END:VCALENDAR", ""])


def invite(year, summer, winter):
    """12:00 in July of that year; the zone has that year's two changes of clocks."""
    zone = ["BEGIN:VTIMEZONE", "TZID:Office"]
    begin = f"{year}0101T000000"
    for kind, onset, before, after in (
        ("STANDARD", begin, "+0100", "+0100"), ("DAYLIGHT", summer, "+0100", "+0200"), ("STANDARD", winter, "+0200", "+0100")
    ):
        zone += [f"BEGIN:{kind}", f"DTSTART:{onset}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", f"END:{kind}"]
    event = ["BEGIN:VEVENT", f"UID:{year}@example.org", "DTSTAMP:20251201T000000Z", f"DTSTART;TZID=Office:{year}0715T120000"]
    return calendar(*zone, "END:VTIMEZONE", *event, "DURATION:PT1H", "END:VEVENT")


from datetime import UTC

from icalendar import Calendar

ask("MKCALENDAR", "")
for year, body in (
    (2026, invite(2026, "20260329T020000", "20261025T030000")), (2027, invite(2027, "20270328T020000", "20271031T030000"))
):
    print("PUT", year, ask("PUT", f"{year}.ics", body, Content_Type="text/calendar")[0])
feed = Calendar.from_ical(ask("GET", "")[2])
print("zones:", len(feed.walk("VTIMEZONE")))
# Which of the two it is depends on the order of the files.
print(sorted(event.start.astimezone(UTC).strftime("12:00 in July is %H:%MZ") for event in feed.walk("VEVENT")))
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PUT 2026 201
PUT 2027 201
zones: 1
['12:00 in July is 10:00Z', '12:00 in July is 11:00Z']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: the feed keeps both zones, or merges them." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: one of the two Julys comes an hour late."
