#!/usr/bin/env bash
# xandikos finds a moved instance of a series on its new day for the first six queries, and from the seventh on, by its
# index, on its old day.
#
# Package:  xandikos 0.4.10 (PyPI). Seen on 2026-11-30.
# Guess:    The same query of the same calendar has the same answer, the first time and the seventh, and finds a moved
#           instance where it is now.
# Happens:  The second day of a weekly series is moved from 8 to 10 August. Queries one to six find it on the 10th and not
#           on the 8th; after that it's the other way round, for good.
# Source:   RFC 4791, 9.9: the time range is compared with the DTSTART and DTEND of each instance as overridden; an index is
#           there to be faster, not to answer otherwise.
# Means:    A check made once passes; in use, the day after a move looks free, and the day before it taken. Whoever asks
#           such a server for somebody's day should read free/busy, or the whole series.
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


def found(day):
    inside = f'<C:comp-filter name="VEVENT"><C:time-range start="{day}T000000Z" end="{day}T235959Z"/></C:comp-filter>'
    query = f"""<?xml version="1.0"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR">{inside}</C:comp-filter></C:filter></C:calendar-query>"""
    return "1.ics" in ask("REPORT", "", query, Content_Type="application/xml", Depth="1")[2]


event = ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260601T000000Z", "DURATION:PT1H"]
series = [*event, "DTSTART:20260801T100000Z", "RRULE:FREQ=WEEKLY;COUNT=3", "END:VEVENT"]
moved = [*event, "RECURRENCE-ID:20260808T100000Z", "DTSTART:20260810T150000Z", "END:VEVENT"]
print("PUT", ask("PUT", "1.ics", calendar(*series, *moved), Content_Type="text/calendar")[0])
for query in range(1, 11, 2):
    print(f"queries {query} and {query + 1}: on its old day {found('20260808')}, on its new day {found('20260810')}")
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PUT 201
queries 1 and 2: on its old day False, on its new day True
queries 3 and 4: on its old day False, on its new day True
queries 5 and 6: on its old day False, on its new day True
queries 7 and 8: on its old day True, on its new day False
queries 9 and 10: on its old day True, on its new day False
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: xandikos answers the seventh query as the first." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: after six queries the old day has the interview, and the new one has nothing."
