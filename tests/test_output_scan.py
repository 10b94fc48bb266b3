"""The search of all that the servers of a run have written finds what it is for, and leaves what may be written."""

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from auth import keys
from tests import output_scan
from tests.processes import SECRET
from tests.world import World

KEY = keys.make().secret
#: What stands for an answer, a note or a name, and can't be anything else.
MARK = "Marzipan Quetzal"
TOKEN = jwt.encode({"email": "carla@mail.example", "account": "acme"}, SECRET, algorithm="HS256")

PLANTED = [
    ("log", {"event": f"Wrong key {KEY}"}, "a key"),
    ("log", {"event": "request", "authorization": base64.b64encode(f"{KEY}:".encode()).decode()}, "a key as Basic"),
    ("log", {"event": "request", "url": f"/graphql?token={TOKEN}"}, "a token"),
    ("log", {"event": "No such user", "who": "carla@mail.example"}, "an email"),
    ("log", {"event": "x", "exception": [{"type": "E", "at": ["Carla Gómez is away"]}]}, "a name"),
    ("log", {"event": f"The secret is {SECRET!r}"}, "the shared secret"),
    ("log", {"event": "postgres://callboard:hunter2@db/callboard"}, "a password"),
    ("log", {"event": f"Can't store {MARK}!"}, MARK),
    ("error", [{"message": f"Got invalid value '{MARK}'", "extensions": {"code": "BAD_USER_INPUT"}}], MARK),
    ("error", [{"message": "Wrong", "extensions": {"of": ["ivo@acme.example"]}}], "an email"),
    ("cursor", [base64.urlsafe_b64encode(json.dumps(["candidate:name,id", MARK, "can_1"]).encode()).decode()], MARK),
    ("line", [f'callboard_pushes_total{{by="{MARK}"}}'], MARK),
    ("header", [["x-user", "rita@acme.example"]], "an email"),
    ("close", f"Nothing for {TOKEN}", "a token"),
]


@pytest.mark.once
@pytest.mark.parametrize(("kind", "what", "is_found"), PLANTED, ids=[f"{case[2]} in a {case[0]}" for case in PLANTED])
def test_the_search_finds_what_should_not_have_been_written(kind: str, what: Any, is_found: str, place: Path) -> None:
    sent = [["personal", [MARK]], ["error", [{"message": "Sign in.", "extensions": {"requestId": "0" * 32}}]]]
    (place / "a.sent").write_text("\n".join(map(json.dumps, [*sent, *([[kind, what]] if kind != "log" else [])])))
    lines = [{"event": "request", "route": "/graphql", "ms": 1.0}, *([what] if kind == "log" else [])]
    (place / "a.log").write_text("\n".join(map(json.dumps, lines)))

    [leak] = output_scan.search(place).leaks

    assert is_found in leak


@pytest.mark.once
def test_the_search_leaves_what_may_be_written(place: Path) -> None:
    key = keys.make()
    errors = [{"message": f"Revoked: {key.prefix}", "path": ["apiKey", 0], "extensions": {"code": "UNAUTHENTICATED"}}]
    (place / "a.sent").write_text(json.dumps(["error", errors]))
    (place / "a.log").write_text(json.dumps({"event": "listening", "address": "http://127.0.0.1:8000"}))

    searched = output_scan.search(place)

    assert searched.leaks == []
    assert (searched.counts["errors"], searched.counts["log lines"]) == (1, 1)


async def test_what_goes_out_of_the_server_of_the_tests_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = output_scan.search().counts

    await world.rita.ask("{ users(first: 1) { pageInfo { endCursor } } }")
    await world.rita.answer("{ nothing }")
    async with world.nobody.server.http.stream("GET", f"{world.server.address}/metrics") as response:
        await response.aread()
    async with world.rita.connected() as connection:
        await connection.send(type="subscribe", id="1", payload={"query": "{ nothing }"})
        await connection.receive()
        await connection.socket.send("no message")
        await connection.socket.wait_closed()

    counts = output_scan.search().counts - before
    assert {name for name, count in counts.items() if count > 0} >= {"cursors", "headers", "lines", "log lines"}
    assert (counts["errors"], counts["closes"]) >= (2, 1)
