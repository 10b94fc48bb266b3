"""Rule 3 as a property: any order of a history ends in one state, whatever is repeated.

What a history must come to is said a second time in `folded` (tests.convergence.py), in the plainest way: its acts by
their sequence, one after the other. The server gets them in any order, any number of times.
"""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.convergence import a_panel, holds
from tests.people import instant
from tests.world import World, in_hours

NAMES = ("a", "b")

ZONES = ("UTC", "Asia/Tokyo")

URLS = ("https://goodtime.example/1", "https://goodtime.example/2")


# Histories.


@dataclass(frozen=True)
class Content:
    """What is said of one interview."""

    day: int
    people: tuple[str, ...]
    template: str | None

    def declared(self, world: World, name: str) -> dict[str, Any]:
        template = {"feedbackTemplateId": self.template and world.templates[self.template]}
        return world.an_interview(name, *self.people, startsAt=in_hours(24 * self.day), **template)


@dataclass(frozen=True)
class Push:
    """The whole panel."""

    sequence: int
    interviews: dict[str, Content]
    note: str | None
    tentative: bool
    timezone: str
    url: str | None

    def asked(self, world: World, panel: str) -> tuple[str, dict[str, Any]]:
        interviews = [content.declared(world, name) for name, content in self.interviews.items()]
        fields = {"sequence": self.sequence, "note": self.note, "tentative": self.tentative}
        return "upsertInterviewPanel", world.a_panel(
            panel, *interviews, **fields, timezone=self.timezone, externalUrl=self.url
        )


@dataclass(frozen=True)
class Event:
    """One interview, with all that a new panel needs."""

    sequence: int
    name: str
    content: Content
    timezone: str
    url: str | None

    def asked(self, world: World, panel: str) -> tuple[str, dict[str, Any]]:
        fields = {"panelExternalId": panel, "candidateExternalId": "carla", "timezone": self.timezone}
        fields |= {"sequence": self.sequence, "externalUrl": self.url}
        return "upsertInterview", fields | {"interview": self.content.declared(world, self.name)}


@dataclass(frozen=True)
class Cancel:
    """The panel is deleted, or only the interview of that name."""

    sequence: int
    name: str | None = None

    def asked(self, world: World, panel: str) -> tuple[str, dict[str, Any]]:
        if self.name is None:
            return "cancelInterviewPanel", {"externalId": panel, "sequence": self.sequence}
        return "cancelInterview", {"panelExternalId": panel, "externalId": self.name, "sequence": self.sequence}


Act = Push | Event | Cancel

contents = st.builds(
    Content,
    day=st.integers(1, 3),
    people=st.permutations(["ivo", "noor", "rita"]).flatmap(lambda all: st.sampled_from([all[:1], all[:2]])).map(tuple),
    template=st.sampled_from([None, "technical", "values"]),
)


@st.composite
def histories(draw: st.DrawFn, *, events: bool) -> tuple[list[Act], list[Act]]:
    """What happened to a panel, by sequence, and what the server gets of it: all of it, in any order, some repeated.

    No two pushes have the same sequence, though a cancel may have a push's.
    """
    urls, names, zones = st.sampled_from(URLS), st.sampled_from(NAMES), st.sampled_from(ZONES)
    acts: list[Act] = []
    for sequence in range(1, draw(st.integers(2, 6)) + 1):
        kind = draw(st.sampled_from([Push, Event, Cancel] if events else [Push, Cancel]))
        if kind is Push:
            interviews = draw(st.dictionaries(names, contents, min_size=1))
            note, tentative = draw(st.sampled_from([None, "note"])), draw(st.booleans())
            acts.append(Push(sequence, interviews, note, tentative, draw(zones), draw(urls)))
        if kind is Event:
            acts.append(Event(sequence, draw(names), draw(contents), draw(zones), draw(st.none() | urls)))
        if kind is Cancel or draw(st.integers(0, 3)) == 3:
            acts.append(Cancel(sequence, draw(st.none() | names) if events else None))
    again = draw(st.lists(st.sampled_from(acts), max_size=3))
    return acts, draw(st.permutations(acts + again))


@dataclass(frozen=True)
class State:
    """What a panel has come to, with the interviews that are on, and those that are listed and were cancelled since."""

    sequence: int = 0
    known: bool = False
    canceled: bool = False
    note: str | None = None
    tentative: bool = False
    timezone: str = ""
    url: str | None = None
    interviews: dict[str, Content] = field(default_factory=dict)
    off: dict[str, Content] = field(default_factory=dict)


def folded(acts: list[Act]) -> State:
    """The acts of a history one after the other: what any other order must come to as well."""
    state = State()
    for act in acts:
        state = replace(state, sequence=act.sequence)
        if isinstance(act, Push):
            fields = {name: getattr(act, name) for name in ("note", "tentative", "timezone", "url", "interviews")}
            state = replace(state, known=True, canceled=False, off={}, **fields)
        elif isinstance(act, Event):
            interviews = state.interviews | {act.name: act.content}
            fields = {"timezone": act.timezone, "url": act.url or state.url, "off": without(act.name, state.off)}
            state = replace(state, known=True, canceled=False, interviews=interviews, **fields)
        elif act.name is None:
            state = replace(state, canceled=True)
        elif act.name in state.interviews:
            off = state.off | {act.name: replace(state.interviews[act.name], template=None)}
            state = replace(state, interviews=without(act.name, state.interviews), off=off)
    return replace(state, canceled=state.canceled or not state.interviews) if state.known else State()


def without(name: str, interviews: dict[str, Content]) -> dict[str, Content]:
    return {each: content for each, content in interviews.items() if each != name}


def visible(state: State) -> State:
    """What of a state the API shows: of a cancelled panel neither whether it was tentative nor any form to fill in."""
    if not state.canceled:
        return state
    interviews = {name: replace(content, template=None) for name, content in state.interviews.items()}
    return replace(state, tentative=False, interviews=interviews)


def seen(panel: dict[str, Any] | None) -> State:
    """A panel as the server shows it."""
    if panel is None:
        return State()
    assert panel["candidate"] == {"externalId": "carla"}
    canceled = panel["status"] == "CANCELED"
    assert panel["cancellation"] == ({"origin": "SCHEDULER", "calendarEventRemains": False} if canceled else None)
    return State(
        sequence=panel["sequence"],
        known=True,
        canceled=canceled,
        note=panel["note"],
        tentative=panel["status"] == "TENTATIVE",
        timezone=panel["timezone"],
        url=panel["externalUrl"],
        interviews={each["externalId"]: seen_content(each, canceled) for each in panel["interviews"]},
        off={each["externalId"]: seen_content(each, True) for each in panel["all"] if each not in panel["interviews"]},
    )


def seen_content(interview: dict[str, Any], canceled: bool) -> Content:
    """An interview as the server shows it: with one template for all, the same that was asked for."""
    seats = interview["interviewers"]
    forms = [seat["feedbackForm"] for seat in seats if seat["feedbackForm"]]
    assert {form["status"] for form in forms} <= {"VOIDED" if canceled else "PENDING"}
    templates = {seat["feedbackForm"] and seat["feedbackForm"]["template"]["externalId"] for seat in seats}
    assert canceled or len(templates) == 1
    return Content(
        day=round((instant(interview["startsAt"]) - instant(in_hours(0))).days),
        people=tuple(seat["user"]["email"].partition("@")[0] for seat in seats),
        template=None if canceled else templates.pop(),
    )


STATES = """query ($named: [String!]) { interviewPanels(filter: {externalIds: $named, includeCanceled: true}) {
  edges { node { externalId status sequence note timezone externalUrl cancellation { origin calendarEventRemains }
    candidate { externalId } interviews { ...Its } all: interviews(includeCanceled: true) { ...Its } } } } }
  fragment Its on Interview { externalId startsAt interviewers {
    user { email } feedbackForm { status template { externalId } } } }"""


async def send(world: World, *acts: tuple[str, Act]) -> None:
    """GoodTime's acts on panels, in one request: they are done one after the other, each in its own transaction."""
    asked = [act.asked(world, panel) for panel, act in acts]
    inputs = ", ".join(f"$i{n}: {name[0].upper()}{name[1:]}Input!" for n, (name, _) in enumerate(asked))
    fields = " ".join(f"a{n}: {name}(input: $i{n}) {{ errors {{ code path }} }}" for n, (name, _) in enumerate(asked))
    variables = {f"i{n}": value for n, (_, value) in enumerate(asked)}
    answers = await world.goodtime.ask(f"mutation ({inputs}) {{ {fields} }}", **variables)
    assert not any(answer["errors"] for answer in answers.values()), (acts, answers)


async def states(world: World, expected: State, *panels: str) -> list[State]:
    """What the panels have come to, but for cancelled interviews that are history: those of overtaken pushes only."""
    edges = (await world.goodtime.ask(STATES, named=panels))["interviewPanels"]["edges"]
    there = {edge["node"]["externalId"]: edge["node"] for edge in edges}
    shown = [seen(there.get(panel)) for panel in panels]
    return [replace(state, off={name: state.off[name] for name in state.off.keys() & expected.off}) for state in shown]


@pytest.mark.parametrize(("events", "count"), [(False, 20), (True, 50)], ids=["panels and cancels", "with events"])
async def test_any_order_and_repetition_of_a_history_ends_in_one_state(world: World, events: bool, count: int) -> None:
    async def converges(history: tuple[list[Act], list[Act]]) -> None:
        (acts, received), panel = history, a_panel()
        await send(world, *((panel, act) for act in received))
        expected = visible(folded(acts))
        assert await states(world, expected, panel) == [expected]

    await holds(count, histories(events=events), converges)


@pytest.mark.once
async def test_any_two_acts_overtake_each_other_and_the_push_before_them(world: World) -> None:
    early, late, url = Content(1, ("ivo",), "values"), Content(2, ("noor", "ivo"), None), URLS[0]
    first = Push(1, {"a": early, "b": early}, "first", False, "UTC", url)
    second: list[Act] = [
        Push(2, {"b": late, "c": late}, "second", True, "Asia/Tokyo", url),
        *(Event(2, name, late, "Asia/Tokyo", url) for name in ("a", "c")),
        *(Cancel(2, name) for name in (None, "a", "c")),
    ]
    third = [replace(act, sequence=3) for act in second]

    for pair in [*itertools.product(second, third), *itertools.product(second[:3], second[3:])]:
        acts = [first, *pair]
        orders = {a_panel(): order for order in itertools.permutations(acts)}
        await send(world, *((panel, act) for panel, order in orders.items() for act in order))
        expected = visible(folded(acts))
        for order, state in zip(orders.values(), await states(world, expected, *orders), strict=True):
            assert state == expected, order
