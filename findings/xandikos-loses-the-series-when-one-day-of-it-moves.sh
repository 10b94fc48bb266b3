#!/usr/bin/env bash
# xandikos replaces a series by the one day that was moved: the other days are gone from the guest's calendar.
#
# Package:  xandikos 0.4.10 (PyPI), its import-imip. Seen on 2026-11-30.
# Guess:    A REQUEST with a RECURRENCE-ID adds to the series, or replaces in it, that one day.
# Happens:  The calendar's file has only the moved day afterwards; the VEVENT with the RRULE is gone.
# Source:   RFC 5546, 3.2.2: a REQUEST may be for one or more instances of a recurring event; 3.2.2.1 (rescheduling) tells
#           of changing only those. RFC 4791, 4.1: all of one UID is one resource.
# Means:    A guest of a weekly slot loses all of it by one change. Send all VEVENTs of the UID with every change, or no
#           series at all.
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


def send(*lines):
    who = ["ORGANIZER:mailto:rita@example.org", "ATTENDEE:mailto:ivo@example.org"]
    deliver("REQUEST", "BEGIN:VEVENT", "UID:1@example.org", *lines, "DURATION:PT1H", *who, "END:VEVENT")
    print(kept("RRULE", "RECURRENCE-ID", "DTSTART"))


send("DTSTAMP:20260601T000000Z", "DTSTART:20260701T100000Z", "RRULE:FREQ=DAILY;COUNT=3")
send("DTSTAMP:20260602T000000Z", "SEQUENCE:1", "RECURRENCE-ID:20260702T100000Z", "DTSTART:20260702T150000Z")
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
['DTSTART:20260701T100000Z', 'RRULE:FREQ=DAILY;COUNT=3']
['DTSTART:20260702T150000Z', 'RECURRENCE-ID:20260702T100000Z']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: xandikos keeps the series beside the moved day." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: the moved day is all that is left."
