"""Every operation of the contract, what it names, and its row in the table of docs/rules.md."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.access_table import (
    DONE,
    FORBIDDEN,
    LOOKED_UP,
    SEEN_BY_THE_KEY,
    UNKNOWN,
    Cell,
)
from tests.world import World


@dataclass(frozen=True)
class Things:
    """What operations name: a candidate with a panel and all that hangs on it, and things of the same account."""

    candidate: str
    candidate_external_id: str
    panel: str
    panel_external_id: str
    interview: str
    form: str
    noors_form: str
    field: str
    account: str
    integration: str
    key: str
    revoked_key: str
    user: str
    user_email: str
    stage: str
    posting: str
    posting_external_id: str
    template: str


NOTHING = Things(
    candidate="cnd_01hq0000000000000000000000",
    candidate_external_id="never was a candidate",
    panel="pan_01hq0000000000000000000000",
    panel_external_id="never was a panel",
    interview="itv_01hq0000000000000000000000",
    form="frm_01hq0000000000000000000000",
    noors_form="frm_01hq0000000000000000000001",
    field="fld_0000000000000000",
    account="acc_01hq0000000000000000000000",
    integration="int_01hq0000000000000000000000",
    key="key_01hq0000000000000000000000",
    revoked_key="key_01hq0000000000000000000001",
    user="usr_01hq0000000000000000000000",
    user_email="never-was@anywhere.example",
    stage="stg_01hq0000000000000000000000",
    posting="pst_01hq0000000000000000000000",
    posting_external_id="never was a posting",
    template="tpl_01hq0000000000000000000000",
)


@dataclass(frozen=True)
class Operation:
    """One way to do what a row of the table is about; `found` tells from the data whether it was done."""

    row: str
    name: str
    document: str
    variables: Callable[[Things], dict[str, Any]] = lambda it: {}
    found: Callable[[Any, Things], bool] = lambda data, it: data is not None
    cells: dict[str, Cell] = field(default_factory=dict)
    #: Whether it names anything, so that there is something out of scope to name.
    names: bool = True
    #: Whether it spoils the panel for others.
    spoils: bool = False


def listed(wanted: Callable[[Things], str]) -> Callable[[Any, Things], bool]:
    """Whether the connection or list has it."""

    def found(data: Any, it: Things) -> bool:
        nodes = [edge["node"] for edge in data["edges"]] if isinstance(data, dict) else data
        return wanted(it) in [node["id"] for node in nodes]

    return found


def _node(row: str, kind: str) -> Operation:
    document = "query ($id: ID!) { node(id: $id) { __typename id } }"
    cells = LOOKED_UP | SEEN_BY_THE_KEY
    return Operation(row, f"node of a {kind}", document, lambda it: {"id": getattr(it, kind)}, cells=cells)


def _reads() -> Iterator[Operation]:
    row = "see the integrations and whether they are on"
    yield Operation(row, "integrations", "{ integrations { id enabled } }", found=listed(lambda it: it.integration))
    document = "{ integration(provider: GOODTIME) { id enabled } }"
    yield Operation(row, "integration", document, found=lambda data, it: data["id"] == it.integration)
    yield _node(row, "integration")

    row = "see candidates and their panels"
    through = {"only those they interview, through the interview": (DONE, UNKNOWN)}
    document = "query ($id: ID) { candidate(id: $id) { id name } }"
    yield Operation(row, "candidate by id", document, lambda it: {"id": it.candidate})
    document = "query ($id: String) { candidate(externalId: $id) { id name } }"
    yield Operation(row, "candidate by external id", document, lambda it: {"id": it.candidate_external_id})
    document = "{ candidates(first: 100) { edges { node { id } } } }"
    yield Operation(row, "candidates", document, found=listed(lambda it: it.candidate))
    document = "query ($id: ID) { interviewPanel(id: $id) { id note } }"
    yield Operation(row, "panel by id", document, lambda it: {"id": it.panel})
    document = "query ($id: String) { interviewPanel(externalId: $id) { id note } }"
    yield Operation(row, "panel by external id", document, lambda it: {"id": it.panel_external_id})
    document = "{ interviewPanels(first: 100) { edges { node { id } } } }"
    yield Operation(row, "interviewPanels", document, found=listed(lambda it: it.panel))
    document = "query ($id: ID) { interviews(filter: {candidateId: $id}) { edges { node { id candidate { id } } } } }"
    yield Operation(
        row, "interviews", document, lambda it: {"id": it.candidate}, listed(lambda it: it.interview), through
    )
    document = "query ($id: ID!) { node(id: $id) { ... on Interview { candidate { id name } panel { id note } } } }"
    yield Operation(row, "candidate through the interview", document, lambda it: {"id": it.interview}, cells=through)
    yield from (_node(row, kind) for kind in ("candidate", "panel"))

    row = "schedule action (button, banner, menu)"
    document = "query ($id: ID!) { node(id: $id) { ... on Interview { candidate { scheduleAction { menuLabel } } } } }"
    yield Operation(
        row,
        "scheduleAction",
        document,
        lambda it: {"id": it.interview},
        lambda data, it: data is not None and data["candidate"]["scheduleAction"] is not None,
        LOOKED_UP,
    )

    row = "read others' submitted answers"
    document = "query ($id: ID!) { feedbackForm(id: $id) { answers { values } } }"
    shown = lambda data, it: data is not None and data["answers"] is not None  # noqa: E731
    yield Operation(row, "feedbackForm", document, lambda it: {"id": it.noors_form}, shown)

    row = "list users (pre-check), feedback templates, stages, postings"
    document = "query ($emails: [String!]) { users(emails: $emails) { edges { node { id } } } }"
    yield Operation(row, "users", document, lambda it: {"emails": [it.user_email]}, listed(lambda it: it.user))
    document = "{ feedbackTemplates(first: 100) { edges { node { id } } } }"
    yield Operation(row, "feedbackTemplates", document, found=listed(lambda it: it.template))
    yield Operation(row, "stages", "{ stages { id } }", found=listed(lambda it: it.stage))
    yield Operation(row, "postings", "{ postings { id } }", found=listed(lambda it: it.posting))
    yield from (_node(row, kind) for kind in ("user", "template", "stage", "posting"))

    row = "change feed and subscription"
    document = (
        "query ($id: ID) { interviewPanelChanges(candidateId: $id, first: 500) { edges { node { panel { id } } } } }"
    )
    yield Operation(
        row,
        "interviewPanelChanges",
        document,
        lambda it: {"id": it.candidate},
        lambda data, it: it.panel in [edge["node"]["panel"]["id"] for edge in data["edges"]],
    )

    row = "read the audit trail"
    document = "{ auditEvents { edges { node { id } } } }"
    yield Operation(row, "auditEvents", document, found=lambda data, it: bool(data["edges"]), names=False)


def _acts() -> Iterator[Operation]:
    row = "switch an integration, generate or revoke keys, see keys"
    document = "mutation { setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { code } } }"
    yield Operation(row, "setIntegrationEnabled", document, names=False)
    document = "mutation { generateApiKey(provider: GOODTIME, graceHours: 720) { secret errors { code } } }"
    yield Operation(row, "generateApiKey", document, found=lambda data, it: data["secret"] is not None, names=False)
    document = "mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } errors { code message path } } }"
    yield Operation(row, "revokeApiKey", document, lambda it: {"id": it.revoked_key})
    document = "{ integration(provider: GOODTIME) { apiKeys { id } } }"
    found = lambda data, it: it.key in [key["id"] for key in data["apiKeys"]]  # noqa: E731
    yield Operation(row, "apiKeys", document, found=found, cells=SEEN_BY_THE_KEY)
    yield _node(row, "key")

    row = "upsert panels and interviews"
    document = """mutation ($input: UpsertInterviewPanelInput!) {
      upsertInterviewPanel(input: $input) { panel { id } errors { code message path } } }"""
    yield Operation(row, "upsertInterviewPanel", document, lambda it: {"input": _push(it)})
    document = """mutation ($input: UpsertInterviewInput!) {
      upsertInterview(input: $input) { panel { id } errors { code message path } } }"""
    yield Operation(row, "upsertInterview", document, lambda it: {"input": _push_one(it)})

    row = "cancel in the ATS, restore"
    document = """mutation ($id: ID) {
      cancelInterviewPanel(input: {id: $id}) { panel { status } errors { code message path } } }"""
    yield Operation(row, "cancelInterviewPanel", document, lambda it: {"id": it.panel}, spoils=True)
    document = """mutation ($id: ID) {
      cancelInterview(input: {id: $id}) { interview { id } errors { code message path } } }"""
    yield Operation(row, "cancelInterview", document, lambda it: {"id": it.interview}, spoils=True)
    document = """mutation ($id: ID!) {
      restoreInterviewPanel(input: {id: $id}) { panel { status } errors { code message path } } }"""
    never = {"cancels as the scheduler, never restores": (FORBIDDEN, FORBIDDEN)}
    yield Operation(row, "restoreInterviewPanel", document, lambda it: {"id": it.panel}, cells=never)

    document = """mutation ($id: ID!, $answers: [FeedbackAnswerInput!]!) {
      submitFeedback(input: {formId: $id, answers: $answers}) { form { status } errors { code message path } } }"""
    row = "submit feedback"
    yield Operation(row, "submitFeedback", document, lambda it: {"id": it.form, "answers": answers(it)})

    row = "`sync…` mutations"
    document = "mutation ($rows: [UserInput!]!) { syncUsers(users: $rows) { users { id } errors { code } } }"
    users = [{"email": "synced@anywhere.example", "name": "Synced", "role": "TEAM_MEMBER"}]
    yield Operation(row, "syncUsers", document, lambda it: {"rows": users}, names=False)
    document = "mutation ($rows: [StageInput!]!) { syncStages(stages: $rows) { stages { id } errors { code } } }"
    yield Operation(row, "syncStages", document, lambda it: {"rows": [{"name": "Synced", "position": 9}]}, names=False)
    document = """mutation ($rows: [PostingInput!]!) {
      syncPostings(postings: $rows) { postings { id } errors { code message path } } }"""
    yield Operation(
        row,
        "syncPostings",
        document,
        lambda it: {"rows": [{"externalId": "synced", "title": "Synced", "hiringManagerEmail": it.user_email}]},
    )
    document = """mutation ($rows: [CandidateInput!]!) {
      syncCandidates(candidates: $rows) { candidates { id } errors { code message path } } }"""
    candidate = {"externalId": "synced", "name": "Synced", "stage": "On-site"}
    yield Operation(
        row,
        "syncCandidates",
        document,
        lambda it: {"rows": [candidate | {"postingExternalId": it.posting_external_id, "ownerEmail": it.user_email}]},
    )
    document = """mutation ($rows: [FeedbackTemplateInput!]!) {
      syncFeedbackTemplates(feedbackTemplates: $rows) { feedbackTemplates { id } errors { code } } }"""
    template = {"externalId": "synced", "name": "Synced", "fields": [{"type": "SCORE", "label": "Overall"}]}
    yield Operation(row, "syncFeedbackTemplates", document, lambda it: {"rows": [template]}, names=False)


numbers = itertools.count(1)


def answers(it: Things) -> list[dict[str, Any]]:
    return [{"fieldId": it.field, "values": ["Hire"]}]


def _push_one(it: Things) -> dict[str, Any]:
    interview = {
        "externalId": "one",
        "subject": "Interview",
        "startsAt": "2030-01-01T09:00:00Z",
        "durationMinutes": 30,
        "feedbackTemplateId": it.template,
        "interviewers": [{"userId": it.user, "feedbackTemplateId": it.template}],
    }
    return {
        "panelExternalId": f"pushed-{next(numbers)}",
        "candidateId": it.candidate,
        "timezone": "UTC",
        "interview": interview,
    }


def _push(it: Things) -> dict[str, Any]:
    single = _push_one(it)
    interview, external_id = single.pop("interview"), single.pop("panelExternalId")
    return single | {"externalId": external_id, "interviews": [interview]}


OPERATIONS = [*_reads(), *_acts()]


async def find_things(world: World, candidate: str, posting: str) -> Things:
    """What there is in an account without any panel."""
    generated = await world.sam.ask(
        "mutation { generateApiKey(provider: GOODTIME, graceHours: 720) { apiKey { id } } }"
    )
    revoked = generated["generateApiKey"]["apiKey"]["id"]
    await world.sam.ask("mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }", id=revoked)
    its = await world.sam.ask(
        """query ($candidate: String, $email: String!) { account { id } postings { id externalId }
          integrations { id apiKeys { id } } candidate(externalId: $candidate) { id }
          users(emails: [$email]) { edges { node { id } } }
          feedbackTemplates { edges { node { id fields { id } } } } }""",
        candidate=candidate,
        email=world.email("rita"),
    )
    [integration] = its["integrations"]
    [field] = next(
        edge["node"]["fields"]
        for edge in its["feedbackTemplates"]["edges"]
        if edge["node"]["id"] == world.templates["values"]
    )
    return replace(
        NOTHING,
        candidate=its["candidate"]["id"],
        candidate_external_id=candidate,
        field=field["id"],
        account=its["account"]["id"],
        integration=integration["id"],
        key=integration["apiKeys"][0]["id"],
        revoked_key=revoked,
        user=its["users"]["edges"][0]["node"]["id"],
        user_email=world.email("rita"),
        stage=world.stages["On-site"],
        posting=next(it["id"] for it in its["postings"] if it["externalId"] == posting),
        posting_external_id=posting,
        template=world.templates["values"],
    )


async def with_panel(world: World, its: Things, external_id: str, *people: str) -> Things:
    """The same things with a panel of these people, Noor the last of them, each with a form."""
    interview = world.an_interview("one", *people, feedbackTemplateId=its.template)
    pushed = await world.goodtime.push(**world.a_panel(external_id, interview, candidateId=its.candidate))
    [stored] = pushed["panel"]["interviews"]
    return replace(
        its,
        panel=pushed["panel"]["id"],
        panel_external_id=external_id,
        interview=stored["id"],
        noors_form=stored["interviewers"][-1]["feedbackForm"]["id"],
    )
