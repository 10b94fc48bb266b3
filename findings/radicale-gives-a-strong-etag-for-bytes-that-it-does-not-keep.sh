#!/usr/bin/env bash
# Radicale rewrites the event that it is given and answers the PUT with a strong ETag all the same, which says that the
# client has what it keeps.
#
# Package:  Radicale 3.9.0 (PyPI), with vobject 0.9.9. Seen on 2026-11-30.
# Guess:    A server that rewrites an event leaves out the ETag, so that the client knows to fetch it.
# Happens:  PUT answers 201 with an ETag, GET answers the same ETag with the lines in another order.
# Source:   RFC 4791, 5.3.4: where what is stored isn't equal to what was sent, octet by octet, a strong entity tag MUST NOT
#           be returned.
# Means:    A client that keeps what it sent under that ETag never sees the server's version. After a PUT, fetch the event,
#           and compare events by what they say.
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


ask("MKCALENDAR", "")
sent = calendar(
    "BEGIN:VEVENT", "SUMMARY:Interview", "UID:1@example.org", "DTSTAMP:20260601T000000Z", "DTSTART:20260701T120000Z",
    "DURATION:PT1H", "END:VEVENT",
)
status, put, _ = ask("PUT", "1.ics", sent, Content_Type="text/calendar")
_, got, text = ask("GET", "1.ics")
print("PUT", status, "ETag is strong:", re.fullmatch(r'"[^"]+"', put["ETag"]) is not None)
print("GET has the same ETag:", put["ETag"] == got["ETag"])
print("GET has the same bytes:", text == sent)
names = [[line.split(":")[0] for line in each.splitlines()[3:]] for each in (sent, text)]
print("sent:", *names[0])
print("kept:", *names[1])
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PUT 201 ETag is strong: True
GET has the same ETag: True
GET has the same bytes: False
sent: BEGIN SUMMARY UID DTSTAMP DTSTART DURATION END END
kept: BEGIN UID DTSTART DURATION DTSTAMP SUMMARY END END
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: Radicale keeps the bytes, or leaves out the ETag." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: one strong ETag, two texts."
