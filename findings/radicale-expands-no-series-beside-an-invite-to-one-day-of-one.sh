#!/usr/bin/env bash
# Radicale takes an invite to one day of a series, and answers 400 to every expanding query of that calendar from then on,
# whatever its range.
#
# Package:  Radicale 3.9.0 (PyPI). Seen on 2026-11-30.
# Guess:    An event that has a RECURRENCE-ID and no master is an event on its day; a query of another month doesn't even
#           look at it.
# Happens:  The query for August answers 207 with its three days; once a resource for 10 September with RECURRENCE-ID is
#           there (PUT: 201), the same query answers 400 Bad Request. Without <expand>, it still answers 207.
# Source:   RFC 4791, 4.1: a resource may have just overridden instances, with a RECURRENCE-ID, without the master (a guest
#           of one day is sent no more than that); 9.6.5: servers expand.
# Means:    One guest of one day makes the calendar's view fail for the client that expands on the server. Send single
#           interviews as events of their own, without RECURRENCE-ID.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check radicale==3.9.0 vobject==0.9.9 python-dateutil==4.0.0

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

def event(*lines):
    return calendar("BEGIN:VEVENT", "DTSTAMP:20260601T000000Z", "DURATION:PT1H", *lines, "END:VEVENT")


def days(expand):
    span = 'start="20260801T000000Z" end="20260901T000000Z"'
    data = f"<C:calendar-data><C:expand {span}/></C:calendar-data>" if expand else "<C:calendar-data/>"
    inside = f'<C:comp-filter name="VEVENT"><C:time-range {span}/></C:comp-filter>'
    query = f"""<?xml version="1.0"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>{data}</D:prop>
<C:filter><C:comp-filter name="VCALENDAR">{inside}</C:comp-filter></C:filter></C:calendar-query>"""
    status, _, text = ask("REPORT", "", query, Content_Type="application/xml", Depth="1")
    return status, text.count("BEGIN:VEVENT")


ask("MKCALENDAR", "")
series = event("UID:1@example.org", "DTSTART:20260801T100000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
print("PUT series", ask("PUT", "1.ics", series, Content_Type="text/calendar")[0])
print("August, expanded: status and events", *days(expand=True))
one = event("UID:2@example.org", "RECURRENCE-ID:20260908T100000Z", "DTSTART:20260910T150000Z")
print("PUT one day of another series", ask("PUT", "2.ics", one, Content_Type="text/calendar")[0])
print("August, expanded: status and events", *days(expand=True))
print("August, as it is: status and events", *days(expand=False))
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PUT series 201
August, expanded: status and events 207 3
PUT one day of another series 201
August, expanded: status and events 400 0
August, as it is: status and events 207 1
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: Radicale expands beside such an event." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: one instance without its master, and nothing is expanded any more."
