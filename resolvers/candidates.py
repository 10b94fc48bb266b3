"""Candidates: one, lists of them, and what the Schedule buttons do for the viewer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

import clock
import models
from auth.viewer import Scope, Viewer
from database import Bind, Condition, Join, Query, in_
from models import Candidate, Instant, Integration, IntegrationProvider, Interview, InterviewPanelStatus, Panel
from resolvers.access import Act, is_restricted, may, tied_candidates, unscoped, visible
from resolvers.integrations import CATALOGUE
from resolvers.listing import Edge, Listing, Page, PageRequest, Parameters, search_text
from resolvers.queries import Wanted, get_named, group_by, known, load_many, load_related, select


class CandidateOrder(Enum):
    NAME = "NAME"
    STAGE = "STAGE"
    NEXT_INTERVIEW = "NEXT_INTERVIEW"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


@dataclass(frozen=True)
class CandidateFilter:
    """Which candidates a list has; instants are UTC."""

    search: str | None = None
    stage_id: str | None = None
    posting_id: str | None = None
    owner_id: str | None = None
    #: Whether they are the viewer's own, as docs/rules.md says under *Theirs*; False is the same as None.
    mine: bool = False
    archived: bool = False
    has_upcoming_panel: bool | None = None
    feedback_due: bool | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True)
class ScheduleAction:
    """Where scheduling starts. A label is null where no button shows, the URL with the ATS's own scheduler."""

    id: str
    provider: IntegrationProvider | None
    url: str | None
    dashboard_label: str | None
    banner_label: str | None
    menu_label: str


async def find(viewer: Viewer, id: str | None, external_id: str | None, wanted: Wanted) -> Candidate | None:
    """The candidate of that id or external id; null where the viewer knows none. Raises Refused as `get_named`."""
    return await get_named(viewer, Candidate, id, external_id, *_pointers(wanted))


async def page(
    viewer: Viewer,
    filter: CandidateFilter,
    order: CandidateOrder,
    request: PageRequest,
    wanted: Wanted,
) -> Page[Candidate]:
    """The candidates that the viewer may see and the filter lets through."""
    search = search_text(filter.search)
    has_next = order is CandidateOrder.NEXT_INTERVIEW
    is_by_the_clock = has_next or filter.has_upcoming_panel is not None or filter.feedback_due is not None
    parameters = Parameters.of(
        filter.archived,
        search.lower() if search else None,
        filter.mine,
        filter.has_upcoming_panel,
        filter.feedback_due,
        stage_id=filter.stage_id,
        posting_id=filter.posting_id,
        owner_id=filter.owner_id,
        updated_at__gte=filter.updated_since,
        now=clock.now() if is_by_the_clock else None,
    )
    joins = _pointers(wanted, "edges", "node")
    if has_next:
        return await _page_by_next_interview(viewer, parameters, request, joins)
    return await _CANDIDATES[order].page(viewer, parameters, request, wanted.reads("edges", "node"), joins)


def _candidates(
    scope: Scope,
    archived: bool,
    search: str | None,
    mine: bool,
    has_upcoming: bool | None,
    feedback_due: bool | None,
    now: Instant | None = None,
    **columns: object,
) -> QuerySet[Candidate]:
    rows = visible(scope, Candidate).filter(archived_at__isnull=not archived, **columns)
    if search is not None:
        rows = rows.filter(search_text__contains=search)
    if mine:
        rows = rows.filter(id__in=tied_candidates(scope))
    if now is None:
        return rows
    for wished, panels in ((has_upcoming, models.stands_at(now)), (feedback_due, _awaiting_feedback(now))):
        if wished is not None:
            rows = rows.filter(_with_panel(scope, panels) if wished else _without_panel(scope, panels))
    return rows


_CANDIDATES = {
    CandidateOrder.NAME: Listing(Candidate, _candidates, ("name", "id")),
    CandidateOrder.STAGE: Listing(Candidate, _candidates, ("stage_position", "name", "id")),
    CandidateOrder.CREATED_AT: Listing(Candidate, _candidates, ("created_at", "id")),
    CandidateOrder.UPDATED_AT: Listing(Candidate, _candidates, ("updated_at", "id")),
}


def _awaiting_feedback(now: Instant) -> Q:
    return models.with_status(InterviewPanelStatus.AWAITING_FEEDBACK, now)


def _with_panel(scope: Scope, panels: Q) -> Q:
    """The candidates who have such a panel."""
    return Q(id__in=Subquery(visible(scope, Panel).filter(panels).values("candidate_id")))


def _without_panel(scope: Scope, panels: Q) -> Q:
    """The candidates who have none: looked for candidate by candidate, or all such panels of the account were read."""
    own = visible(scope, Panel).filter(panels, Condition("panel.candidate_id = candidate.id"))
    return ~Q(id__in=Subquery(own.values("candidate_id")))


async def _page_by_next_interview(
    viewer: Viewer, parameters: Parameters, request: PageRequest, joins: list[Join]
) -> Page[Candidate]:
    """The candidates by the interview that begins next of each: a list of interviews, each the first of its candidate.

    One statement for the interviews, and one for whom they are about.
    """
    page = await _NEXT_INTERVIEWS.page(viewer, parameters, request, frozenset({"panel_id"}), [_PANEL])
    ids = [interview.panel.candidate_id or "" for interview in page.rows]
    rows = await select(viewer, Query(_by_ids, ids=ids), *joins) if ids else []
    by_id = {candidate.id: candidate for candidate in rows}
    edges = [Edge(by_id[id], partial(_cursor_of, edge)) for id, edge in zip(ids, page.edges, strict=True)]
    return Page(edges, page.has_next_page, page.has_previous_page, page.count)


def _cursor_of(interview: Edge[Interview], candidate: Candidate) -> str:
    return interview.cursor


def _by_ids(scope: Scope, ids: Bind) -> QuerySet[Candidate]:
    return visible(scope, Candidate).filter(in_("id", ids))


#: Where an interview of the same candidate is to begin before this one: as an index has both, nothing else is read.
_EARLIER = """NOT EXISTS (
  SELECT 1 FROM panel AS sibling JOIN interview AS earlier ON earlier.panel_id = sibling.id
  WHERE sibling.candidate_id = (SELECT own.candidate_id FROM panel AS own WHERE own.id = interview.panel_id)
    AND sibling.canceled_at IS NULL AND earlier.canceled_at IS NULL AND earlier.starts_at >= :now
    AND (earlier.starts_at, earlier.id) < (interview.starts_at, interview.id))"""


def _next_interviews(scope: Scope, *structure: Any, now: Instant, **columns: Any) -> QuerySet[Interview]:
    candidates = _candidates(scope, *structure, **columns | {"now": now})
    rows = visible(scope, Interview).filter(panel__candidate_id__in=Subquery(candidates.values("id")))
    rows = rows.filter(canceled_at__isnull=True, panel__canceled_at__isnull=True, starts_at__gte=now)
    return rows.filter(Condition(_EARLIER, now=now))


_NEXT_INTERVIEWS = Listing(Interview, _next_interviews, ("starts_at", "id"))
_PANEL = Join.target("panel", Panel, attributes=frozenset({"candidate_id"}))


def _pointers(wanted: Wanted, *path: str) -> list[Join]:
    """The rows that candidates at that path point at, as far as they are asked for.

    All columns of them: the Schedule buttons look at the stage too, and a panel leads back to its candidate, where
    more may be asked for.
    """
    return [join for join in _POINTERS if wanted.selects(*path, join.alias)]


_POINTERS = (
    Join.target("stage", models.Stage),
    Join.target("posting", models.Posting),
    Join.target("owner", models.User),
)


async def kept_of(viewer: Viewer, candidates: Sequence[Candidate]) -> list[Candidate | None]:
    """Into whom each candidate was merged, where the viewer sees that one: a duplicate ties nobody to them."""
    ids = known(*(candidate.merged_into_id for candidate in candidates))
    rows = await select(viewer, Query(_by_ids, ids=ids)) if ids else []
    kept = {candidate.id: candidate for candidate in rows}
    return [kept.get(candidate.merged_into_id or "") for candidate in candidates]


async def schedule_actions(viewer: Viewer, candidates: Sequence[Candidate]) -> list[ScheduleAction | None]:
    """What the Schedule buttons do for each candidate; null where the viewer may not. Up to four statements."""
    if not may(viewer, Act.SCHEDULE):
        return [None] * len(candidates)
    in_scope = await _in_scope(viewer, [candidate.id for candidate in candidates])
    integration = next(iter(await select(viewer, Query(_enabled))), None)
    upcoming = await _upcoming_among(viewer, candidates)
    stages = await load_related(viewer, candidates, "stage")
    return [
        _action(candidate, integration, stage.has_interview and candidate.id not in upcoming)
        if candidate.archived_at is None and candidate.id in in_scope
        else None
        for candidate, stage in zip(candidates, stages, strict=True)
    ]


async def _in_scope(viewer: Viewer, ids: Collection[str]) -> Collection[str]:
    """The candidates whom the viewer sees. One's own form leads to one who is no longer in scope."""
    if not is_restricted(viewer):
        return ids
    seen = await visible(viewer, Candidate).filter(id__in=ids).only("id")
    return {candidate.id for candidate in seen}


def _action(candidate: Candidate, integration: Integration | None, is_waiting: bool) -> ScheduleAction:
    """What the buttons do; whoever is waiting is in a stage with interviews and has no upcoming panel."""
    id = models.derived_id("act", candidate.id)
    if integration is None:
        return ScheduleAction(
            id=id,
            provider=None,
            url=None,
            dashboard_label="Schedule" if is_waiting else None,
            banner_label="Schedule Interview" if is_waiting else None,
            menu_label="Schedule",
        )
    entry = CATALOGUE[integration.provider]
    return ScheduleAction(
        id=id,
        provider=integration.provider,
        url=entry.deep_link(candidate),
        dashboard_label="Schedule" if is_waiting else None,
        banner_label=f"Schedule Interview in {entry.name}" if is_waiting else None,
        menu_label=f"Schedule in {entry.name}",
    )


async def _upcoming_among(viewer: Viewer, candidates: Sequence[Candidate]) -> set[str]:
    ids = [candidate.id for candidate in candidates]
    query = Query(_standing, ids=ids, now=clock.now())
    panels = await select(viewer, query, attributes=frozenset({"candidate_id"}))
    return {panel.candidate_id for panel in panels if panel.candidate_id is not None}


def _standing(scope: Scope, ids: Bind, now: Bind) -> QuerySet[Panel]:
    return visible(scope, Panel).filter(models.stands_at(now), in_("candidate_id", ids))


def _enabled(scope: Scope) -> QuerySet[Integration]:
    """The scheduler that opens: the preferred one, else the one that has been on for longest."""
    return visible(scope, Integration).filter(enabled=True).order_by("-preferred", "enabled_at", "id").limit(1)


async def followers_of(viewer: Viewer, candidates: Sequence[Candidate]) -> list[list[models.User]]:
    """Who follows each candidate, by name."""
    ids = [candidate.id for candidate in candidates]
    follows = await select(viewer, Query(_follows, ids=ids))
    users = await load_many(viewer, models.User, [follow.user_id for follow in follows])
    by_candidate = group_by(follows, "candidate_id", ids)
    return [sorted((users[follow.user_id] for follow in each), key=attrgetter("name", "id")) for each in by_candidate]


def _follows(scope: Scope, ids: Bind) -> QuerySet[models.Follower]:
    return unscoped(models.Follower, "the followers of visible candidates").filter(in_("candidate_id", ids))
