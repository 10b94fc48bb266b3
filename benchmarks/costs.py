"""Work per cost: what requests take of CPU for what they are charged, over the largest data that may be stored.

Fails where a permitted request takes more for its cost than 20 times what a profile takes in the same run.
"""

import itertools
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import uvloop
from graphql import get_introspection_query

from benchmarks import data
from benchmarks.in_process import Asked, Taken, serving
from benchmarks.rounds import arguments

MOST_TIMES_A_PROFILE = 20

_CANDIDATE, _PANEL, _INTERVIEW = (data.id_of(prefix, 1) for prefix in ("cnd", "pan", "itv"))
_SEARCHES = " ".join(
    f'a{place}: users(first: 1, search: "user {place}") {{ edges {{ node {{ id }} }} }}' for place in range(20)
)
_THIRTY = " ".join(f"a{place}: timezone" for place in range(30))
_TEXTS = _THIRTY.replace("timezone", "text")
_TINY = " ".join(
    f"a{place}: interviews(first: 1) {{ totalCount }} b{place}: integration(provider: GOODTIME) {{ id }} "
    f"c{place}: node(id: $id) {{ id }}"
    for place in range(6)
)
_SEATS = "interviewers { user { name email } feedbackForm { url status } }"


_MERGED = "owner { feedbackForms { edges { node { interview { candidate { owner { id } } } } } } } "
_MANY_MERGES = f"{{ candidates(first: 1) {{ edges {{ node {{ {_MERGED * 30} }} }} }} }}"


def _operation(name: str) -> str:
    return (Path(__file__).parent / "operations" / f"{name}.graphql").read_text()


REQUESTS = {
    "a profile": Asked(_operation("profile"), {"id": _CANDIDATE}),
    "100 candidates with their upcoming panels": Asked(_operation("list")),
    "nothing": Asked("{ __typename }"),
    "nothing, in a body of 900 KB": Asked("{ __typename }", {"text": "x" * 900_000}),
    "one candidate's name": Asked("query ($id: ID!) { candidate(id: $id) { name } }", {"id": _CANDIDATE}),
    "all that one candidate points at": Asked(
        "query ($id: ID!) { candidate(id: $id) { stage { id } posting { hiringManager { id } } owner { id } "
        "followers { id } scheduleAction { url } } }",
        {"id": _CANDIDATE},
    ),
    "20 searches for one user": Asked(f"{{ {_SEARCHES} }}"),
    "the whole schema": Asked(get_introspection_query()),
    "20 panels with the longest notes": Asked("{ interviewPanels(first: 20) { edges { node { id note } } } }"),
    "100 interviews with the longest notes": Asked("{ interviews(first: 100) { edges { node { id note } } } }"),
    "one invite to 50 people": Asked(
        "query ($id: ID!) { node(id: $id) { ... on Interview { calendarInvite } } }", {"id": _INTERVIEW}
    ),
    "100 invites to 50 people": Asked("{ interviews(first: 100) { edges { node { calendarInvite } } } }"),
    "a panel of 50 times 50": Asked(
        f"query ($id: ID!) {{ interviewPanel(id: $id) {{ interviews {{ subject {_SEATS} }} }} }}", {"id": _PANEL}
    ),
    "its invites": Asked(
        "query ($id: ID!) { interviewPanel(id: $id) { interviews { calendarInvite } } }", {"id": _PANEL}
    ),
    "its forms with fields and answers": Asked(
        "query ($id: ID!) { interviewPanel(id: $id) { interviews { feedbackForms { fields { label options } "
        "answers { values } } } } }",
        {"id": _PANEL},
    ),
    "its invites for each of its people": Asked(
        "query ($id: ID!) { interviewPanel(id: $id) { interviews { calendarInvites { method } } } }", {"id": _PANEL}
    ),
    "one interview's timezone, 30 times": Asked(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Interview {{ {_THIRTY} }} }} }}", {"id": _INTERVIEW}
    ),
    "20 counts, integrations and nodes": Asked(f"query ($id: ID!) {{ {_TINY} }}", {"id": _INTERVIEW}),
    "30 times the text of 50 people's invites": Asked(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Interview {{ calendarInvites {{ {_TEXTS} }} }} }} }}",
        {"id": _INTERVIEW},
    ),
    "its people, where a field beside them is refused": Asked(
        f"query ($id: ID!) {{ a: interviewPanel(id: $id) {{ interviews {{ {_SEATS} }} }} "
        "b: interviewPanel(id: $id) { managedBy { apiKeys { id } } } }",
        {"id": _PANEL},
    ),
    "500 changes with their panels' interviews": Asked(
        "{ interviewPanelChanges(first: 500) { edges { node { panel { id interviews { id } } } } } }"
    ),
    "20 panels of 50 with their invites": Asked(
        "{ interviewPanels(first: 20) { edges { node { interviews { calendarInvite } } } } }"
    ),
    "20 panels of 50 times 50 with their people": Asked(
        "{ interviewPanels(first: 20) { edges { node { interviews { interviewers { user { id } } } } } } }"
    ),
}


def changing(access: data.Access) -> dict[str, Callable[[], Asked]]:
    """Requests that change something, another thing each time."""
    numbers = itertools.count()

    def push(interviews: int, people: int, note: int, *, is_new: bool) -> Callable[[], Asked]:
        external_id = f"pushed-{next(numbers)}"

        def following() -> Asked:
            number = next(numbers)
            name = f"{external_id}-{number}" if is_new else external_id
            panel = a_panel(name, number, interviews, people, note)
            return Asked(_operation("push"), {"input": panel}, f"Bearer {access.key}")

        return following

    def unread(document: str) -> Callable[[], Asked]:
        return lambda: Asked(f"{document} # {next(numbers)}")

    return {
        "a push of 3 interviews with 2 people each": push(3, 2, 0, is_new=True),
        "the largest push, 50 times 50": push(50, 50, 0, is_new=True),
        "the same panel again, at other times": push(50, 50, 0, is_new=False),
        "two interviews a month apart with 50 people": push(2, 50, 20_000, is_new=True),
        "20 interviews with the longest notes": push(20, 3, 20_000, is_new=False),
        "a document that merges much, read for the first time": unread(_MANY_MERGES),
    }


def a_panel(external_id: str, number: int, interviews: int, people: int, note: int) -> dict[str, object]:
    """A panel as it is pushed, with people who are booked then."""
    return {
        "externalId": external_id,
        "candidateExternalId": "candidate-1",
        "timezone": "UTC",
        "interviews": [
            {
                "externalId": f"i{at}",
                "subject": f"Interview {at}",
                "startsAt": f"2045-{1 + number % 12:02}-{1 + at % 28:02}T{at // 28 + 9:02}:00:00Z",
                "durationMinutes": 45,
                "note": "n" * note or None,
                "interviewers": [{"email": data.email(1 + person)} for person in range(people)],
            }
            for at in range(interviews)
        ],
    }


async def run(shape: data.Shape) -> bool:
    """Print the table; returns whether no request takes too much."""
    print("| request | cost | CPU, ms | for 1,000, ms | profiles | longest hold, ms | answer |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    most = 0.0
    async with serving(shape) as server, _forgetting_pushes(shape):
        profile = await server.measure(REQUESTS["a profile"])
        for name, asked in (REQUESTS | changing(server.access)).items():
            taken = await server.measure(asked)
            print(_row(name, taken, profile), flush=True)
            most = max(most, taken.per_cost / profile.per_cost)
    return most <= MOST_TIMES_A_PROFILE


@asynccontextmanager
async def _forgetting_pushes(shape: data.Shape) -> AsyncIterator[None]:
    """Take away what is pushed inside the block: the data is kept for other runs."""
    try:
        yield
    finally:
        connection = await asyncpg.connect(shape.url)
        try:
            await data.forget_pushes(connection)
        finally:
            await connection.close()


def _row(name: str, taken: Taken, profile: Taken) -> str:
    times = taken.per_cost / profile.per_cost
    size = "refused" if b'"LIMIT_EXCEEDED"' in taken.answer[:1_000] else f"{len(taken.answer):,} B"
    figures = f"{taken.cost:,} | {taken.cpu * 1000:.2f} | {taken.per_cost:.1f} | {times:.1f} | {taken.hold * 1000:.1f}"
    return f"| {name} | {figures} | {size} |"


if __name__ == "__main__":
    options = arguments(__doc__, rounds=1)
    logging.disable(logging.INFO)
    sys.exit(not uvloop.run(run(data.QUICK if options.quick else data.LARGEST)))
