"""Whatever anybody asks: no 5xx, no traceback and no hang.

CALLBOARD_TEST_TIMES=20 tries twenty times as much of everything.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    StringValueNode,
    Visitor,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    parse,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import nodes

from schema import SCHEMA
from tests.fuzzing import body_of, serving, tried
from tests.people import Person
from tests.processes import NO_CERTIFICATES, Process
from tests.world import World

INSTANTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-23:59",
    "10000-01-01T00:00:00Z",
    "-2026-01-01T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-03-08T02:30:00-05:00",
    "2026-11-01T01:30:00-04:00",
    "2026-03-29T02:30:00+01:00",
    "2011-12-30T12:00:00-10:00",
    "1883-11-18T12:03:57-04:56",
    "2026-02-29T00:00:00Z",
    "2024-02-29T23:59:59+14:00",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "20260101T000000Z",
    "2026-01-01T00:00:00.123456789Z",
    "1969-12-31T23:59:59Z",
    "2038-01-19T03:14:08Z",
    "now",
    "",
]

ZONES = ["America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Dublin", "Africa/Monrovia", "UTC"]

TEXTS = [
    "",
    " ",
    "%_\\",
    "' OR 1=1 --",
    "\u202egnirts a",
    "\u200f\u2067\u05e9\u05dc\u05d5\u05dd\u2069",
    "\U0001f9d1\u200d\U0001f4bb",
    "e\u0301" * 200,
    "\ufeff\ufffe\uffff",
    "\u2028\u2029\x85",
    "\x7f\x1b[31m",
    "\t\r\n",
    "\udcff",
    "\ud800",
    "a\x00b",
    "x" * 900_000,
    "İıſß",
]


@pytest.fixture(scope="module")
async def served(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    async with serving(tmp_path_factory.mktemp("served")) as process:
        yield process


class Asker:
    """Somebody without an event loop: what makes things up runs in a thread of its own."""

    def __init__(self, address: str, person: Person) -> None:
        self._url = f"{address}/graphql"
        self._http = httpx.Client(
            headers={"content-type": "application/json", **person.headers}, timeout=30, verify=NO_CERTIFICATES
        )
        self.asked = 0

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, body: bytes) -> dict[str, Any]:
        """The answer. Fails where anything broke."""
        self.asked += 1
        began = time.monotonic()
        response = self._http.post(self._url, content=body)
        assert response.status_code in (200, 400, 413), (body[:2_000], response.text[:2_000])
        answer: dict[str, Any] = response.json()
        for error in answer.get("errors", []):
            assert error["extensions"]["code"] not in ("INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"), (body, answer)
        assert time.monotonic() - began < 10, body[:2_000]
        return answer


SCALARS = {
    "DateTime": st.sampled_from(INSTANTS),
    "TimeZone": st.sampled_from([*ZONES, "Mars/Olympus", "../../etc/passwd", ""]),
    "URL": st.sampled_from(["https://a.example/", "javascript:alert(1)", "http://[", "https://ü.example/%zz", ""]),
}

for _name, _values in SCALARS.items():
    schemathesis.graphql.scalar(_name, _values.map(nodes.String))


class _Known(Visitor):
    """Puts ids that exist, and cursors, where some text stands for one."""

    def __init__(self, ids: list[str], chance: random.Random) -> None:
        super().__init__()
        self.ids, self.chance = ids, chance

    def enter_string_value(self, node: StringValueNode, key: Any, parent: Any, path: Any, ancestors: list[Any]) -> Any:
        [name, *_] = [
            node_above.name.value for node_above in (parent, *reversed(ancestors)) if getattr(node_above, "name", None)
        ]
        if name.lower().endswith(("id", "ids", "email", "emails", "after")) and self.chance.random() < 0.8:
            return StringValueNode(value=self.chance.choice(self.ids))
        return None


@pytest.mark.parametrize("who", ["sam", "goodtime", "leo", "ivo", "nobody"])
async def test_what_schemathesis_makes_up_from_the_live_schema_breaks_nothing(
    served: Process, world: World, who: str
) -> None:
    await world.goodtime.push(**world.a_panel("panel"))
    ids = await known_ids(world)
    operations = await asyncio.to_thread(schemathesis.graphql.from_url, served.graphql)
    made_up = st.one_of([operation.ok().as_strategy() for operation in operations.get_all_operations()])
    with Asker(served.address, getattr(world, who)) as asker:

        def check(drawn: tuple[Any, int]) -> None:
            case, seed = drawn
            document = visit(parse(case.body), _Known(ids, random.Random(seed)))
            asker.ask(body_of(print_ast(document)))

        await tried(40, st.tuples(made_up, st.integers(0, 2**32)), check)


async def known_ids(world: World) -> list[str]:
    """Ids of everything, external ids, emails and a cursor."""
    panel = await world.rita.panel(externalId="panel")
    assert panel is not None
    forms = [seat["feedbackForm"] for interview in panel["interviews"] for seat in interview["interviewers"]]
    ids = [
        panel["id"],
        *(interview["id"] for interview in panel["interviews"]),
        *(form["id"] for form in forms if form),
    ]
    ids += [*world.candidates.values(), *world.stages.values(), *world.templates.values()]
    ids += [world.ivo.id, world.account.id]
    return [*ids, "panel", "one", "carla", world.email("ivo"), str(await world.rita.account_head())]


def given_to_queries(*kinds: str) -> Iterator[str]:
    """For every argument, and every field of an input, of these types: a query that is given it as `$value`."""
    query = SCHEMA._schema.query_type
    assert query is not None
    for name, root in query.fields.items():
        below = "" if is_leaf_type(get_named_type(root.type)) else "{__typename}"
        others = {other: definition for other, definition in root.args.items() if _required(definition)}
        for argument, definition in root.args.items():
            fixed = "".join(f'{other}:"x" ' for other in others if other != argument)
            if (kind := get_named_type(definition.type)).name in kinds:
                yield f"query($value:{definition.type}){{{name}({fixed}{argument}:$value){below}}}"
            elif isinstance(kind, GraphQLInputObjectType):
                for field, of in kind.fields.items():
                    if get_named_type(of.type).name in kinds:
                        yield f"query($value:{of.type}){{{name}({fixed}{argument}:{{{field}:$value}}){below}}}"


def _required(definition: GraphQLArgument | GraphQLInputField) -> bool:
    return str(definition.type).endswith("!") and not is_input_object_type(get_named_type(definition.type))


async def test_every_text_is_found_or_not_found_or_refused(served: Process, world: World) -> None:
    queries = list(given_to_queries("String", "ID"))

    def ask() -> None:
        for query, text in itertools.product(queries, TEXTS):
            asker.ask(body_of(query, value=[text] if "[" in query.partition(")")[0] else text))

    with Asker(served.address, world.sam) as asker:
        await asyncio.to_thread(ask)
    assert len(queries) > 20


async def test_every_time_is_understood_or_refused(served: Process, world: World) -> None:
    queries = list(given_to_queries("DateTime"))

    def ask() -> None:
        for query, instant in itertools.product(queries, INSTANTS):
            answer = asker.ask(body_of(query, value=instant))
            assert "data" in answer or answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    with Asker(served.address, world.sam) as asker:
        await asyncio.to_thread(ask)
    assert len(queries) > 4


READ = """{ interviewPanels(first: 100, filter: {includeCanceled: true}) { edges { node {
  externalId status startsAt endsAt interviews { startsAt endsAt durationMinutes timezone calendarInvite } } } } }"""


async def test_a_panel_at_any_time_in_any_zone_that_is_taken_can_be_read(served: Process, world: World) -> None:
    push = "mutation($input:UpsertInterviewPanelInput!){upsertInterviewPanel(input:$input){panel{id} errors{path}}}"

    def act() -> None:
        taken = 0
        for number, (instant, zone) in enumerate(itertools.product(INSTANTS, ZONES)):
            interview = world.an_interview(startsAt=instant, durationMinutes=1_440)
            answer = scheduler.ask(body_of(push, input=world.a_panel(str(number), interview, timezone=zone)))
            taken += "data" in answer and answer["data"]["upsertInterviewPanel"]["panel"] is not None
        read = reader.ask(body_of(READ))
        assert "errors" not in read
        assert len(read["data"]["interviewPanels"]["edges"]) == taken
        assert taken > len(ZONES) * 5

    with Asker(served.address, world.goodtime) as scheduler, Asker(served.address, world.rita) as reader:
        await asyncio.to_thread(act)
