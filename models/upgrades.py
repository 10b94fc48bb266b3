"""What rows need beside a migration: what fills them in, and keeps or makes right what earlier releases write.

Each stands under the migration that it belongs to. docs/operations.md says how an upgrade goes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from tortoise import fields
from tortoise.backends.base.client import BaseDBAsyncClient

import clock
from database import Repair, Stored, Trigger, bound_ids, for_dialect, repair_by_sql
from models.base import new_id
from models.directory import email_key


class RepairDue(Stored):
    """Says that processes of an earlier release may have written what only the next `migrate` mends."""

    # The migration that was applied beside them, or the newest that such a process knew when it started.
    id = fields.CharField(max_length=100, primary_key=True)
    since = fields.DatetimeField(default=clock.now)

    class Meta:
        table = "repair_due"


async def _find_email_keys(connection: BaseDBAsyncClient, after: str, upto: str) -> list[str]:
    """The candidates whose rows of `candidate_email` are not their emails, with those of their merged duplicates."""
    between = "{column} > $1 AND {column} <= $2"
    candidates = await connection.execute_query_dict(
        for_dialect(f"SELECT id, emails FROM candidate WHERE {between.format(column='id')}"), [after, upto]
    )
    stored = await _stored_keys(connection, between.format(column="candidate_id"), after, upto)
    wanted = _wanted_keys(candidates)
    if more := [id for id, keys in stored.items() if not keys <= wanted.get(id, set())]:
        wanted = _wanted_keys([*candidates, *await _duplicates_of(connection, more)])
    return [id for id, keys in wanted.items() if stored.get(id, set()) != keys]


async def _mend_email_keys(connection: BaseDBAsyncClient, ids: Sequence[str]) -> None:
    candidates = await connection.execute_query_dict(
        for_dialect("SELECT id, account_id, emails FROM candidate WHERE id {ids}"), [bound_ids(ids)]
    )
    wanted = _wanted_keys([*candidates, *await _duplicates_of(connection, ids)])
    stored = await _stored_keys(connection, "candidate_id {ids}", bound_ids(ids))
    delete = for_dialect("DELETE FROM candidate_email WHERE candidate_id = $1 AND email = $2")
    insert = for_dialect(
        "INSERT INTO candidate_email (id, created_at, account_id, candidate_id, email) "
        "SELECT $1, created_at, account_id, id, $2 FROM candidate WHERE id = $3"
    )
    gone = [(id, email) for id in ids for email in stored.get(id, set()) - wanted[id]]
    added = [(new_id("cem"), email, id) for id in ids for email in sorted(wanted[id] - stored.get(id, set()))]
    for statement, rows in ((delete, gone), (insert, added)):
        if rows:
            await connection.execute_many(statement, [list(row) for row in rows])


def _wanted_keys(candidates: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """The emails that each candidate is known by, of rows with `id` and `emails`."""
    wanted: dict[str, set[str]] = {}
    for row in candidates:
        emails = orjson.loads(row["emails"]) if isinstance(row["emails"], str) else row["emails"]
        wanted.setdefault(row["id"], set()).update(map(email_key, emails))
    return wanted


async def _stored_keys(connection: BaseDBAsyncClient, condition: str, *values: object) -> dict[str, set[str]]:
    query = for_dialect(f"SELECT candidate_id, email FROM candidate_email WHERE {condition}")
    stored: dict[str, set[str]] = {}
    for row in await connection.execute_query_dict(query, list(values)):
        stored.setdefault(row["candidate_id"], set()).add(row["email"])
    return stored


async def _duplicates_of(connection: BaseDBAsyncClient, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The emails of those who were merged into these candidates, under the ids of these."""
    query = for_dialect("SELECT merged_into_id AS id, emails FROM candidate WHERE merged_into_id {ids}")
    return await connection.execute_query_dict(query, [bound_ids(ids)])


_ABOUT_ONESELF = (
    "status = 'PENDING' AND EXISTS ("
    "SELECT 1 FROM panel JOIN candidate_email ON candidate_email.candidate_id = panel.candidate_id "
    'JOIN "user" ON "user".email = candidate_email.email '
    'WHERE panel.id = feedback_form.panel_id AND "user".id = feedback_form.user_id)'
)
#: The seats for whose feedback a panel waits, of all panels.
_DUE_SEATS = (
    "interviewer JOIN feedback_form ON feedback_form.id = interviewer.form_id "
    'JOIN "user" ON "user".id = interviewer.user_id '
    "WHERE interviewer.feedback_required AND feedback_form.status = 'PENDING' "
    "AND interviewer.response_status <> 'DECLINED' AND \"user\".deactivated_at IS NULL"
)
#: A push of a whole panel says its URL and its zone.
_BEHIND = (
    "{row}declared_sequence > coalesce({row}url_sequence, {row}declared_sequence - 1) "
    "OR {row}declared_sequence > coalesce({row}timezone_sequence, {row}declared_sequence - 1)"
)
_CATCH_UP = (
    "UPDATE panel SET "
    "url_sequence = CASE WHEN url_sequence >= declared_sequence THEN url_sequence ELSE declared_sequence END, "
    "timezone_sequence = CASE WHEN timezone_sequence >= declared_sequence THEN timezone_sequence "
    "ELSE declared_sequence END WHERE "
)
_UNKNOWN = "pushed_sequence IS NOT NULL AND (url_sequence IS NULL OR timezone_sequence IS NULL)"
_DELETED = "canceled_origin = 'SCHEDULER' AND sequence IS NOT NULL AND deleted_sequence IS NULL"

REPAIRS = (
    repair_by_sql(
        *("the starts of seats", "0004_seat_starts", "panel"),
        "SELECT interviewer.panel_id AS id FROM interviewer JOIN interview ON interview.id = interviewer.interview_id "
        "WHERE interviewer.panel_id > $1 AND interviewer.panel_id <= $2 "
        "AND (interviewer.starts_at IS NULL OR interviewer.starts_at <> interview.starts_at)",
        "UPDATE interviewer SET starts_at = (SELECT event.starts_at FROM interview event "
        "WHERE event.id = interviewer.interview_id) WHERE panel_id {ids}",
    ),
    # Until then a push replaced all that was older. Later it is right that a single event says no URL.
    repair_by_sql(
        *("the revisions of URLs and zones", "0005_revisions", "panel"),
        f"SELECT id FROM panel WHERE id > $1 AND id <= $2 AND {_UNKNOWN}",
        "UPDATE panel SET url_sequence = pushed_sequence, timezone_sequence = pushed_sequence WHERE id {ids}",
        is_lasting=False,
    ),
    repair_by_sql(
        *("the revisions of URLs and zones", "0005_revisions", "panel"),
        f"SELECT id FROM panel WHERE id > $1 AND id <= $2 AND ({_BEHIND.format(row='')})",
        f"{_CATCH_UP} id {{ids}}",
    ),
    repair_by_sql(
        *("the revisions of deletions", "0005_revisions", "panel"),
        f"SELECT panel_id AS id FROM interview WHERE panel_id > $1 AND panel_id <= $2 AND {_DELETED}",
        f"UPDATE interview SET deleted_sequence = sequence WHERE panel_id {{ids}} AND {_DELETED}",
    ),
    Repair("the emails of candidates", "0007_people", "candidate", _find_email_keys, _mend_email_keys),
    # SEQUENCE and DTSTAMP were the panel's, and the candidate's owner of the day was the organizer.
    repair_by_sql(
        *("the revisions of invites", "0009_calendars", "panel"),
        "SELECT panel_id AS id FROM interview WHERE panel_id > $1 AND panel_id <= $2 AND calendar_stamp IS NULL",
        "UPDATE interview SET "
        "calendar_sequence = (SELECT panel.version FROM panel WHERE panel.id = interview.panel_id), "
        "calendar_stamp = (SELECT panel.updated_at FROM panel WHERE panel.id = interview.panel_id), "
        "organizer_id = (SELECT candidate.owner_id FROM panel JOIN candidate ON candidate.id = panel.candidate_id "
        "WHERE panel.id = interview.panel_id) WHERE panel_id {ids} AND calendar_stamp IS NULL",
    ),
    # Of themselves nobody is asked for feedback, and panels wait for nobody who has left or declined.
    repair_by_sql(
        *("forms about oneself", "0010_feedback_due", "panel"),
        f"SELECT panel_id AS id FROM feedback_form WHERE panel_id > $1 AND panel_id <= $2 AND {_ABOUT_ONESELF}",
        f"UPDATE feedback_form SET status = 'VOIDED' WHERE panel_id {{ids}} AND {_ABOUT_ONESELF}",
    ),
    repair_by_sql(
        *("the feedback that is due", "0010_feedback_due", "panel"),
        "SELECT panel.id FROM panel LEFT JOIN (SELECT interviewer.panel_id, count(*) AS due FROM "
        f"{_DUE_SEATS} AND interviewer.panel_id > $1 AND interviewer.panel_id <= $2 GROUP BY interviewer.panel_id"
        ") waiting ON waiting.panel_id = panel.id WHERE panel.id > $1 AND panel.id <= $2 "
        "AND panel.feedback_due <> coalesce(waiting.due, 0)",
        f"UPDATE panel SET feedback_due = (SELECT count(*) FROM {_DUE_SEATS} AND interviewer.panel_id = panel.id) "
        "WHERE id {ids}",
    ),
    repair_by_sql(
        *("the places of stages", "0011_candidate_views_and_refusals", "candidate"),
        "SELECT candidate.id FROM candidate JOIN stage ON stage.id = candidate.stage_id "
        "WHERE candidate.id > $1 AND candidate.id <= $2 AND candidate.stage_position <> stage.position",
        "UPDATE candidate SET stage_position = (SELECT position FROM stage WHERE stage.id = candidate.stage_id) "
        "WHERE id {ids}",
    ),
)

TRIGGERS = (
    Trigger(
        *("new_seat_starts", "0004_seat_starts", "interviewer", "AFTER INSERT", "NEW.starts_at IS NULL"),
        "UPDATE interviewer SET starts_at = (SELECT event.starts_at FROM interview event "
        "WHERE event.id = interviewer.interview_id) WHERE id = NEW.id",
    ),
    Trigger(
        *("moved_seat_starts", "0004_seat_starts", "interview", "AFTER UPDATE", "OLD.starts_at <> NEW.starts_at"),
        "UPDATE interviewer SET starts_at = NEW.starts_at WHERE interview_id = NEW.id AND starts_at <> NEW.starts_at",
    ),
    # A push of a lower revision that comes late would replace the URL: nothing could bring it back.
    *(
        Trigger(
            *(f"{event.lower()}ed_revisions", "0005_revisions", "panel", f"AFTER {event}", _BEHIND.format(row="NEW.")),
            f"{_CATCH_UP} id = NEW.id",
        )
        for event in ("INSERT", "UPDATE")
    ),
    Trigger(
        *("said_url_revision", "0005_revisions", "panel", "AFTER UPDATE"),
        "coalesce(OLD.external_url, '') <> coalesce(NEW.external_url, '') "
        "AND OLD.pushed_sequence < NEW.pushed_sequence "
        "AND coalesce(OLD.url_sequence, -1) = coalesce(NEW.url_sequence, -1)",
        "UPDATE panel SET url_sequence = pushed_sequence WHERE id = NEW.id",
    ),
    # A calendar passes over what comes with the SEQUENCE that it has.
    Trigger(
        *("moved_invite_revision", "0009_calendars", "interview", "AFTER UPDATE"),
        "OLD.calendar_stamp = NEW.calendar_stamp AND (OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at "
        "OR coalesce(OLD.location, '') <> coalesce(NEW.location, '') "
        "OR coalesce(OLD.meeting_url, '') <> coalesce(NEW.meeting_url, '') "
        "OR (OLD.canceled_at IS NULL) <> (NEW.canceled_at IS NULL))",
        "UPDATE interview SET calendar_sequence = calendar_sequence + 1, calendar_stamp = updated_at WHERE id = NEW.id",
    ),
)
