"""Every operation of the contract, and its row in the table of docs/rules.md."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.access_table import (
    DONE,
    FORBIDDEN,
    LOOKED_UP,
    SEEN_BY_THE_KEY,
    UNKNOWN,
    Cell,
)
from tests.access_things import Things


@dataclass(frozen=True)
class Operation:
    """One way to do what a row of the table is about; `found` tells from the data whether it was done."""

    row: str
    name: str
    document: str
    variables: Callable[[Things], dict[str, Any]] = lambda things: {}
    is_shown: Callable[[Any, Things], bool] = lambda data, things: data is not None
    cells: dict[str, Cell] = field(default_factory=dict)
    #: Whether it names anything, so that there is something out of scope to name.
    names: bool = True
    #: Whether it spoils the panel for others.
    spoils: bool = False
    #: Whether it spoils the candidate for others.
    erases: bool = False


def listed(wanted: Callable[[Things], str]) -> Callable[[Any, Things], bool]:
    """Whether the connection or list has it."""

    def is_listed(data: Any, things: Things) -> bool:
        nodes = [edge["node"] for edge in data["edges"]] if isinstance(data, dict) else data
        return wanted(things) in [node["id"] for node in nodes]

    return is_listed


def _nodes(row: str, kind: str) -> Operation:
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    return Operation(
        row,
        f"nodes, of a {kind}",
        document,
        lambda things: {"ids": [getattr(things, kind)]},
        is_shown=lambda data, things: data[0] is not None,
    )


def _node(row: str, kind: str) -> Operation:
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    cells = LOOKED_UP | SEEN_BY_THE_KEY
    return Operation(row, f"node of a {kind}", document, lambda things: {"id": getattr(things, kind)}, cells=cells)


def _reads() -> Iterator[Operation]:
    row = "see the integrations and whether they are on"
    yield Operation(
        row, "integrations", "{ integrations { id enabled } }", is_shown=listed(lambda things: things.integration)
    )
    document = "{ integration(provider: GOODTIME) { id enabled } }"
    yield Operation(row, "integration", document, is_shown=lambda data, things: data["id"] == things.integration)
    yield _node(row, "integration")

    row = "see candidates and their panels"
    through = {"only those they interview, through the interview": (DONE, UNKNOWN)}
    document = "query ($id: ID) { candidate(id: $id) { id name } }"
    yield Operation(row, "candidate by id", document, lambda things: {"id": things.candidate})
    document = "query ($id: String) { candidate(externalId: $id) { id name } }"
    yield Operation(row, "candidate by external id", document, lambda things: {"id": things.candidate_external_id})
    document = "{ candidates(first: 100) { edges { node { id } } } }"
    yield Operation(row, "candidates", document, is_shown=listed(lambda things: things.candidate))
    document = "query ($id: ID) { interviewPanel(id: $id) { id note } }"
    yield Operation(row, "panel by id", document, lambda things: {"id": things.panel})
    document = "query ($id: String) { interviewPanel(externalId: $id) { id note } }"
    yield Operation(row, "panel by external id", document, lambda things: {"id": things.panel_external_id})
    document = "{ interviewPanels(first: 100) { edges { node { id } } } }"
    yield Operation(row, "interviewPanels", document, is_shown=listed(lambda things: things.panel))
    document = "query ($id: ID) { interviews(filter: {candidateId: $id}) { edges { node { id candidate { id } } } } }"
    yield Operation(
        row,
        "interviews",
        document,
        lambda things: {"id": things.candidate},
        listed(lambda things: things.interview),
        through,
    )
    document = "query ($id: ID!) { node(id: $id) { ... on Interview { candidate { id name } panel { id note } } } }"
    yield Operation(
        row, "candidate through the interview", document, lambda things: {"id": things.interview}, cells=through
    )
    yield from (of_id(row, kind) for kind in ("candidate", "panel") for of_id in (_node, _nodes))

    row = "schedule action (button, banner, menu)"
    document = "query ($id: ID!) { node(id: $id) { ... on Interview { candidate { scheduleAction { menuLabel } } } } }"
    yield Operation(
        row,
        "scheduleAction",
        document,
        lambda things: {"id": things.interview},
        lambda data, things: data is not None and data["candidate"]["scheduleAction"] is not None,
        LOOKED_UP,
    )

    row = "read others' submitted answers"
    document = "query ($id: ID!) { feedbackForm(id: $id) { answers { values } } }"
    shown = lambda data, things: data is not None and data["answers"] is not None  # noqa: E731
    yield Operation(row, "feedbackForm", document, lambda things: {"id": things.noors_form}, shown)

    row = "list users (pre-check), feedback templates, stages, postings"
    document = "query ($emails: [String!]) { users(emails: $emails) { edges { node { id } } } }"
    yield Operation(
        row, "users", document, lambda things: {"emails": [things.user_email]}, listed(lambda things: things.user)
    )
    document = "{ feedbackTemplates(first: 100) { edges { node { id } } } }"
    yield Operation(row, "feedbackTemplates", document, is_shown=listed(lambda things: things.template))
    yield Operation(row, "stages", "{ stages { id } }", is_shown=listed(lambda things: things.stage))
    yield Operation(row, "postings", "{ postings { id } }", is_shown=listed(lambda things: things.posting))
    yield from (_node(row, kind) for kind in ("user", "template", "stage", "posting"))

    row = "change feed and subscription"
    document = (
        "query ($id: ID) { interviewPanelChanges(candidateId: $id, first: 500) { edges { node { panel { id } } } } }"
    )
    yield Operation(
        row,
        "interviewPanelChanges",
        document,
        lambda things: {"id": things.candidate},
        lambda data, things: things.panel in [edge["node"]["panel"]["id"] for edge in data["edges"]],
    )
    panels = "edges { node { __typename ... on InterviewPanelChange { panel { id } } } }"
    yield Operation(
        row,
        "changes",
        f"query ($id: ID) {{ changes(candidateId: $id, first: 500) {{ {panels} }} }}",
        lambda things: {"id": things.candidate},
        lambda data, things: things.panel in [edge["node"].get("panel", {}).get("id") for edge in data["edges"]],
    )
    yield Operation(row, "changeCursor", "{ changeCursor }", is_shown=lambda data, things: bool(data), names=False)

    row = "read the audit trail"
    document = "{ auditEvents { edges { node { id } } } }"
    yield Operation(row, "auditEvents", document, is_shown=lambda data, things: bool(data["edges"]), names=False)


def _acts() -> Iterator[Operation]:
    row = "switch an integration, generate or revoke keys, see keys"
    document = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { code } } }"
    yield Operation(row, "setIntegrationEnabled", document, names=False)
    document = "mutation { generateApiKey(provider: GOODTIME, graceHours: 720) { secret errors { code } } }"
    yield Operation(
        row, "generateApiKey", document, is_shown=lambda data, things: data["secret"] is not None, names=False
    )
    document = "mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } errors { code message path } } }"
    yield Operation(row, "revokeApiKey", document, lambda things: {"id": things.revoked_key})
    document = "{ integration(provider: GOODTIME) { apiKeys { id } } }"
    is_revoked = lambda data, things: things.key in [key["id"] for key in data["apiKeys"]]  # noqa: E731
    yield Operation(row, "apiKeys", document, is_shown=is_revoked, cells=SEEN_BY_THE_KEY)
    yield _node(row, "key")

    row = "upsert panels and interviews"
    document = """mutation ($input: UpsertInterviewPanelInput!) {
      upsertInterviewPanel(input: $input) { panel { id } errors { code message path } } }"""
    yield Operation(row, "upsertInterviewPanel", document, lambda things: {"input": _push(things)})
    document = """mutation ($input: UpsertInterviewInput!) {
      upsertInterview(input: $input) { panel { id } errors { code message path } } }"""
    yield Operation(row, "upsertInterview", document, lambda things: {"input": _push_one(things)})

    row = "cancel in the ATS, restore"
    document = """mutation ($id: ID) {
      cancelInterviewPanel(input: {id: $id}) { panel { status } errors { code message path } } }"""
    yield Operation(row, "cancelInterviewPanel", document, lambda things: {"id": things.panel}, spoils=True)
    document = """mutation ($id: ID) {
      cancelInterview(input: {id: $id}) { interview { id } errors { code message path } } }"""
    yield Operation(row, "cancelInterview", document, lambda things: {"id": things.interview}, spoils=True)
    document = """mutation ($id: ID!) {
      restoreInterviewPanel(input: {id: $id}) { panel { status } errors { code message path } } }"""
    never = {"cancels as the scheduler, never restores": (FORBIDDEN, FORBIDDEN)}
    yield Operation(row, "restoreInterviewPanel", document, lambda things: {"id": things.panel}, cells=never)

    document = """mutation ($id: ID!, $answers: [FeedbackAnswerInput!]!) {
      submitFeedback(input: {formId: $id, answers: $answers}) { form { status } errors { code message path } } }"""
    row = "submit feedback"
    yield Operation(row, "submitFeedback", document, lambda things: {"id": things.form, "answers": answers(things)})

    document = "mutation ($id: ID!) { eraseCandidate(id: $id) { candidate { erasedAt } errors { code message path } } }"
    yield Operation(
        "erase candidates", "eraseCandidate", document, lambda things: {"id": things.candidate}, erases=True
    )

    document = "mutation { preferIntegration(provider: GOODTIME) { integration { id } errors { code } } }"
    yield Operation(
        "switch an integration, generate or revoke keys, see keys", "preferIntegration", document, names=False
    )

    document = "mutation { resetCalendarFeed { user { id } errors { code message path } } }"
    yield Operation("subscribe to one's own calendar", "resetCalendarFeed", document, names=False)

    row = "waive a feedback form, ask for it again"
    for name in ("waiveFeedback", "reopenFeedback"):
        document = (
            f"mutation ($id: ID!) {{ {name}(formId: $id) {{ form {{ status }} errors {{ code message path }} }} }}"
        )
        yield Operation(row, name, document, lambda things: {"id": things.noors_form}, spoils=True)

    row = "`sync…` mutations"
    document = "mutation ($rows: [UserInput!]!) { syncUsers(users: $rows) { users { id } errors { code } } }"
    users = [{"email": "synced@anywhere.example", "name": "Synced", "role": "TEAM_MEMBER"}]
    yield Operation(row, "syncUsers", document, lambda things: {"rows": users}, names=False)
    document = "mutation ($rows: [StageInput!]!) { syncStages(stages: $rows) { stages { id } errors { code } } }"
    yield Operation(
        row, "syncStages", document, lambda things: {"rows": [{"name": "Synced", "position": 9}]}, names=False
    )
    document = """mutation ($rows: [PostingInput!]!) {
      syncPostings(postings: $rows) { postings { id } errors { code message path } } }"""
    yield Operation(
        row,
        "syncPostings",
        document,
        lambda things: {"rows": [{"externalId": "synced", "title": "Synced", "hiringManagerEmail": things.user_email}]},
    )
    document = """mutation ($rows: [CandidateInput!]!) {
      syncCandidates(candidates: $rows) { candidates { id } errors { code message path } } }"""
    candidate = {"externalId": "synced", "name": "Synced", "stage": "On-site"}
    yield Operation(
        row,
        "syncCandidates",
        document,
        lambda things: {
            "rows": [candidate | {"postingExternalId": things.posting_external_id, "ownerEmail": things.user_email}]
        },
    )
    document = """mutation ($rows: [FeedbackTemplateInput!]!) {
      syncFeedbackTemplates(feedbackTemplates: $rows) { feedbackTemplates { id } errors { code } } }"""
    template = {"externalId": "synced", "name": "Synced", "fields": [{"type": "SCORE", "label": "Overall"}]}
    yield Operation(row, "syncFeedbackTemplates", document, lambda things: {"rows": [template]}, names=False)


numbers = itertools.count(1)


def answers(things: Things) -> list[dict[str, Any]]:
    return [{"fieldId": things.field, "values": ["Hire"]}]


def _push_one(things: Things) -> dict[str, Any]:
    interview = {
        "externalId": "one",
        "subject": "Interview",
        "startsAt": "2030-01-01T09:00:00Z",
        "durationMinutes": 30,
        "feedbackTemplateId": things.template,
        "interviewers": [{"userId": things.user, "feedbackTemplateId": things.template}],
    }
    return {
        "panelExternalId": f"pushed-{next(numbers)}",
        "candidateId": things.candidate,
        "timezone": "UTC",
        "interview": interview,
    }


def _push(things: Things) -> dict[str, Any]:
    single = _push_one(things)
    interview, external_id = single.pop("interview"), single.pop("panelExternalId")
    return single | {"externalId": external_id, "interviews": [interview]}


OPERATIONS = [*_reads(), *_acts()]
