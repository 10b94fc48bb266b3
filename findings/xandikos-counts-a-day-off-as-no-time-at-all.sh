#!/usr/bin/env bash
# xandikos reports an all-day event without DTEND as busy for P0D, no time at all.
#
# Package:  xandikos 0.4.10 (PyPI). Seen on 2026-11-30.
# Guess:    An event with DTSTART;VALUE=DATE and no end takes its one day: the free/busy period is of 24 hours.
# Happens:  FREEBUSY:20260915T000000Z/P0D. The same event with DTEND on the next day is busy from midnight to midnight.
# Source:   RFC 5545, 3.6.1: a VEVENT with a DATE as DTSTART and neither DTEND nor DURATION ends at the end of that day. RFC
#           4791, 9.9, says the same of queries.
# Means:    Schedulers that look for a free hour by free/busy book into such a day off. Write an explicit DTEND with all-day
#           events.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check xandikos==0.4.10 icalendar==7.3.2 python-dateutil==4.0.0

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
Path("kept").mkdir()
server = subprocess.Popen(
    [str(Path(sys.executable).parent / "xandikos"), "serve", "-d", "kept", "--defaults", "-l", "127.0.0.1", "-p", str(port)],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)

atexit.register(server.wait)
atexit.register(server.terminate)


def ask(method, path, body=None, **headers):
    """Status, headers and text of the answer."""
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, f"/user/calendars/calendar/{path}", body, sent)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", *lines, "END:VCALENDAR", ""])

event = ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260601T000000Z", "DTSTART;VALUE=DATE:20260915"]
query = """<?xml version="1.0"?>
<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">
<C:time-range start="20260901T000000Z" end="20261001T000000Z"/></C:free-busy-query>"""
for end in ([], ["DTEND;VALUE=DATE:20260916"]):
    put = ask("PUT", "1.ics", calendar(*event, *end, "END:VEVENT"), Content_Type="text/calendar")[0]
    text = ask("REPORT", "", query, Content_Type="application/xml", Depth="1")[2]
    print(end or "no end", put, [line for line in text.splitlines() if line.startswith("FREEBUSY")])
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
no end 201 ['FREEBUSY;VALUE=PERIOD:20260915T000000Z/P0D']
['DTEND;VALUE=DATE:20260916'] 204 ['FREEBUSY;VALUE=PERIOD:20260915T000000Z/20260916T000000Z']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: xandikos gives the day its 24 hours." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: a day off is busy for no time."
