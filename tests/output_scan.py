"""What the servers of a run wrote, scanned at its end for secrets and personal data.

Recorded are whole logs, and of what is sent all but `data`: the errors of answers, cursors, metrics, headers and
reasons of closes. Searched for are credentials and emails by their looks, the people of the tests by name, and whatever
text was sent as a name, an answer, a note and the like, accepted or not.

What stands in `data` is the caller's to see by the rules, so it isn't recorded: not the secret of a key just made, nor
the `INTERVIEWER_NOT_FOUND` that names whom the push itself has named; nor is the token of a session, in cookie and
answer. Neither are the outputs of commands, such as the report of `simulate` and the welcome of `demo`, whose sign-in
links are for whoever started it.
"""

import ast
import base64
import json
import os
import re
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator import demo
from tests.test_house import MODULES, ROOT, tree

#: One folder a run: the workers of xdist find it in their environment.
OWN = not os.environ.get("CALLBOARD_TEST_OUTPUT")
FOLDER = Path(os.environ.get("CALLBOARD_TEST_OUTPUT") or tempfile.mkdtemp(prefix="callboard-output-"))
os.environ["CALLBOARD_TEST_OUTPUT"] = str(FOLDER)
FOLDER.mkdir(parents=True, exist_ok=True)

#: What may be nowhere. The public prefix of a key, its first twelve characters, may.
LOOKS = {
    "a key": re.compile(r"cb_live_\w{5,}"),
    "a key as Basic has it": re.compile(r"Y2JfbGl2ZV[\w+/=-]{10,}"),
    "a token": re.compile(r"eyJ[\w-]{5,}\.eyJ[\w-]{5,}"),
    "the shared secret": re.compile(r"a secret of the tests|a_secret_of_the_tests"),
    "a password": re.compile(r"\w://[^/\s:@]*:[^/\s@]+@"),
    "an email": re.compile(r"[\w.+%'-]+@[\w-]+(\.[\w-]+)+"),
}

#: Those who are made by the tests' own worlds and by the demo, rather than sent to a server.
PEOPLE = {"Sam", "Rita", "Leo", "Ivo", "Noor", "Carla Gómez", "Lea Fontaine", "Arno Weiss", "Anna O'Neil"}
PEOPLE |= {name for name, _ in demo._ROLES.values()} | {*demo._INTERVIEWERS} | {name for name, *_ in demo._CANDIDATES}
LOOKS["a name"] = re.compile(rf"\b({'|'.join(map(re.escape, PEOPLE))})\b")

#: Where what is sent tells of people, or is their own words.
_PERSONAL = {
    *("description", "headline", "hiringManagerEmail", "instructions", "label", "location", "meetingUrl", "name"),
    *("note", "options", "ownerEmail", "email", "emails", "followerEmails", "reason", "search", "subject", "title"),
    *("values", "Authorization"),
}

#: So short a text may stand anywhere by chance; so much of a long one is enough to know it by.
_SHORTEST, _ENOUGH = 8, 60
_MOST_LEAKS = 40

_BORING = {"content-length", "date", "etag", "last-modified", "set-cookie"}
_RANDOM_ID = re.compile(r"[0-9a-f]{32}")


def log() -> Path:
    """A file that a server may write its log to."""
    return FOLDER / f"{uuid.uuid4().hex}.log"


class OutputRecorder:
    """Records what the application sends, and the personal texts that it receives and should not write anywhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._path = FOLDER / f"{uuid.uuid4().hex}.sent"

    def _record(self, kind: str, what: object) -> None:
        with self._path.open("a") as file:
            print(json.dumps([kind, what]), file=file)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, response, is_text = bytearray(), bytearray(), False

        async def receive_recorded() -> Message:
            message = await receive()
            request.extend(message.get("body") or b"")
            if message["type"] == "websocket.receive":
                self._record_personal(message.get("text") or "")
            return message

        async def send_recorded(message: Message) -> None:
            nonlocal is_text
            if message["type"] == "http.response.start":
                headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
                # A page has no data; a calendar has nothing but its reader's own.
                types = [value for name, value in headers if name == "content-type"]
                is_text = any("html" not in type and "text/calendar" not in type for type in types)
                self._record("header", [each for each in headers if each[0] not in _BORING])
            elif message["type"] == "websocket.close":
                self._record("close", message.get("reason"))
            elif message["type"] == "websocket.send":
                self._record_sent(message.get("text") or "")
            elif is_text:
                response.extend(message.get("body") or b"")
            await send(message)

        try:
            await self.app(scope, receive_recorded, send_recorded)
        finally:
            self._record_personal(request.decode(errors="replace"))
            if scope["type"] == "http" and not scope["path"].startswith(("/console", "/auth/token")):
                self._record_sent(response.decode(errors="replace"))

    def _record_personal(self, text: str) -> None:
        texts = [words for words in _personal(_parsed(text)) if words]
        if texts:
            self._record("personal", texts)

    def _record_sent(self, text: str) -> None:
        """One JSON value, or lines: of an event stream, or of metrics."""
        parsed = _parsed(text)
        lines = [] if parsed is not None else text.splitlines()
        for value in [parsed, *(_parsed(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))]:
            if errors := list(_errors(value)):
                self._record("error", errors)
            if cursors := list(_cursors(value)):
                self._record("cursor", cursors)
        if plain := [line.rpartition(" ")[0] for line in lines if not line.startswith(("data:", "event:", "#"))]:
            self._record("line", plain)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _errors(answer: Any) -> Iterator[Any]:
    """The GraphQL errors of an answer, or of a message that has one for its payload."""
    if isinstance(answer, dict):
        for part in (answer, answer.get("payload")):
            yield from part.get("errors") or () if isinstance(part, dict) else part if isinstance(part, list) else ()


def _cursors(node: Any) -> Iterator[str]:
    for name, value in _leaves(node):
        if name.lower().endswith("cursor"):
            yield value


def _personal(node: Any) -> Iterator[str]:
    for name, value in _leaves(node):
        if name in _PERSONAL:
            yield recognisable(value)


def _leaves(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """All texts, each with the name that it or its list has; names that nobody but the client knows are texts too."""
    if isinstance(node, str):
        yield name, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, name)


def recognisable(text: str) -> str:
    """The part by which a text is recognised however it is quoted and cut; empty where it could be anybody's."""
    runs = re.findall(r"[\w @.:,-]+", text[:2_000])
    longest = max(runs, key=len, default="").strip()[:_ENOUGH]
    return longest if len(longest) >= _SHORTEST else ""


@dataclass
class Search:
    """How much was scanned, and the leaks: what should not have been written."""

    counts: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.counts.items()))
        more = [f"… and {len(self.leaks) - _MOST_LEAKS:,} more"] if len(self.leaks) > _MOST_LEAKS else []
        leaks = [*self.leaks[:_MOST_LEAKS], *more]
        return "\n".join([f"Searched for what is nobody's business: {counts or 'nothing'}.", *leaks])


def search(folder: Path = FOLDER) -> Search:
    """Scan everything that was recorded. Equal texts are looked at once, whoever wrote them."""
    result, seen, personal = Search(), dict[str, str](), set[str]()
    for kind, text in _recorded_texts(folder, result.counts, personal):
        seen.setdefault(text, kind)
    everything = "\n".join(seen)
    words = [word for word in personal if word in everything and word not in _own_texts()]
    for text, kind in seen.items():
        met = [what for what, looks in LOOKS.items() if looks.search(text)]
        met += [f"`{word}`, which was sent" for word in words if word in text]
        result.leaks += [f"LEAK: {what} in a {kind}: {text[:300]!r}" for what in met]
    result.counts["personal texts known"] = len(personal)
    result.counts["different texts"] = len(seen)
    return result


def _recorded_texts(folder: Path, counts: Counter[str], personal: set[str]) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            counts["log lines"] += 1
            parsed = _parsed(line)
            yield from (("log", text) for text in _texts(parsed if isinstance(parsed, dict) else {"": line}))
    for path in sorted(folder.glob("*.sent")):
        for line in path.read_text().splitlines():
            kind, what = json.loads(line)
            if kind == "personal":
                personal.update(what)
                continue
            counts[f"{kind}s"] += len(what) if isinstance(what, list) else 1
            texts: Iterable[str] = map(read, what) if kind == "cursor" else _texts(what)
            yield from ((kind, text) for text in texts)


@cache
def _own_texts() -> str:
    """The texts of the contract and the program, which somebody or hypothesis may well have sent."""
    nodes = (node for path in MODULES for node in ast.walk(tree(path)))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\n".join([(ROOT / "docs" / "contract.graphql").read_text(), *texts])


def _texts(value: Any) -> Iterator[str]:
    """All texts but instants and ids that are drawn by lot."""
    for name, text in _leaves(value):
        if name != "timestamp" and not _RANDOM_ID.fullmatch(text):
            yield text


def read(cursor: str) -> str:
    """What a cursor holds, as far as anybody can read it."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        return cursor
