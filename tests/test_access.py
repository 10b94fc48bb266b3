"""Who may do what: the table of docs/rules.md, cell by cell, in scope and out of it."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import server
from tests.test_contract import CONTRACT
from tests.world import FOLLOW, Person, Server, World

RULES = (Path(server.__file__).parent / "docs" / "rules.md").read_text()


class Verdict(Enum):
    DONE = "it is done, or shown"
    UNKNOWN = "null, an empty page or NOT_FOUND, as for what never was"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHENTICATED = "UNAUTHENTICATED"


DONE, UNKNOWN, FORBIDDEN, UNAUTHENTICATED = Verdict
Cell = tuple[Verdict, Verdict]

#: What a cell of the table means, in scope and out of it.
CELLS: dict[str, Cell] = {
    "yes": (DONE, UNKNOWN),
    "all": (DONE, UNKNOWN),
    "theirs": (DONE, UNKNOWN),
    "its own": (DONE, UNKNOWN),
    "own form": (DONE, UNKNOWN),
    "own interviews": (DONE, UNKNOWN),
    "no": (FORBIDDEN, FORBIDDEN),
    "sees its own keys": (FORBIDDEN, FORBIDDEN),
    "cancels as the scheduler, never restores": (DONE, UNKNOWN),
    "only those they interview, through the interview": (UNKNOWN, UNKNOWN),
    "after their own is in, if they have one": (DONE, UNKNOWN),
    "theirs, after their own is in": (DONE, UNKNOWN),
    "own panel, after their own is in": (DONE, UNKNOWN),
    "never, only `status`": (UNKNOWN, UNKNOWN),
    "": (UNAUTHENTICATED, UNAUTHENTICATED),
}
#: Cells whose outside is the rest of the account, not another account.
SCOPED = {
    "theirs",
    "own interviews",
    "only those they interview, through the interview",
    "theirs, after their own is in",
    "own panel, after their own is in",
}
#: Looking something up is no operation of its own: who may not see it finds nothing.
LOOKED_UP = {"no": (UNKNOWN, UNKNOWN)}
SEEN_BY_THE_KEY = {"sees its own keys": (DONE, UNKNOWN)}

#: The columns of the table by who stands for them here. Nobody has no column: every cell of theirs is empty.
PEOPLE = {
    "sam": "Super Admin",
    "ada": "Admin",
    "rita": "Team Member",
    "leo": "Limited Team Member",
    "ivo": "Interviewer",
    "goodtime": "integration key",
    "nobody": "",
}


def _table() -> dict[str, dict[str, str]]:
    """The table: what each operation's row says under each column."""
    section = RULES.partition("## People")[2].partition("\n## ")[0]
    header, _, *rows = (line for line in section.splitlines() if line.startswith("|"))
    columns, *cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (header, *rows)]
    return {row[0]: dict(zip(columns[1:], row[1:], strict=True)) for row in cells}


TABLE = _table()


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


def _listed(wanted: Callable[[Things], str]) -> Callable[[Any, Things], bool]:
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
    yield Operation(row, "integrations", "{ integrations { id enabled } }", found=_listed(lambda it: it.integration))
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
    yield Operation(row, "candidates", document, found=_listed(lambda it: it.candidate))
    document = "query ($id: ID) { interviewPanel(id: $id) { id note } }"
    yield Operation(row, "panel by id", document, lambda it: {"id": it.panel})
    document = "query ($id: String) { interviewPanel(externalId: $id) { id note } }"
    yield Operation(row, "panel by external id", document, lambda it: {"id": it.panel_external_id})
    document = "{ interviewPanels(first: 100) { edges { node { id } } } }"
    yield Operation(row, "interviewPanels", document, found=_listed(lambda it: it.panel))
    document = "query ($id: ID) { interviews(filter: {candidateId: $id}) { edges { node { id candidate { id } } } } }"
    yield Operation(
        row, "interviews", document, lambda it: {"id": it.candidate}, _listed(lambda it: it.interview), through
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
    yield Operation(row, "users", document, lambda it: {"emails": [it.user_email]}, _listed(lambda it: it.user))
    document = "{ feedbackTemplates(first: 100) { edges { node { id } } } }"
    yield Operation(row, "feedbackTemplates", document, found=_listed(lambda it: it.template))
    yield Operation(row, "stages", "{ stages { id } }", found=_listed(lambda it: it.stage))
    yield Operation(row, "postings", "{ postings { id } }", found=_listed(lambda it: it.posting))
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
    yield Operation(row, "submitFeedback", document, lambda it: {"id": it.form, "answers": _answers(it)})

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


_numbers = itertools.count(1)


def _answers(it: Things) -> list[dict[str, Any]]:
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
        "panelExternalId": f"pushed-{next(_numbers)}",
        "candidateId": it.candidate,
        "timezone": "UTC",
        "interview": interview,
    }


def _push(it: Things) -> dict[str, Any]:
    single = _push_one(it)
    interview, external_id = single.pop("interview"), single.pop("panelExternalId")
    return single | {"externalId": external_id, "interviews": [interview]}


OPERATIONS = [*_reads(), *_acts()]


@dataclass
class Scene:
    """Two accounts. `near` is in everybody's scope, `far` outside Leo's and Ivo's, `foreign` outside everybody's."""

    world: World
    near: Things
    far: Things
    foreign: Things
    #: What each person's own form on the near panel is.
    own_forms: dict[str, str]
    #: The cursor behind which these panels came.
    start: str

    def person(self, name: str) -> Person:
        person: Person = getattr(self.world, name)
        return person

    async def things(self, name: str, cell: str, in_scope: bool, operation: Operation) -> Things:
        """What the person names, in or out of the scope that the cell leaves them."""
        there = self.near if in_scope else self.far if cell in SCOPED else self.foreign
        if operation.spoils and there is not self.foreign:
            there = await _with_panel(self.world, there, f"spoilt-{next(_numbers)}", "noor")
        return replace(there, form=self.own_forms.get(name, there.form) if in_scope else self.far.noors_form)


@pytest.fixture(scope="module")
async def scene(running: Server) -> Scene:
    """Made once for all cells: what an operation changes of it doesn't matter to the others."""
    world, other = await World.made(running), await World.made(running)
    await world.goodtime.push(**world.a_panel("first", world.an_interview("one", "noor")))
    [change] = await world.rita.changes()
    own = await _things(world, "carla", "backend")
    lea = replace(own, candidate=world.candidates["lea"], candidate_external_id="lea")
    everybody = ("sam", "ada", "rita", "leo", "ivo", "noor")
    near = await _with_panel(world, lea, "near", *everybody)
    far = await _with_panel(world, own, "far", "noor")
    for document in (
        'mutation { syncPostings(postings: [{externalId: "strange", title: "Strange"}]) { errors { code } } }',
        """mutation { syncCandidates(candidates: [{externalId: "stranger", name: "Stranger", stage: "On-site",
          postingExternalId: "strange"}]) { errors { code } } }""",
    ):
        await other.sam.ask(document)
    foreign = await _with_panel(other, await _things(other, "stranger", "strange"), "foreign", "noor")
    own_forms = {name: await _own_form(getattr(world, name)) for name in everybody[:-1]}
    await world.noor.submit(near.noors_form, _answers(near))
    await world.noor.submit(far.noors_form, _answers(far))
    await other.noor.submit(foreign.noors_form, _answers(foreign))
    for name, form in own_forms.items():
        await getattr(world, name).submit(form, _answers(near))
    return Scene(world, near, far, foreign, own_forms, change["cursor"])


async def _things(world: World, candidate: str, posting: str) -> Things:
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


async def _with_panel(world: World, its: Things, external_id: str, *people: str) -> Things:
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


async def _own_form(person: Person) -> str:
    """The only form that the person has."""
    document = "{ viewer { ... on User { feedbackForms { edges { node { id } } } } } }"
    [edge] = (await person.ask(document))["viewer"]["feedbackForms"]["edges"]
    return str(edge["node"]["id"])


def _verdict(operation: Operation, answer: dict[str, Any], its: Things) -> Verdict:
    if "errors" in answer:
        [code] = {error["extensions"]["code"] for error in answer["errors"]}
        return Verdict[code]
    [data] = answer["data"].values()
    if isinstance(data, dict) and data.get("errors"):
        assert all(error["code"].endswith("NOT_FOUND") for error in data["errors"]), data
        return UNKNOWN
    return DONE if operation.found(data, its) else UNKNOWN


def _anonymous(answer: dict[str, Any], its: Things) -> str:
    """The answer as text, with the names of things for the things."""
    text = json.dumps(answer)
    for name, value in asdict(its).items():
        text = text.replace(value, f"<{name}>")
    return text


CASES = [
    pytest.param(operation, name, in_scope, id=f"{operation.name}-{name}-{'in' if in_scope else 'out of'} scope")
    for operation in OPERATIONS
    for name in PEOPLE
    for in_scope in (True, False)
    if in_scope or operation.names
]


@pytest.mark.parametrize(("operation", "name", "in_scope"), CASES)
async def test_each_cell_of_the_table(operation: Operation, name: str, in_scope: bool, scene: Scene) -> None:
    cell = TABLE[operation.row].get(PEOPLE[name], "")
    expected = operation.cells.get(cell, CELLS[cell])[0 if in_scope else 1]
    its = await scene.things(name, cell, in_scope, operation)
    person = scene.person(name)

    answer = await person.answer(operation.document, **operation.variables(its))

    assert _verdict(operation, answer, its) is expected, answer
    if not in_scope:
        never = await person.answer(operation.document, **operation.variables(NOTHING))
        assert _anonymous(answer, its) == _anonymous(never, NOTHING)


def test_every_row_and_every_operation_of_the_contract_is_among_the_cells() -> None:
    rows = {operation.row for operation in OPERATIONS}
    documents = " ".join(" ".join(operation.document for operation in OPERATIONS).split())
    assert CONTRACT.query_type
    assert CONTRACT.mutation_type
    fields = [*CONTRACT.query_type.fields, *CONTRACT.mutation_type.fields]

    assert rows == set(TABLE)
    assert [name for name in fields if f"{{ {name}" not in documents] == ["account", "viewer"]


@pytest.mark.parametrize("in_scope", [True, False], ids=["in scope", "out of scope"])
@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "nobody"])
async def test_a_subscription_delivers_what_is_in_scope_and_nothing_else(
    name: str, in_scope: bool, scene: Scene
) -> None:
    cell = TABLE["change feed and subscription"][PEOPLE[name]]
    there = scene.near if in_scope else scene.far if cell in SCOPED else scene.foreign

    async with scene.person(name).following(FOLLOW, after=scene.start, candidateId=there.candidate) as following:
        if in_scope:
            assert (await following.next())["panel"]["externalId"] == "near"
        else:
            await following.nothing()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("sam", True), ("ada", True), ("rita", False), ("leo", False), ("ivo", False), ("goodtime", False)],
)
async def test_others_answers_are_shown_before_ones_own_are_in_to_admins_alone(
    name: str, shown: bool, world: World
) -> None:
    everybody = ("sam", "ada", "rita", "leo", "ivo", "noor")
    its = await _with_panel(world, await _things(world, "lea", "backend"), "panel", *everybody)
    await world.noor.submit(its.noors_form, _answers(its))
    document = "query ($id: ID!) { feedbackForm(id: $id) { status answers { values } } }"

    form = (await getattr(world, name).ask(document, id=its.noors_form))["feedbackForm"]

    assert form["status"] == "COMPLETED"
    assert form["answers"] == ([{"values": ["Hire"]}] if shown else None)


@pytest.mark.parametrize("how", ["owned", "followed", "of their posting", "sat with", "none of these"])
async def test_theirs_are_the_candidates_whom_they_own_or_follow_or_hire_or_sit_with(how: str, world: World) -> None:
    leo = world.email("leo")
    posting = {"externalId": "theirs", "title": "Theirs", "hiringManagerEmail": leo}
    sync = "mutation ($rows: [PostingInput!]!) { syncPostings(postings: $rows) { errors { code } } }"
    await world.sam.ask(sync, rows=[posting])
    said = {"owned": {"ownerEmail": leo}, "followed": {"followerEmails": [leo]}}
    said |= {"of their posting": {"postingExternalId": "theirs"}}
    row = {"externalId": "theirs", "name": "Theirs", "stage": "On-site", **said.get(how, {})}
    sync = "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { candidates { id } } }"
    [candidate] = (await world.sam.ask(sync, rows=[row]))["syncCandidates"]["candidates"]
    interview = world.an_interview("one", "leo" if how == "sat with" else "noor")
    await world.goodtime.push(**world.a_panel("theirs", interview, candidateId=candidate["id"]))

    shown = await world.leo.ask(
        """query ($id: ID) { candidate(id: $id) { name } interviewPanel(externalId: "theirs") { id }
          interviews(filter: {candidateId: $id}) { edges { cursor } } }""",
        id=candidate["id"],
    )

    seen = [shown["candidate"], shown["interviewPanel"], shown["interviews"]["edges"]]
    assert [bool(each) for each in seen] == [how != "none of these"] * 3


async def test_an_interviewer_sees_of_a_panel_only_the_interviews_on_which_they_sit(world: World) -> None:
    interviews = [world.an_interview("ivos", "ivo"), world.an_interview("noors", "noor")]
    await world.goodtime.push(**world.a_panel("panel", *interviews))

    shown = await world.ivo.ask(
        """{ interviews { edges { node { externalId panel { interviews { externalId }
          candidate { name interviewPanels(includeCanceled: true) { edges { cursor } } } } } } } }"""
    )

    [edge] = shown["interviews"]["edges"]
    assert edge["node"]["externalId"] == "ivos"
    panel = edge["node"]["panel"]
    assert [interview["externalId"] for interview in panel["interviews"]] == ["ivos"]
    assert panel["candidate"] == {"name": "Carla Gómez", "interviewPanels": {"edges": []}}


@pytest.mark.parametrize("name", ["sam", "ada", "rita", "leo", "ivo", "goodtime"])
async def test_nobody_lists_anybody_elses_feedback_forms(world: World, name: str) -> None:
    interview = world.an_interview("one", "noor", "ivo", feedbackTemplateId=world.templates["values"])
    await world.goodtime.push(**world.a_panel("panel", interview, candidateExternalId="lea"))
    way = "interviews { edges { node { interviewers { user { email feedbackForms { edges { cursor } } } } } } }"
    person: Person = getattr(world, name)

    assert await person.refused(f"{{ {way} }}") == "FORBIDDEN"
    if name != "ivo":
        assert await person.refused("{ users(first: 100) { edges { node { feedbackForms { edges { cursor } } } } } }")


@pytest.mark.parametrize("field", ["enabled", "enabledAt", "enabledBy { name }", "apiKeys { id }"])
@pytest.mark.parametrize("way", ["managedBy", "createdBy"])
async def test_an_interviewer_sees_what_manages_a_panel_and_not_whether_it_is_on(
    world: World, way: str, field: str
) -> None:
    await world.goodtime.push(**world.a_panel("panel"))
    document = "{ interviews { edges { node { panel { %s { ... on Integration { name %s } } } } } } }"

    shown = await world.ivo.ask(document % (way, ""))

    assert shown["interviews"]["edges"][0]["node"]["panel"][way] == {"name": "GoodTime"}
    assert await world.ivo.refused(document % (way, field)) == "FORBIDDEN"
    if not field.startswith("apiKeys"):
        await world.leo.ask(document % (way, field))


async def test_what_gets_out_of_scope_is_unknown_from_then_on(world: World) -> None:
    document = "query ($id: ID) { candidate(id: $id) { name } }"
    lea = world.candidates["lea"]
    before = await world.leo.ask(document, id=lea)
    row = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site", "ownerEmail": world.email("rita")}
    await world.sam.ask(
        "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { errors { code } } }", rows=[row]
    )

    after = await world.leo.ask(document, id=lea)

    assert before["candidate"] == {"name": "Lea Fontaine"}
    assert after["candidate"] is None
