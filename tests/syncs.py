"""What the tests of syncs share: rows to sync, and errors as codes and paths."""

from typing import Any

from tests.people import codes_and_paths

LONG = "x" * 501


def faults(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """What a payload refuses: codes with their paths."""
    return codes_and_paths(payload["errors"])


def a_template(*fields: dict[str, Any], **others: Any) -> dict[str, Any]:
    score = {"type": "SCORE", "label": "Overall"}
    return {"externalId": "new", "name": "New", "fields": list(fields) or [score]} | others


SCORE = {"type": "SCORE", "label": "Overall"}
