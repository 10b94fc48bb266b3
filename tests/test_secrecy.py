"""What is nobody else's business is never written down: neither in logs and metrics nor in errors, cursors and spans.

All that the servers of a run have written is searched at its end (tests/output_scan.py). Here the worst is provoked.
"""

import asyncio
import base64
import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import websockets
from cryptography.hazmat.primitives.asymmetric import ec
from graphql import GraphQLInputObjectType, GraphQLList, get_named_type, get_nullable_type

import logs
from auth import keys
from schema import SCHEMA
from tests import output_scan
from tests.people import FORM, SUBMIT, Server
from tests.processes import Installation
from tests.secrecy import MARK, behind_its_back, provoked
from tests.world import World

KEY = keys.make().secret
EC_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.once
@pytest.mark.parametrize("for_people", [True, False])
def test_a_log_tells_what_was_raised_where_and_none_of_its_words(for_people: bool) -> None:
    try:
        try:
            raise ValueError(f"Can't read {MARK}")
        except ValueError as error:
            raise KeyError(MARK) from error
    except KeyError:
        record = logging.LogRecord("callboard", logging.ERROR, __file__, 1, "Unexpected", (), sys.exc_info())

    line = logs.LineFormatter(for_people).format(record)

    assert MARK not in line
    assert [word for word in ("ValueError", "KeyError", "test_secrecy.py") if word not in line] == []


#: An instant, or an id.
#: Or an epoch of the log: empty for the first one.
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)|[a-z]{3}_[0-9a-z]{26}|[0-9a-f]*")
LISTS = {
    "Query.auditEvents": "{ auditEvents { PAGE } }",
    "Query.candidates": "{ candidates { PAGE } also: candidates(orderBy: UPDATED_AT) { PAGE } }",
    "Query.feedbackTemplates": "{ feedbackTemplates { PAGE } }",
    "Query.changes": "{ changes { PAGE } }",
    "Query.interviewPanelChanges": "{ interviewPanelChanges { PAGE } }",
    "Query.interviewPanels": "{ interviewPanels { PAGE } }",
    "Query.interviews": "{ interviews { PAGE } }",
    "Query.users": "{ users { PAGE } }",
    "Candidate.interviewPanels": '{ candidate(externalId: "carla") { interviewPanels { PAGE } } }',
    "Integration.refusedPushes": "{ integrations { refusedPushes { PAGE } } }",
    "User.feedbackForms": "{ viewer { ... on User { feedbackForms { PAGE } } } }",
}


def test_every_list_of_the_schema_is_looked_at_here() -> None:
    fields = [
        (name, *field)
        for name, type in SCHEMA._schema.type_map.items()
        for field in getattr(type, "fields", {}).items()
    ]
    lists = {
        f"{name}.{field}"
        for name, field, definition in fields
        if get_named_type(definition.type).name.endswith("Connection")
    }

    assert lists == LISTS.keys()


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_holds_kinds_instants_ids_and_checksums_but_no_words(name: str, world: World) -> None:
    panel = world.a_panel("panel", world.an_interview(feedbackTemplateId=world.templates["values"]), note=MARK)
    assert (await world.goodtime.push(**panel))["outcome"] == "CREATED"
    assert (await world.goodtime.push(**world.a_panel(MARK, candidateExternalId=MARK)))["errors"]
    person = world.ivo if name == "User.feedbackForms" else world.sam
    page = "pageInfo { startCursor endCursor } edges { cursor }"

    data = await person.ask(LISTS[name].replace("PAGE", page))

    cursors = list(output_scan._cursors(data))
    assert len(cursors) >= 3
    for cursor in cursors:
        kind, *values = json.loads(output_scan.read(cursor))
        assert kind.isascii()
        assert all(isinstance(value, int) or _PLAIN.fullmatch(value) for value in values), values


BROKEN = [
    f'{{ users(search: "it is "{MARK}"") {{ edges {{ cursor }} }} }}',
    f"{{ users(search: {MARK}) {{ edges {{ cursor }} }} }}",
    f"{{ users(search: {MARK.replace(' ', '')}) {{ edges {{ cursor }} }} }}",
    f"{{ users }} {MARK}",
    f'{{ users }} "{MARK}"',
    f"query ($search: String = {MARK.replace(' ', '')}) {{ users(search: $search) {{ edges {{ cursor }} }} }}",
    f'query ($first: Int = "{MARK}") {{ users(first: $first) {{ edges {{ cursor }} }} }}',
    f'{{ users(first: "{MARK}") {{ edges {{ cursor }} }} }}',
    f'{{ users(after: "{MARK}") {{ edges {{ cursor }} }} }}',
    f'{{ candidates(filter: {{ updatedSince: "{MARK}" }}) {{ edges {{ cursor }} }} }}',
    f'{{ candidates(filter: {{ unknown: "{MARK}" }}) {{ edges {{ cursor }} }} }}',
    f'{{ candidates(orderBy: "{MARK}") {{ edges {{ cursor }} }} }}',
    f"{{ candidates(orderBy: {MARK.replace(' ', '')}) {{ edges {{ cursor }} }} }}",
]


@pytest.mark.once
@pytest.mark.parametrize("document", BROKEN)
async def test_the_errors_of_a_document_quote_nothing_of_its_values(document: str, world: World) -> None:
    answer = await world.sam.answer(document)

    assert answer["errors"]
    assert [word for word in MARK.split() if word in json.dumps(answer["errors"])] == []


MUTATIONS = SCHEMA._schema.mutation_type.fields if SCHEMA._schema.mutation_type else {}


def spoiled(type: Any, depth: int = 4) -> Iterator[Any]:
    """Values that are none of that type, or lack something, all of them with the mark in them."""
    named = get_named_type(type)
    yield from (MARK, [[MARK]], [{"unknown": MARK}])
    if isinstance(named, GraphQLInputObjectType) and depth:
        fields = named.fields.items()
        yield {f"{name}s": MARK for name, _ in fields}
        texts = {name: MARK for name, field in fields if get_named_type(field.type).name in ("String", "ID")}
        for name, field in fields:
            for value in spoiled(field.type, depth - 1):
                yield (
                    [texts | {name: value}]
                    if isinstance(get_nullable_type(type), GraphQLList)
                    else texts | {name: value}
                )


@pytest.mark.once
@pytest.mark.parametrize("name", MUTATIONS)
async def test_the_errors_of_a_mutation_quote_nothing_of_its_values(name: str, world: World) -> None:
    field, person = MUTATIONS[name], world.goodtime if name.startswith("upsert") else world.sam
    errors = []
    for argument, definition in field.args.items():
        variables = ", ".join(f"${other}: {each.type}" for other, each in field.args.items())
        passed = ", ".join(f"{other}: ${other}" for other in field.args)
        document = f"mutation ({variables}) {{ {name}({passed}) {{ __typename }} }}"
        for value in spoiled(definition.type):
            errors += (await person.answer(document, **{argument: value})).get("errors", [])
            literal = document.replace(f"{argument}: ${argument}", f"{argument}: {_literal(value)}")
            literal = literal.replace(f"${argument}: {definition.type}", "$unused: Int")
            errors += (await person.answer(literal)).get("errors", [])

    assert errors or not field.args
    texts = {json.dumps(error) for error in errors}
    assert {error for error in texts if MARK.split()[0] in error or "Did you mean" in error} == set()


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name}: {_literal(element)}' for name, element in value.items())} }}"
    return f"[{', '.join(map(_literal, value))}]" if isinstance(value, list) else json.dumps(value)


async def test_a_fault_tells_nothing_of_the_answers_notes_and_names_that_its_exception_quotes(
    installation: Installation,
) -> None:
    async with provoked(installation) as (fault, sam):
        key = (await sam.ask(KEY_MADE))["made"]["secret"]
        fault.secrets.append(key)
        goodtime = fault.person(f"Bearer {key}")
        await sam.sync("users", [{"email": "sam@acme.example", "name": MARK, "role": "SUPER_ADMIN"}])
        await sam.sync("stages", [{"name": MARK, "position": 1, "hasInterview": True}])
        await sam.sync("candidates", [{"externalId": "c", "name": MARK, "stage": MARK, "emails": ["c@mail.example"]}])
        fields = [{"type": "SCORE", "label": "Overall"}, {"type": "TEXT", "label": MARK}]
        [template] = (await sam.sync("feedbackTemplates", [{"externalId": "t", "name": MARK, "fields": fields}]))[
            "feedbackTemplates"
        ]
        interview = {
            **{"externalId": "one", "subject": MARK, "note": MARK, "startsAt": "2030-01-01T09:00:00Z"},
            **{"durationMinutes": 60, "interviewers": [{"email": "sam@acme.example"}]},
            "feedbackTemplateId": template["id"],
        }
        panel = {"externalId": "p", "candidateExternalId": "c", "timezone": "UTC", "interviews": [interview]}
        pushed = await goodtime.push(**panel)
        form = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]
        asked = [field["id"] for field in ((await sam.form(form)) or {})["fields"]]

        # Refused for what they are: an interviewer whom nobody knows, an option that there is not.
        nobody = interview | {"interviewers": [{"email": "nobody@mail.example"}], "durationMinutes": 0}
        assert (await goodtime.push(**panel | {"interviews": [nobody]}))["errors"]
        assert (await sam.submit(form, [{"fieldId": asked[0], "values": [MARK]}]))["errors"]
        answers = [{"fieldId": asked[0], "values": ["Hire"]}, {"fieldId": asked[1], "values": [MARK]}]

        # A constraint that no form fulfils: PostgreSQL quotes the whole row, SQLite the words of the trigger.
        await behind_its_back(
            installation,
            "CREATE TRIGGER fault BEFORE UPDATE ON feedback_form WHEN NEW.answers IS NOT NULL "
            f"BEGIN SELECT RAISE(ABORT, '{MARK}'); END",
            "ALTER TABLE feedback_form ADD CONSTRAINT fault CHECK (answers IS NULL)",
        )
        away = await fault.ask(sam, SUBMIT, input={"formId": form, "answers": answers})

        # What the column holds is none of its values, and Python quotes it.
        corrupt = f"UPDATE feedback_form SET status = '{MARK}'"
        await behind_its_back(installation, corrupt, corrupt)
        unexpected = await fault.ask(sam, FORM, id=form)

        written = await fault.tells_nothing()

    codes = [answer["errors"][0]["extensions"]["code"] for answer in (away, unexpected)]
    assert codes == ["SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"]
    assert "Unexpected error" in written
    assert '"KeyError"' in written


KEY_MADE = """mutation {
  setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { code } }
  made: generateApiKey(provider: GOODTIME) { secret } }"""


async def test_credentials_tell_nothing_wherever_they_are_put_and_however_they_end(installation: Installation) -> None:
    other = jwt.encode({"email": "carla@mail.example", "account": "acme"}, "another secret " * 3, algorithm="HS256")
    async with provoked(installation) as (fault, sam):
        token, basic = sam.headers["authorization"].split()[1], base64.b64encode(f"{KEY}:".encode()).decode()
        fault.secrets += [KEY, other, basic]
        for wrong in (KEY, f"{KEY}x", other, f"{other}x", f"{token}x", "carla@mail.example", MARK):
            await fault.ask(fault.person(f"Bearer {wrong}"), "{ viewer { __typename } }")
        for wrong in (f"Basic {basic}", f"Basic {basic}x", f"Token {token}", token):
            await fault.ask(fault.person(wrong), "{ viewer { __typename } }")

        get, address = fault.server.http.get, fault.process.address
        for path in ("/graphql", "/", "/console/index.html", "/nowhere", f"/feedback/{token}", f"/nowhere/{token}"):
            for query in ({"token": token}, {"query": "{ viewer { __typename } }", "authorization": f"Bearer {token}"}):
                response = await get(f"{address}{path}", params=query)
                if "json" in response.headers["content-type"]:
                    fault.answers.append(response.json())
        fault.answers.append(
            (await fault.server.http.post(f"{address}/graphql", content=f'{{"query": "{token}')).json()
        )

        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
        subscribe = {"type": "subscribe", "id": token, "payload": {"query": "{ viewer { __typename } }"}}
        for messages in ([init], [init, token], [init, init], [init, subscribe | {"payload": token}], [{"x": token}]):
            for goes_on in (True, False):
                fault.answers.append(await _told(fault.server, token, *messages, goes_on=goes_on))

        await fault.tells_nothing()


async def _told(server: Server, token: str, *messages: Any, goes_on: bool) -> list[str]:
    """What is answered to these messages, and why the connection is closed; or it is torn in their middle."""
    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    socket = await websockets.connect(f"{server.websocket}?token={token}", subprotocols=protocols)
    texts = []
    for message in messages:
        await socket.send(json.dumps(message))
    if not goes_on:
        socket.transport.abort()
    with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
        async with asyncio.timeout(0.5):
            while True:
                texts.append(str(await socket.recv()))
    await socket.close()
    return [*texts, str(socket.close_reason)]


async def test_an_identity_provider_that_fails_is_logged_without_its_url_and_the_token(
    installation: Installation,
) -> None:
    async def fail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 500 {MARK}\r\ncontent-length: 16\r\n\r\n{MARK}".encode())
        await writer.drain()
        writer.close()

    provider = await asyncio.start_server(fail, "127.0.0.1", 0)
    port = provider.sockets[0].getsockname()[1]
    url = f"http://callboard:hunter2hunter2@127.0.0.1:{port}/keys?of={MARK.split()[0]}"
    async with provider, provoked(installation, JWT_SECRET=None, JWKS_URL=url) as (fault, _):
        signed = jwt.encode({"email": "carla@mail.example"}, EC_KEY, algorithm="ES256", headers={"kid": "1"})
        fault.secrets += [signed, "hunter2"]
        answer = await fault.ask(fault.person(f"Bearer {signed}"), "{ viewer { __typename } }")

        written = await fault.tells_nothing()

    assert answer["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
    assert "The identity provider's keys can't be fetched" in written
