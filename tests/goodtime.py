"""What the tests of the simulated scheduler share."""

from datetime import UTC
from typing import Any

from simulator.lives import Panel


def shown(panel: Panel) -> dict[str, Any]:
    """The panel as a server shows it that has it right."""
    cancellation = {"origin": "SCHEDULER"} if panel.canceled else None
    status = "CANCELED" if panel.canceled else "TENTATIVE" if panel.tentative else "SCHEDULED"
    interviews = [
        {
            "externalId": event.external_id,
            "subject": event.subject,
            "startsAt": event.starts_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "durationMinutes": event.minutes,
            "location": event.location,
            "meetingUrl": event.meeting_url,
            "cancellation": None,
            "interviewers": [
                {"user": {"email": seat.person.email}, "feedbackForm": {"status": "PENDING"} if seat.template else None}
                for seat in event.seats
            ],
        }
        for event in panel.events
    ]
    return {
        "sequence": panel.sequence,
        "timezone": panel.timezone,
        "status": status,
        "cancellation": cancellation,
        "interviews": interviews,
    }
