"""Exports: all that is stored of a candidate, as JSON, for the candidate's own request."""

from typing import Any

from tortoise.expressions import Q
from tortoise.models import Model

import models
from resolvers.access import unscoped
from resolvers.erasure import candidate_of

_WHY = "all that is stored of one candidate, for the candidate"


async def export_candidate(slug: str, name: str) -> dict[str, list[dict[str, Any]]]:
    """All rows about the candidate of that id or external id, by table. Raises LookupError where there is none."""
    candidate = await candidate_of(slug, name)
    root = candidate.merged_into_id or candidate.id
    people = await _rows(models.Candidate, Q(id=root) | Q(merged_into_id=root))
    of_person = Q(candidate_id__in=_ids(people))
    panels = await _rows(models.Panel, of_person)
    of_panels = Q(panel_id__in=_ids(panels))
    forms, interviews = await _rows(models.FeedbackForm, of_panels), await _rows(models.Interview, of_panels)
    seats = await _rows(models.Interviewer, of_panels)
    involved = {row["user_id"] for row in (*seats, *forms)} | {person["owner_id"] for person in people}
    about = _ids([*people, *panels, *interviews, *forms])
    return {
        "candidate": people,
        "candidate_email": await _rows(models.CandidateEmail, of_person),
        "stage": await _rows(models.Stage, Q(id__in=[person["stage_id"] for person in people])),
        "posting": await _rows(models.Posting, Q(id__in=[person["posting_id"] for person in people])),
        "follower": await _rows(models.Follower, of_person),
        "panel": panels,
        "interview": interviews,
        "interviewer": seats,
        "feedback_form": forms,
        "template_version": await _rows(models.TemplateVersion, Q(id__in=[form["version_id"] for form in forms])),
        "user": await _rows(models.User, Q(id__in=sorted(involved - {None})), "id", "name", "email"),
        "change": await _rows(models.Change, of_person),
        "log_entry": await _rows(models.LogEntry, of_person | Q(subject_id__in=about)),
        "audit_event": await _rows(models.AuditEvent, Q(target_id__in=about)),
    }


async def _rows(model: type[Model], filter: Q, *columns: str) -> list[dict[str, Any]]:
    return await unscoped(model, _WHY).filter(filter).order_by("id").values(*columns)


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]
