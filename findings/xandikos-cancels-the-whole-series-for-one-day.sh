#!/usr/bin/env bash
# xandikos takes the CANCEL of one day of a series for the end of all of it.
#
# Package:  xandikos 0.4.10 (PyPI), its import-imip. Seen on 2026-11-30.
# Guess:    A CANCEL with a RECURRENCE-ID takes off that one day: an EXDATE, or an instance with STATUS:CANCELLED, while the
#           series goes on.
# Happens:  The series itself gets STATUS:CANCELLED, and there is nothing about the day that was meant.
# Source:   RFC 5546, 3.2.5: a CANCEL with RECURRENCE-ID cancels that instance only (and with RANGE, those after it).
# Means:    Whoever uses series sends one such guest home for good. Make every interview an event of its own UID.
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


def send(method, *lines):
    who = ["ORGANIZER:mailto:rita@example.org", "ATTENDEE:mailto:ivo@example.org"]
    deliver(method, "BEGIN:VEVENT", "UID:1@example.org", *lines, *who, "END:VEVENT")
    print("after", method, kept("RRULE", "RECURRENCE-ID", "EXDATE", "STATUS", "DTSTART"))


send("REQUEST", "DTSTAMP:20260601T000000Z", "DTSTART:20260701T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
send("CANCEL", "DTSTAMP:20260602T000000Z", "SEQUENCE:1", "RECURRENCE-ID:20260702T100000Z", "STATUS:CANCELLED")
PYTHON

seen=$(cd "$dir" && TZ=UTC "$dir/venv/bin/python" look.py)
expected=$(cat <<'EXPECTED'
after REQUEST ['DTSTART:20260701T100000Z', 'RRULE:FREQ=DAILY;COUNT=3']
after CANCEL ['DTSTART:20260701T100000Z', 'RRULE:FREQ=DAILY;COUNT=3', 'STATUS:CANCELLED']
EXPECTED
)

printf '%s\n' "$seen"
if [ "$seen" != "$expected" ]; then
  echo "CHANGED: xandikos cancels the one day." >&2
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") >&2 || true
  exit 1
fi
echo "STILL SO: one day is cancelled, and all of them are."
