"""A visitor's browser before a real server process, and GoodTime as a key that pushes over HTTP.

Every test gets candidates of its own, so that the tests may run in any order on one account.
"""

import itertools
import json
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn
from urllib.parse import urljoin

import httpx
import jwt
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute

import clock

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0
AT = time(15)
#: The server as a browser finds it that isn't on its machine: without https, it is no secure context there.
ELSEWHERE = "elsewhere.example"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
)
WINDOW = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "viewport": {"width": 1280, "height": 860}}
EMAILS = {
    "SUPER_ADMIN": "super-admin@demo.example",
    "ADMIN": "admin@demo.example",
    "TEAM_MEMBER": "team-member@demo.example",
    "LIMITED_TEAM_MEMBER": "limited@demo.example",
    "INTERVIEWER": "interviewer@demo.example",
}


def missing(what: str) -> NoReturn:
    """Skip the test for want of a tool; where everything must be tested, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and here nothing may be skipped.")
    pytest.skip(f"{what} is missing")


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What the condition gives once it is true; fails after so many seconds."""
    deadline = monotonic() + seconds
    while not (found := condition()):
        if monotonic() > deadline:
            pytest.fail("It never came true.")
        threading.Event().wait(0.05)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Ats:
    """The demo account of a server process, asked over HTTP as a person or as GoodTime."""

    url: str
    secret: str
    said: Path
    _key: str | None = field(default=None, repr=False)
    _sequences: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def url_elsewhere(self) -> str:
        """The same server over plain http, for a browser that is on another machine."""
        return self.url.replace("127.0.0.1", ELSEWHERE)

    def token(self, role: str = "SUPER_ADMIN", seconds: float = 3600) -> str:
        """A sign-in of the demo's person of that role; below -30 it is over, the leeway included."""
        ends = clock.now() + timedelta(seconds=seconds)
        claims = {"email": EMAILS.get(role, role), "account": "demo", "exp": ends.timestamp()}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        """The data of an operation that must succeed, as a Super Admin unless with another token or key."""
        answer = self.answer(query, token or self.token(), variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def answer(self, query: str, token: str, variables: dict[str, Any] | None = None) -> Any:
        """The whole answer, errors and all."""
        request = {"query": query, "variables": variables or {}}
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.post(f"{self.url}/graphql", json=request, headers=headers, timeout=PATIENCE).json()

    def switch(self, enabled: bool) -> None:
        """Switch GoodTime on or off."""
        self.ask(
            "mutation($on: Boolean!) {"
            " setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { message } } }",
            on=enabled,
        )

    def key(self) -> str:
        """A key of GoodTime that works: another one where tests of rotation have ended the last."""
        self.switch(True)
        if self._key is None or not self.is_good(self._key):
            made = self.ask("mutation { generateApiKey(provider: GOODTIME) { secret } }")
            self._key = str(made["generateApiKey"]["secret"])
        return self._key

    def sequence(self) -> int:
        """A revision higher than all before."""
        return next(self._sequences)

    def is_good(self, token: str) -> bool:
        """Whether the token or key signs in."""
        return "errors" not in self.answer("{ viewer { __typename } }", token)

    @cached_property
    def stage(self) -> str:
        """The name of a stage in which interviews are to be scheduled."""
        stages = self.ask("{ stages { name hasInterview } }")["stages"]
        return str(next(stage["name"] for stage in stages if stage["hasInterview"]))

    def candidate(self, name: str = "", external_id: str = "") -> "Candidate":
        """A candidate waiting for interviews; nobody else's in the tests, unless known by that external id."""
        external_id = external_id or f"browser-{secrets.token_hex(6)}"
        row = {
            "externalId": external_id,
            "name": name or f"Robin {external_id[-6:].title()}",
            "headline": "Staff engineer at Northwind",
            "emails": [f"{external_id}@mail.example"],
            "stage": self.stage,
            "followerEmails": [EMAILS["TEAM_MEMBER"]],
        }
        synced = self.ask(
            "mutation($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows)"
            " { candidates { id name externalId } errors { message path } } }",
            rows=[row],
        )["syncCandidates"]
        assert not synced["errors"], synced
        [found] = synced["candidates"]
        return Candidate(self, found["id"], found["name"], external_id)

    @cached_property
    def template(self) -> str:
        """The id of a feedback template with a field of every type."""
        kinds = [
            ("SCORE", "Overall recommendation", True, ["Strong No Hire", "No Hire", "Hire", "Strong Hire"]),
            ("TEXTAREA", "What speaks for them?", True, []),
            ("YES_NO", "Would you work with them yourself?", False, []),
            ("MULTIPLE_SELECT", "Topics covered", False, ["System design", "Debugging", "Communication"]),
            ("DROPDOWN", "Seniority", False, ["Junior", "Senior", "Staff"]),
            ("DATE", "Earliest start they named", False, []),
            ("CODE", "A snippet worth keeping", False, []),
            ("TEXT", "In one word", False, []),
        ]
        fields = [
            {"type": kind, "label": label, "required": required, "options": options}
            for kind, label, required, options in kinds
        ]
        row = {
            "externalId": "browser-every-type",
            "name": "Engineering interview",
            "instructions": "Write what you saw, not what you felt.",
            "fields": fields,
        }
        synced = self.ask(
            "mutation($rows: [FeedbackTemplateInput!]!) { syncFeedbackTemplates(feedbackTemplates: $rows)"
            " { feedbackTemplates { id } errors { message path } } }",
            rows=[row],
        )["syncFeedbackTemplates"]
        assert not synced["errors"], synced
        return str(synced["feedbackTemplates"][0]["id"])

    @cached_property
    def interviewers(self) -> list[str]:
        """The emails of the demo's Interviewers, first the one who signs in."""
        edges = self.ask("{ users(first: 100) { edges { node { email role } } } }")["users"]["edges"]
        others = [node["email"] for edge in edges if (node := edge["node"])["role"] == "INTERVIEWER"]
        return [EMAILS["INTERVIEWER"], *(email for email in others if email != EMAILS["INTERVIEWER"])]


@dataclass
class Candidate:
    """A candidate, and what GoodTime does for them."""

    ats: Ats
    id: str
    name: str
    external_id: str

    def push(
        self,
        days: float = 3,
        panel: str = "panel",
        subjects: tuple[str, ...] = ("System design",),
        at: time = AT,
        without: str = "",
    ) -> Any:
        """GoodTime pushes the whole panel, at that UTC time of the day so many days from now; the panel as answered.

        `without` is the email of somebody who is left out.
        """
        start = datetime.combine(clock.now() + timedelta(days=days), at, UTC)
        people, template = self.ats.interviewers, self.ats.template
        interviews = [
            {
                "externalId": f"{panel}-{place}",
                "subject": subject,
                "startsAt": (start + timedelta(hours=place)).isoformat(),
                "durationMinutes": 45,
                "location": "Room Aurora",
                "feedbackTemplateId": template,
                "interviewers": [
                    {"email": email, "responseStatus": response}
                    for email, response in [(people[0], "ACCEPTED"), (people[1 + place % 2], "NEEDS_ACTION")]
                    if email != without
                ],
            }
            for place, subject in enumerate(subjects)
        ]
        pushed = self.ats.ask(
            "mutation($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) {"
            " errors { message path }"
            " panel { id interviews { feedbackForms { id interviewer { email } } } } } }",
            self.ats.key(),
            input={
                "externalId": f"{self.external_id}-{panel}",
                "candidateExternalId": self.external_id,
                "sequence": self.ats.sequence(),
                "externalUrl": f"https://app.goodtime.example/interviews/{self.external_id}-{panel}",
                "timezone": "America/Los_Angeles",
                "interviews": interviews,
            },
        )["upsertInterviewPanel"]
        assert not pushed["errors"], pushed
        return pushed["panel"]

    def delete(self, panel: str = "panel") -> None:
        """GoodTime deletes the panel."""
        self.ats.ask(
            "mutation($input: CancelInterviewPanelInput!) {"
            " cancelInterviewPanel(input: $input) { errors { message } } }",
            self.ats.key(),
            input={"externalId": f"{self.external_id}-{panel}", "sequence": self.ats.sequence()},
        )

    def form(self, pushed: Any, email: str) -> str:
        """The id of that person's form for the panel's first interview."""
        forms = pushed["interviews"][0]["feedbackForms"]
        return str(next(form["id"] for form in forms if form["interviewer"]["email"] == email))


@dataclass
class Wire:
    """A line between browser and server that can be cut and joined again."""

    server: int
    port: int = 0
    is_cut: bool = False
    _ends: set[socket.socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """Everything that is open breaks off, and nothing new gets through."""
        self.is_cut = True
        for end in list(self._ends):
            _hang_up(end)

    def join(self) -> None:
        """New connections get through again."""
        self.is_cut = False

    def close(self) -> None:
        """The end of the line."""
        self.cut()
        _hang_up(self._listener)

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                _hang_up(near)
                continue
            far = socket.create_connection(("127.0.0.1", self.server))
            self._ends |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for end in (source, target):
            self._ends.discard(end)
            _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@dataclass
class Ear:
    """What a window hears of the change feed: the test can stop it, and say something in the server's place."""

    is_deaf: bool = False
    subscribed: list[Any] = field(default_factory=list)
    _window: WebSocketRoute | None = None

    def listen(self, window: WebSocketRoute) -> None:
        """Stand between a window's socket and the server."""
        self._window = window
        far = window.connect_to_server()
        window.on_message(lambda message: far.send(self._noted(message)))
        far.on_message(lambda message: None if self.is_deaf else window.send(message))

    def refuse(self, **extensions: str) -> None:
        """End the feed with an error inside `next`, as the server ends a running stream; then hear all again."""
        self.is_deaf = False
        payload = {"data": None, "errors": [{"message": "It ends here.", "extensions": extensions}]}
        assert self._window is not None
        self._window.send(json.dumps({"id": self.subscribed[-1]["id"], "type": "next", "payload": payload}))

    def _noted(self, message: str | bytes) -> str | bytes:
        said = json.loads(message)
        if said["type"] == "subscribe" and "interviewPanelChanges" in said["payload"]["query"]:
            self.subscribed.append(said)
        return message


@dataclass
class Visitors:
    """Opens windows: each is a browser of its own, with its own sign-in."""

    browser: Browser
    ats: Ats
    _contexts: list[BrowserContext] = field(default_factory=list)

    def window(
        self, role: str | None, path: str = "/", *, base: str | None = None, ear: Ear | None = None, **options: Any
    ) -> Page:
        """A window on that place, signed in by a link as the person of that role, with the view loaded."""
        context = self.browser.new_context(**(WINDOW | options))
        context.set_default_timeout(PATIENCE * 1000)
        self._contexts.append(context)
        page = context.new_page()
        if ear is not None:
            page.route_web_socket("**/graphql", ear.listen)
        page.goto(f"{base or self.ats.url}{path}" + (f"#token={self.ats.token(role)}" if role else ""))
        if role:
            page.wait_for_selector("#bar .live[data-state=live]")
            page.wait_for_selector("main:not([aria-busy]) h1")
        return page

    def leave(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()


def panel_cards(page: Page) -> Locator:
    """The panels that stand on the profile."""
    return page.locator(".section:not(.canceled) article.panel")


def accessibility_faults(page: Page, axe: str) -> list[str]:
    """What axe finds wrong on the page as it stands, by the rules of WCAG 2.2 AA."""
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", tags)
    return [
        f"{fault['impact']}: {fault['id']} at {json.dumps([node['target'] for node in fault['nodes']])}"
        for fault in found["violations"]
    ]


def pasted(page: Page) -> str:
    """What is in the clipboard of the page's browser."""
    assert not page.evaluate("isSecureContext"), "or the page could be asked"
    page.goto(urljoin(page.url, "/graphql"))
    field = page.locator("#query")
    field.fill("")
    field.press("Control+V")
    return field.input_value()
