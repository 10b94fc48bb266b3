"""The people of the tests and what they do: each asks in GraphQL over HTTP or WebSocket, as themselves."""

import asyncio
import itertools
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import httpx
import websockets

import clock
import models
import settings
from auth import tokens
from auth.viewer import Viewer
from models import FeedbackFieldType, IntegrationProvider, Role
from process import Process
from resolvers import directory, integrations, syncs, template_syncs, user_syncs
from resolvers.syncs import CandidateRow, PostingRow, StageRow
from resolvers.template_syncs import TemplateFieldRow, TemplateRow
from resolvers.user_syncs import UserRow
from tests.account_copies import AccountTemplate
from tests.processes import http_client

T = TypeVar("T")

_numbers = itertools.count(1)
_BEGAN = clock.now().replace(minute=0, second=0, microsecond=0)

PANEL = """fragment Panel on InterviewPanel {
  id externalId externalUrl status timezone note startsAt endsAt sequence version
  cancellation { at origin reason calendarEventRemains by { __typename } }
  candidate { externalId }
  interviews(includeCanceled: true) {
    id externalId subject note location meetingUrl startsAt endsAt durationMinutes
    cancellation { origin reason calendarEventRemains }
    feedbackReminder
    interviewers { user { email } responseStatus feedbackRequired
      feedbackForm { id url status template { externalId } } }
  }
}"""
PUSH = (
    PANEL
    + """mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) {
  outcome panel { ...Panel } warnings { code path message } errors { code path message } } }"""
)
PUSH_ONE = (
    PANEL
    + """mutation ($input: UpsertInterviewInput!) { upsertInterview(input: $input) {
  outcome interview { id externalId } panel { ...Panel }
  warnings { code path message } errors { code path message } } }"""
)
CANCEL = (
    PANEL
    + """mutation ($input: CancelInterviewPanelInput!) { cancelInterviewPanel(input: $input) {
  calendarEventRemains panel { ...Panel } errors { code path message } } }"""
)
CANCEL_ONE = (
    PANEL
    + """mutation ($input: CancelInterviewInput!) { cancelInterview(input: $input) {
  calendarEventRemains interview { id externalId } panel { ...Panel } errors { code path message } } }"""
)
RESTORE = (
    PANEL
    + """mutation ($input: RestoreInterviewPanelInput!) { restoreInterviewPanel(input: $input) {
  panel { ...Panel } errors { code path message } } }"""
)
SUBMIT = """mutation ($input: SubmitFeedbackInput!) { submitFeedback(input: $input) {
  form { id status completedAt answers { fieldId values } } errors { code path message } } }"""
SHOW = (
    PANEL + """query ($id: ID, $externalId: String) { interviewPanel(id: $id, externalId: $externalId) { ...Panel } }"""
)
FORM = """query ($id: ID!) { feedbackForm(id: $id) {
  id url status completedAt instructions template { externalId } interviewer { email }
  fields { id type label description required options } answers { fieldId values } } }"""
CHANGES = """query ($after: String, $first: Int, $candidateId: ID) {
  interviewPanelChanges(after: $after, first: $first, candidateId: $candidateId) {
    pageInfo { hasNextPage endCursor } edges { cursor node { cursor kind at panel { externalId } } } } }"""
FOLLOW = """subscription ($after: String, $candidateId: ID) {
  interviewPanelChanges(after: $after, candidateId: $candidateId) {
    cursor kind panel { externalId status version } } }"""


class Server:
    """Where the application answers."""

    def __init__(self, address: str, process: Process | None = None) -> None:
        self.address = address
        #: Known where the application runs in the process of the tests.
        self.process: Any = process
        self.graphql = f"{address}/graphql"
        self.websocket = self.graphql.replace("http", "ws", 1)
        self.http = http_client(timeout=30)

    async def __aenter__(self) -> "Server":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()


class GraphQLErrors(AssertionError):
    """An answer had errors where the test expected none."""


@dataclass
class Person:
    """Somebody who asks: a user with a token, GoodTime with its key, or nobody."""

    server: Server
    authorization: str | None
    name: str = ""
    email: str = ""
    id: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": self.authorization} if self.authorization else {}

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors and all."""
        body = {"query": query, "variables": variables}
        response = await self.server.http.post(self.server.graphql, json=body, headers=self.headers)
        answer: dict[str, Any] = response.json()
        return answer

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of the answer. Fails on any error."""
        answer = await self.answer(query, **variables)
        if "errors" in answer:
            raise GraphQLErrors(json.dumps(answer["errors"], indent=1))
        data: dict[str, Any] = answer["data"]
        return data

    async def refused(self, query: str, **variables: Any) -> str:
        """The code of the only error of the answer. Fails where there is none."""
        answer = await self.answer(query, **variables)
        codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
        assert len(set(codes)) == 1, answer
        return str(codes[0])

    async def push(self, **fields: Any) -> dict[str, Any]:
        """Push a panel; the payload."""
        return dict((await self.ask(PUSH, input=fields))["upsertInterviewPanel"])

    async def push_one(self, **fields: Any) -> dict[str, Any]:
        """Push one event; the payload."""
        return dict((await self.ask(PUSH_ONE, input=fields))["upsertInterview"])

    async def cancel(self, **fields: Any) -> dict[str, Any]:
        """Cancel a panel; the payload."""
        return dict((await self.ask(CANCEL, input=fields))["cancelInterviewPanel"])

    async def cancel_one(self, **fields: Any) -> dict[str, Any]:
        """Cancel an interview; the payload."""
        return dict((await self.ask(CANCEL_ONE, input=fields))["cancelInterview"])

    async def restore(self, **fields: Any) -> dict[str, Any]:
        """Restore a panel; the payload."""
        return dict((await self.ask(RESTORE, input=fields))["restoreInterviewPanel"])

    async def submit(self, form_id: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
        """Hand in a form; the payload."""
        return dict((await self.ask(SUBMIT, input={"formId": form_id, "answers": answers}))["submitFeedback"])

    async def form(self, form_id: str) -> dict[str, Any] | None:
        """A feedback form as this person sees it."""
        form: dict[str, Any] | None = (await self.ask(FORM, id=form_id))["feedbackForm"]
        return form

    async def fill(self, form_id: str, *chosen: str) -> dict[str, Any]:
        """Hand in a form with these values for its first fields, `Hire` by default; the payload."""
        form = await self.form(form_id)
        assert form is not None, "only one's own form is filled in"
        fields = [field["id"] for field in form["fields"]]
        answers = zip(fields, chosen or ("Hire",), strict=False)
        return await self.submit(form_id, [{"fieldId": field, "values": [value]} for field, value in answers])

    async def sync(self, what: str, rows: list[dict[str, Any]], shown: str = "id") -> dict[str, Any]:
        """Sync `users`, `stages`, `postings`, `candidates` or `feedbackTemplates`; the payload."""
        name = f"sync{what[0].upper()}{what[1:]}"
        kind = f"{what[0].upper()}{what[1:-1]}Input"
        payload = f"{what} {{ {shown} }} errors {{ code path message }}"
        query = f"mutation ($rows: [{kind}!]!) {{ {name}({what}: $rows) {{ {payload} }} }}"
        return dict((await self.ask(query, rows=rows))[name])

    async def panel(self, **named: Any) -> dict[str, Any] | None:
        """A panel as this person sees it."""
        panel: dict[str, Any] | None = (await self.ask(SHOW, **named))["interviewPanel"]
        return panel

    async def changes(self, **arguments: Any) -> list[dict[str, Any]]:
        """The changes behind a cursor, up to a page."""
        edges = (await self.ask(CHANGES, **arguments))["interviewPanelChanges"]["edges"]
        return [edge["node"] for edge in edges]

    async def account_head(self) -> str | None:
        """The cursor behind the last change there is."""
        cursor = None
        while changes := await self.changes(after=cursor, first=500):
            cursor = changes[-1]["cursor"]
        return cursor

    @asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator["Connection"]:
        """A WebSocket, signed in."""
        # With a bounded queue, a client that has left messages unread waits for ten seconds when it closes.
        options = {"max_queue": None, "subprotocols": [websockets.Subprotocol("graphql-transport-ws")], **options}
        async with websockets.connect(self.server.websocket, **options) as socket:
            connection = Connection(socket)
            payload = {"Authorization": self.authorization} if self.authorization else {}
            await connection.send(type="connection_init", payload=payload)
            assert (await connection.receive())["type"] == "connection_ack"
            yield connection

    @asynccontextmanager
    async def following(self, query: str = FOLLOW, **variables: Any) -> AsyncIterator["Following"]:
        """A subscription over a WebSocket of its own. Without `after` it has begun when the block does."""
        async with self.connected() as connection:
            yield await connection.follow(query, **variables)

    @asynccontextmanager
    async def streaming(self, query: str = FOLLOW, **variables: Any) -> AsyncIterator["Following"]:
        """The same as server-sent events. Without `after` it may begin a little later."""
        body = {"query": query, "variables": variables}
        headers = {**self.headers, "accept": "text/event-stream"}
        async with self.server.http.stream("POST", self.server.graphql, json=body, headers=headers) as response:
            events = Events(response)
            reading = asyncio.create_task(events.read())
            try:
                yield Following(events, "")
            finally:
                reading.cancel()


class Events:
    """Server-sent events, read while they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._come: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def read(self) -> None:
        """Take in the events until the server ends them."""
        event: dict[str, str] = {}
        async for line in self._response.aiter_lines():
            if not line and "event" in event:
                payload = json.loads(event.get("data") or "null")
                self._come.put_nowait({"type": event["event"], "payload": payload})
            name, _, value = line.partition(": ")
            event = {**event, name.rstrip(":"): value} if line else {}

    async def receive(self, within: float = 10) -> dict[str, Any]:
        """The next event."""
        async with asyncio.timeout(within):
            return await self._come.get()


@dataclass
class Connection:
    """A WebSocket that speaks graphql-transport-ws."""

    socket: websockets.ClientConnection
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def receive(self, within: float = 10) -> dict[str, Any]:
        """The next message that is no ping."""
        async with asyncio.timeout(within):
            while (message := json.loads(await self.socket.recv()))["type"] == "ping":
                await self.send(type="pong")
        return dict(message)

    async def follow(self, query: str = FOLLOW, **variables: Any) -> "Following":
        """Subscribe; everything that this connection receives from now on is taken for its answers."""
        id = str(next(self._ids))
        await self.send(type="subscribe", id=id, payload={"query": query, "variables": variables})
        # The server takes messages in order, so the pong tells that it has seen the subscribe.
        await self.send(type="ping")
        following = Following(self, id)
        while (message := await self.receive())["type"] != "pong":
            following.early.append(message)
        await asyncio.sleep(0.05)
        return following


@dataclass
class Following:
    """What a subscription has received and receives."""

    connection: Connection | Events
    id: str
    early: list[dict[str, Any]] = field(default_factory=list)

    async def message(self, within: float = 10) -> dict[str, Any]:
        """The next message of the subscription."""
        return self.early.pop(0) if self.early else await self.connection.receive(within)

    async def next(self, within: float = 10) -> dict[str, Any]:
        """The next change (or whatever the subscription's only field delivers)."""
        message = await self.message(within)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        [delivered] = message["payload"]["data"].values()
        return dict(delivered)

    async def error(self, within: float = 10) -> dict[str, Any]:
        """The extensions of the error that ends the subscription."""
        message = await self.message(within)
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        return dict(errors[0]["extensions"])

    async def nothing(self, within: float = 0.3) -> None:
        """Fails where something arrives."""
        try:
            message = await self.message(within)
        except TimeoutError:
            return
        raise AssertionError(f"nothing should have arrived: {message}")


class World:
    """One account with somebody in every role. Leo, the Limited Team Member, owns only the candidate `lea`."""

    server: Server
    account: models.Account
    slug: str
    sam: Person  # Super Admin
    ada: Person  # Admin
    rita: Person  # Team Member
    leo: Person  # Limited Team Member
    ivo: Person  # Interviewer
    noor: Person  # Interviewer
    goodtime: Person
    nobody: Person
    #: external id to id: `carla` anybody's, `lea` Leo's, `arno` archived, `anna` in a stage without interviews
    candidates: dict[str, str]
    #: external id to id: `technical`, `values`
    templates: dict[str, str]
    #: name to id: `Applied`, `On-site`
    stages: dict[str, str]

    @classmethod
    async def made(cls, server: Server) -> "World":
        """A world of its own: a copy of the first one of this process, which is made through the rules."""
        if _Template.of_process is None:
            _Template.of_process = await _Template.make()
        template = _Template.of_process
        copy = await template.account.copy(f"account-{next(_numbers)}-{secrets.token_hex(4)}")
        world = cls()
        world.server, world.slug = server, copy.slug
        world.account = models.Account(id=copy.of(template.account_id), slug=copy.slug, name="Acme")
        for user in template.users:
            email, id = copy.of(user.email), copy.of(user.id)
            setattr(world, user.name.lower(), world.person(models.User(id=id, email=email, name=user.name)))
        world.goodtime = Person(server, f"Bearer {copy.api_key.secret}", "GoodTime")
        world.nobody = Person(server, None)
        world.candidates, world.templates, world.stages = (
            {name: copy.of(id) for name, id in ids.items()}
            for ids in (template.candidates, template.templates, template.stages)
        )
        return world

    def email(self, name: str) -> str:
        return f"{name}@{self.slug}.example"

    def person(self, user: models.User, hours: float = 1) -> Person:
        """The user, signed in."""
        secret = settings.current().jwt_secret
        assert secret is not None
        token = tokens.sign(secret.get_secret_value(), user.email, self.slug, hours)
        return Person(self.server, f"Bearer {token}", user.name, user.email, user.id)

    def a_panel(self, external_id: str = "panel", *interviews: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A push of a whole panel: by default one interview of `carla`'s with Ivo, tomorrow."""
        candidate = {} if fields.keys() & {"candidateId", "candidateExternalId"} else {"candidateExternalId": "carla"}
        return {
            "externalId": external_id,
            "timezone": "America/New_York",
            "interviews": list(interviews) or [self.an_interview()],
            **candidate,
            **fields,
        }

    def an_interview(self, external_id: str = "one", *people: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
        """An event of a push; people by name or as they are pushed, Ivo by default."""
        seats = [{"email": self.email(who)} if isinstance(who, str) else who for who in people or ("ivo",)]
        return {
            "externalId": external_id,
            "subject": f"Interview {external_id}",
            "startsAt": in_hours(24),
            "durationMinutes": 60,
            "interviewers": seats,
            **fields,
        }


@dataclass(frozen=True)
class _Template:
    """The account that worlds are copies of, and the names and ids of what is in it."""

    of_process: ClassVar["_Template | None"] = None

    account: AccountTemplate
    account_id: str
    users: list[models.User]
    candidates: dict[str, str]
    templates: dict[str, str]
    stages: dict[str, str]

    @classmethod
    async def make(cls) -> "_Template":
        """Make the account as an installation would: through the rules."""
        slug = f"template-{secrets.token_hex(8)}"
        account = await directory.create_account(slug, "Acme", f"sam@{slug}.example")
        viewer = Viewer(account=account, user=await models.User.get(account_id=account.id))
        roles = {"sam": Role.SUPER_ADMIN, "ada": Role.ADMIN, "rita": Role.TEAM_MEMBER}
        roles |= {"leo": Role.LIMITED_TEAM_MEMBER, "ivo": Role.INTERVIEWER, "noor": Role.INTERVIEWER}
        emails = {name: f"{name}@{slug}.example" for name in roles}
        users = await user_syncs.sync_users(
            viewer, [UserRow(emails[name], name.title(), role, f"user-{name}") for name, role in roles.items()]
        )
        stages = await syncs.sync_stages(viewer, [StageRow("Applied", 1), StageRow("On-site", 2, True)])
        await syncs.sync_postings(viewer, [PostingRow("backend", "Backend Engineer", emails["rita"])])
        candidates = await syncs.sync_candidates(
            viewer,
            [
                CandidateRow("carla", "Carla Gómez", "On-site", "Engineer", ["carla@mail.example"], "backend"),
                CandidateRow("lea", "Lea Fontaine", "On-site", None, [], None, emails["leo"], [emails["ada"]]),
                CandidateRow("arno", "Arno Weiss", "On-site", archived=True),
                CandidateRow("anna", "Anna O'Neil", "Applied"),
            ],
        )
        score = TemplateFieldRow(FeedbackFieldType.SCORE, "Overall", required=True)
        notes = TemplateFieldRow(FeedbackFieldType.TEXTAREA, "Notes")
        templates = await template_syncs.sync_templates(
            viewer,
            [TemplateRow("technical", "Technical", [score, notes]), TemplateRow("values", "Values", [score])],
        )
        for synced in (users, stages, candidates, templates):
            assert not synced.errors, synced.errors
        await integrations.switch(viewer, IntegrationProvider.GOODTIME, True)
        key = await integrations.generate_key(viewer, IntegrationProvider.GOODTIME, 0)
        assert key.secret is not None, key.errors
        return cls(
            await AccountTemplate.read(account, key.secret),
            account.id,
            users.rows,
            {str(row.external_id): row.id for row in candidates.rows},
            {str(row.external_id): row.id for row in templates.rows},
            {row.name: row.id for row in stages.rows},
        )


def codes_and_paths(errors: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Errors or warnings of a payload as their codes, each with its path in one string."""
    return [(each["code"], ".".join(each["path"])) for each in errors]


def in_hours(hours: float) -> str:
    """An instant so many hours from the full hour in which the run began, as a push has it: the same all the time."""
    return (_BEGAN + timedelta(hours=hours)).astimezone(UTC).isoformat()


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that the process sends inside the block, one entry for each statement; BEGIN and COMMIT are not among it.

    Many rows written by one statement are one entry. Pragmas and the like are the driver's own.
    """
    with _logged(logging.LogRecord.getMessage) as sent:
        yield sent


@contextmanager
def statements_and_values() -> Iterator[list[tuple[str, list[Any]]]]:
    """The same, each apart from its values; what has none is left out."""

    def of(record: logging.LogRecord) -> tuple[str, list[Any]] | None:
        match record.args:
            case (statement, values):
                return str(statement), list(values or [])  # type: ignore[call-overload]
        return None

    pairs: list[tuple[str, list[Any]]] = []
    with _logged(of) as sent:
        yield pairs
    pairs += filter(None, sent)


@contextmanager
def _logged(of: Callable[[logging.LogRecord], T]) -> Iterator[list[T]]:
    """What `of` makes of each statement that the ORM logs inside the block."""
    sent: list[T] = []
    log = logging.getLogger("tortoise.db_client")

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            sent.append(of(record))

    kept, before, passed_on = Kept(), log.level, log.propagate
    log.addHandler(kept)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield sent
    finally:
        log.removeHandler(kept)
        log.setLevel(before)
        log.propagate = passed_on


def instant(text: str) -> datetime:
    """A DateTime of an answer."""
    return datetime.fromisoformat(text)
