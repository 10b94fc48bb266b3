#!/usr/bin/env bash
# Radicale sends an ETag with a feed and an event, and then ignores If-None-Match on a GET: it never answers 304.
#
# Package:  Radicale 3.9.0 (PyPI). Seen on 2026-11-30.
# Guess:    Who polls the feed with If-None-Match and its ETag gets 304 Not Modified and no body, as long as nothing
#           changed.
# Happens:  200, with the whole calendar, each time. On a PUT, If-None-Match: * is heeded (412).
# Source:   RFC 9110, 13.1.2: if the condition is false, the method MUST NOT be performed; the answer to a GET or HEAD is
#           304.
# Means:    A webcal subscription that polls costs the whole feed each time. Poll with PROPFIND getctag or sync-collection,
#           or put a cache in front that compares the ETags.
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
event = ["BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20260601T000000Z", "DTSTART:20260701T120000Z", "END:VEVENT"]
print("PUT", ask("PUT", "1.ics", calendar(*event), Content_Type="text/calendar")[0])
for path in ("1.ics", ""):
    _, headers, first = ask("GET", path)
    status, again, second = ask("GET", path, If_None_Match=headers["ETag"])
    print("GET", path or "the feed", status, "- same ETag:", again["ETag"] == headers["ETag"], "- sent again:", second == first)
print("PUT with If-None-Match: *", ask("PUT", "1.ics", calendar(*event), Content_Type="text/calendar", If_None_Match="*")[0])
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
PUT 201
GET 1.ics 200 - same ETag: True - sent again: True
GET the feed 200 - same ETag: True - sent again: True
PUT with If-None-Match: * 412
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: Radicale answers 304." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the same ETag, and all of it sent again."
