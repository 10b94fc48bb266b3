#!/usr/bin/env bash
# xandikos applies whatever invite comes in last: a REQUEST of SEQUENCE 1 that was late in the mail undoes the move of
# SEQUENCE 2.
#
# Package:  xandikos 0.4.10 (PyPI), its import-imip. Seen on 2026-11-30.
# Guess:    An invite with a lower SEQUENCE than the one in the calendar is old news, and is dropped.
# Happens:  After 2 and then 1, the calendar has the old time of 1 again.
# Source:   RFC 5546, 2.1.4 and 2.1.5: the SEQUENCE tells which revision is newer, whatever order messages arrive in; the
#           older one is ignored.
# Means:    Mail is not ordered: when two invites leave close together, such a guest may end at the old time. Wait until the
#           first is handed over before sending the next, and never repeat an old one.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv --without-pip "$dir/venv"
python3 -m pip --python "$dir/venv/bin/python" install -qq --no-compile --disable-pip-version-check xandikos==0.4.10 icalendar==7.3.2 python-dateutil==4.0.0

cat > "$dir/look.py" <<'PYTHON'
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

XANDIKOS = str(Path(sys.executable).parent / "xandikos")


def deliver(method, *lines):
    """Hands the invite to xandikos as a mail."""
    text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", f"METHOD:{method}", *lines, "END:VCALENDAR", ""])
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "rita@example.org", "ivo@example.org", "Interview"
    mail.set_content(text, subtype="calendar", params={"method": method})
    command = [XANDIKOS, "import-imip", "-d", "kept", "--autocreate"]
    subprocess.run(command, input=bytes(mail), check=True, capture_output=True)


def kept(*names):
    """What stands in the guest's calendar, of the properties with these names."""
    (file,) = Path("kept/user/calendars/calendar").glob("*.ics")
    lines = file.read_text().splitlines()
    return sorted(line for line in lines if line.startswith(names))


def request(sequence, start):
    who = ["ORGANIZER:mailto:rita@example.org", "ATTENDEE:mailto:ivo@example.org"]
    when = [f"DTSTAMP:2026060{sequence}T000000Z", f"SEQUENCE:{sequence}", f"DTSTART:{start}", "DURATION:PT1H"]
    deliver("REQUEST", "BEGIN:VEVENT", "UID:1@example.org", *when, *who, "END:VEVENT")
    print("after", sequence, kept("SEQUENCE", "DTSTART"))


request(1, "20260701T100000Z")
request(2, "20260702T150000Z")
request(1, "20260701T100000Z")
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
after 1 ['DTSTART:20260701T100000Z', 'SEQUENCE:1']
after 2 ['DTSTART:20260702T150000Z', 'SEQUENCE:2']
after 1 ['DTSTART:20260701T100000Z', 'SEQUENCE:1']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: xandikos drops the older invite." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the older invite wins by coming last."
