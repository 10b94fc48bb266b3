"""Browsers of visitors on a real server process, and GoodTime as a key that pushes over HTTP.

Every test gets candidates of its own, so that the tests may run in any order on one account.
"""

import itertools
import json
import os
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
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
from playwright.sync_api import Browser, BrowserContext, Locator, Page

import clock
from tests.console.network import FeedRelay

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0
AT = time(15)
#: A host name of the server other than localhost: without https, browsers treat it as no secure context.
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


def skip_without(what: str) -> NoReturn:
    """Skip the test because a tool is missing; in CI, where nothing may be skipped, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and here nothing may be skipped.")
    pytest.skip(f"{what} is missing")


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait until the condition is true, and return its value. Fails the test after so many seconds."""
    deadline = monotonic() + seconds
    while not (value := condition()):
        if monotonic() > deadline:
            pytest.fail("The condition never became true.")
        threading.Event().wait(0.05)
    return value


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Ats:
    """The demo account of a server process, used over HTTP as a person or as GoodTime."""

    url: str
    secret: str
    output: Path
    _key: str | None = field(default=None, repr=False)
    _sequences: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def goodtime(self) -> str:
        """Where GoodTime's pages are, as the demo says."""
        return str(re.findall(r"GoodTime +(http://[^/]+)/", self.output.read_text())[0])

    @property
    def url_elsewhere(self) -> str:
        """The address of the server for a browser on another machine, without https."""
        return self.url.replace("127.0.0.1", ELSEWHERE)

    def token(self, role: str = "SUPER_ADMIN", seconds: float = 3600) -> str:
        """A token of the demo's user of that role. With less than -30 seconds it has expired, leeway included."""
        ends = clock.now() + timedelta(seconds=seconds)
        claims = {"email": EMAILS.get(role, role), "account": "demo", "exp": ends.timestamp()}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def ask(self, query: str, token: str | None = None, **variables: Any) -> Any:
        """Run an operation that must succeed, as a Super Admin unless with another token or key. Returns its data."""
        response = self.response(query, token or self.token(), variables)
        assert "errors" not in response, response
        return response["data"]

    def response(self, query: str, token: str, variables: dict[str, Any] | None = None) -> Any:
        """Run an operation. Returns the response with its errors."""
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
        """A working key of GoodTime. A new one is generated where tests of rotation have ended the last."""
        self.switch(True)
        if self._key is None or not self.is_accepted(self._key):
            generated = self.ask("mutation { generateApiKey(provider: GOODTIME) { secret } }")
            self._key = str(generated["generateApiKey"]["secret"])
        return self._key

    def sequence(self) -> int:
        """A sequence higher than all before."""
        return next(self._sequences)

    def is_accepted(self, token: str) -> bool:
        """Whether the token or key is accepted."""
        return "errors" not in self.response("{ viewer { __typename } }", token)

    @cached_property
    def stage(self) -> str:
        """The name of a stage in which interviews are to be scheduled."""
        stages = self.ask("{ stages { name hasInterview } }")["stages"]
        return str(next(stage["name"] for stage in stages if stage["hasInterview"]))

    def candidate(self, name: str = "", external_id: str = "", stage: str = "") -> "Candidate":
        """A candidate in that stage, or in one with interviews. Each call adds another, unless the id is known."""
        external_id = external_id or f"browser-{secrets.token_hex(6)}"
        row = {
            "externalId": external_id,
            "name": name or f"Robin {external_id[-6:].title()}",
            "headline": "Staff engineer at Northwind",
            "emails": [f"{external_id}@mail.example"],
            "stage": stage or self.stage,
            "followerEmails": [EMAILS["TEAM_MEMBER"]],
        }
        synced = self.ask(
            "mutation($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows)"
            " { candidates { id name externalId } errors { message path } } }",
            rows=[row],
        )["syncCandidates"]
        assert not synced["errors"], synced
        [row] = synced["candidates"]
        return Candidate(self, row["id"], row["name"], external_id)

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
        """Push the panel as GoodTime, for that UTC time of the day so many days from now. Returns the panel.

        `without` is the email of an interviewer who is left out.
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
        """Delete the panel as GoodTime."""
        self.ats.ask(
            "mutation($input: CancelInterviewPanelInput!) {"
            " cancelInterviewPanel(input: $input) { errors { message } } }",
            self.ats.key(),
            input={"externalId": f"{self.external_id}-{panel}", "sequence": self.ats.sequence()},
        )

    def form_id(self, panel: Any, email: str) -> str:
        """The id of that interviewer's form for the panel's first interview."""
        forms = panel["interviews"][0]["feedbackForms"]
        return str(next(form["id"] for form in forms if form["interviewer"]["email"] == email))


@dataclass
class Visitors:
    """Opens windows: each is a browser of its own, with its own sign-in."""

    browser: Browser
    ats: Ats
    _contexts: list[BrowserContext] = field(default_factory=list)

    def window(
        self,
        role: str | None,
        path: str = "/",
        *,
        base: str | None = None,
        relay: FeedRelay | None = None,
        **options: Any,
    ) -> Page:
        """Open a window at that path, signed in by a link as the user of that role, once the view is loaded."""
        context = self.browser.new_context(**(WINDOW | options))
        context.set_default_timeout(PATIENCE * 1000)
        self._contexts.append(context)
        page = context.new_page()
        if relay is not None:
            page.route_web_socket("**/graphql", relay.attach)
        page.goto(f"{base or self.ats.url}{path}" + (f"#token={self.ats.token(role)}" if role else ""))
        if role:
            page.wait_for_selector("#bar .live[data-state=live]")
            page.wait_for_selector("main:not([aria-busy]) h1")
        return page

    def close_all(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()


def panel_cards(page: Page) -> Locator:
    """The panels on the profile that are not cancelled."""
    return page.locator(".section:not(.canceled) article.panel")


#: What is there while a view is loaded again is faded: a run in which that happened doesn't count.
_RUN_AXE = """
async tags => {
  const isBusy = () => document.querySelector("main[aria-busy]") !== null
  for (;;) {
    while (isBusy()) await new Promise(requestAnimationFrame)
    let wasBusy = false
    const observer = new MutationObserver(() => { wasBusy = true })
    observer.observe(document, { subtree: true, attributeFilter: ["aria-busy"] })
    const report = await axe.run(document, { runOnly: { type: "tag", values: tags } })
    observer.disconnect()
    if (!wasBusy && !isBusy()) return report
  }
}
"""


def accessibility_faults(page: Page, axe: str) -> list[str]:
    """The violations of WCAG 2.2 AA that axe finds on the page, while it is not being loaded again."""
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    report = page.evaluate(_RUN_AXE, tags)
    return [
        f"{fault['impact']}: {fault['id']} at {json.dumps([node['target'] for node in fault['nodes']])}"
        for fault in report["violations"]
    ]


def clipboard_text(page: Page) -> str:
    """The text in the clipboard of the page's browser, read by pasting it into the explorer."""
    assert not page.evaluate("isSecureContext"), "or the page could be asked"
    page.goto(urljoin(page.url, "/graphql"))
    field = page.locator("#query")
    field.fill("")
    field.press("Control+V")
    return field.input_value()
