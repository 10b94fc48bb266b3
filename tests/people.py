"""The people of the tests and what they do: each asks in GraphQL over HTTP or WebSocket, as themselves."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import websockets

from process import Process
from tests.processes import http_client

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

    async def error_code(self, query: str, **variables: Any) -> str:
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

    async def expect_nothing(self, within: float = 0.3) -> None:
        """Fails where something arrives."""
        try:
            message = await self.message(within)
        except TimeoutError:
            return
        raise AssertionError(f"nothing should have arrived: {message}")


def codes_and_paths(errors: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Errors or warnings of a payload as their codes, each with its path in one string."""
    return [(each["code"], ".".join(each["path"])) for each in errors]


def instant(text: str) -> datetime:
    """A DateTime of an answer."""
    return datetime.fromisoformat(text)
