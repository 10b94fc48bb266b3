"""Rule 3 and the feed as properties: any order ends in one state; nothing doubles, is lost, or is left behind.

What a history must come to is said here a second time, in the plainest way: its acts by their sequence, one after the
other (`folded`). The server gets them in any order, any number of times.
"""

import asyncio
import collections
import itertools
import json
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clock
import models
from auth.viewer import Viewer
from resolvers import pushes, units
from resolvers.declarations import InterviewerPush, InterviewPush, PanelPush
from tests.budgets import examples
from tests.world import PANEL, World, in_hours, instant

T = TypeVar("T")

NAMES = ("a", "b")
ZONES = ("UTC", "Asia/Tokyo")
URLS = ("https://goodtime.example/1", "https://goodtime.example/2")

PUSH = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"

_panels = itertools.count(1)


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
        said = {"sequence": self.sequence, "note": self.note, "tentative": self.tentative}
        return "upsertInterviewPanel", world.a_panel(
            panel, *interviews, **said, timezone=self.timezone, externalUrl=self.url
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
        its = {"panelExternalId": panel, "candidateExternalId": "carla", "timezone": self.timezone}
        its |= {"sequence": self.sequence, "externalUrl": self.url}
        return "upsertInterview", its | {"interview": self.content.declared(world, self.name)}


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
            said = {name: getattr(act, name) for name in ("note", "tentative", "timezone", "url", "interviews")}
            state = replace(state, known=True, canceled=False, off={}, **said)
        elif isinstance(act, Event):
            interviews = state.interviews | {act.name: act.content}
            its = {"timezone": act.timezone, "url": act.url or state.url, "off": without(act.name, state.off)}
            state = replace(state, known=True, canceled=False, interviews=interviews, **its)
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
    variables = {f"i{n}": its for n, (_, its) in enumerate(asked)}
    answers = await world.goodtime.ask(f"mutation ({inputs}) {{ {fields} }}", **variables)
    assert not any(answer["errors"] for answer in answers.values()), (acts, answers)


async def states(world: World, expected: State, *panels: str) -> list[State]:
    """What the panels have come to, but for cancelled interviews that are history: those of overtaken pushes only."""
    edges = (await world.goodtime.ask(STATES, named=panels))["interviewPanels"]["edges"]
    there = {edge["node"]["externalId"]: edge["node"] for edge in edges}
    found = [seen(there.get(panel)) for panel in panels]
    return [replace(its, off={name: its.off[name] for name in its.off.keys() & expected.off}) for its in found]


def a_panel() -> str:
    """The external id of a panel that nobody has told of."""
    return f"panel-{next(_panels)}"


async def holds(count: int, inputs: st.SearchStrategy[T], check: Callable[[T], Coroutine[Any, Any, None]]) -> None:
    """A property holds for so many examples: hypothesis runs in a thread of its own, what it checks in this loop."""
    loop = asyncio.get_running_loop()

    @examples(count)
    @given(inputs)
    def held(example: T) -> None:
        asyncio.run_coroutine_threadsafe(check(example), loop).result(timeout=60)

    await asyncio.to_thread(held)


@pytest.mark.parametrize(("events", "count"), [(False, 20), (True, 50)], ids=["panels and cancels", "with events"])
async def test_any_order_and_repetition_of_a_history_ends_in_one_state(world: World, events: bool, count: int) -> None:
    async def converges(history: tuple[list[Act], list[Act]]) -> None:
        (acts, received), panel = history, a_panel()
        await send(world, *((panel, act) for act in received))
        expected = visible(folded(acts))
        assert await states(world, expected, panel) == [expected]

    await holds(count, histories(events=events), converges)


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


# At once.


async def log(world: World) -> list[models.Change]:
    """The account's log. Fails where its positions have a gap, or the account's count says otherwise."""
    recorded = await models.Change.filter(account_id=world.account.id).order_by("position")
    account = await models.Account.get(id=world.account.id)
    assert [change.position for change in recorded] == list(range(1, account.position + 1))
    return recorded


async def stored(world: World) -> dict[str, int]:
    """How many rows the account has of what pushes write."""
    return {
        "panels": await models.Panel.filter(account_id=world.account.id).count(),
        "interviews": await models.Interview.filter(account_id=world.account.id).count(),
        "seats": await models.Interviewer.filter(panel__account_id=world.account.id).count(),
        "forms": await models.FeedbackForm.filter(account_id=world.account.id).count(),
    }


def a_whole_panel(world: World, name: str, sequence: int | None = 1, day: int = 1, **its: Any) -> dict[str, Any]:
    """A push of two interviews of two people each, with forms."""
    asked = {"feedbackTemplateId": world.templates["values"], "startsAt": in_hours(24 * day)}
    interviews = [world.an_interview(each, "ivo", "noor", **asked) for each in ("a", "b")]
    return world.a_panel(name, *interviews, sequence=sequence, **its)


async def test_pushing_one_panel_many_times_at_once_makes_it_once(world: World) -> None:
    push = a_whole_panel(world, "p")

    answers = await asyncio.gather(*(world.goodtime.push(**push) for _ in range(16)))

    assert sorted(answer["outcome"] for answer in answers) == ["CREATED"] + ["UNCHANGED"] * 15
    assert len({answer["panel"]["id"] for answer in answers}) == 1
    assert await stored(world) == {"panels": 1, "interviews": 2, "seats": 4, "forms": 4}
    assert [change.kind.value for change in await log(world)] == ["CREATED"]


async def test_many_revisions_at_once_end_with_the_highest(world: World) -> None:
    revisions = list(range(1, 17))
    random.shuffle(revisions)

    answers = await asyncio.gather(
        *(world.goodtime.push(**a_whole_panel(world, "p", number, note=f"{number}")) for number in revisions)
    )

    outcomes = [answer["outcome"] for answer in answers]
    assert outcomes.count("CREATED") == 1
    assert set(outcomes) <= {"CREATED", "UPDATED", "STALE_IGNORED"}
    panel = await world.goodtime.panel(externalId="p")
    assert panel is not None
    assert (panel["note"], panel["sequence"]) == ("16", 16)
    assert await stored(world) == {"panels": 1, "interviews": 2, "seats": 4, "forms": 4}
    assert len(await log(world)) == panel["version"]


async def test_of_many_contents_of_one_revision_at_once_one_is_taken_and_the_others_are_told(world: World) -> None:
    answers = await asyncio.gather(
        *(world.goodtime.push(**a_whole_panel(world, "p", 1, note=f"{number}")) for number in range(8))
    )

    [taken] = [answer for answer in answers if not answer["errors"]]
    codes = [error["code"] for answer in answers for error in answer["errors"]]
    assert (taken["outcome"], codes) == ("CREATED", ["SEQUENCE_CONFLICT"] * 7)
    panel = await world.goodtime.panel(externalId="p")
    assert panel == taken["panel"]


async def test_without_a_sequence_too_nobody_fails_and_one_of_them_stands_whole(world: World) -> None:
    answers = await asyncio.gather(
        *(world.goodtime.push(**a_whole_panel(world, "p", None, day, note=f"{day}")) for day in range(1, 13))
    )

    assert not any(answer["errors"] for answer in answers)
    panel = await world.goodtime.panel(externalId="p")
    assert panel is not None
    assert {each["startsAt"] for each in panel["interviews"]} == {panel["startsAt"]}
    assert instant(panel["startsAt"]) == instant(in_hours(24 * int(panel["note"])))
    assert await stored(world) == {"panels": 1, "interviews": 2, "seats": 4, "forms": 4}


async def test_events_of_a_new_panel_at_once_are_all_there(world: World) -> None:
    its = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "UTC", "sequence": 1}

    answers = await asyncio.gather(
        *(world.goodtime.push_one(**its, interview=world.an_interview(f"event-{number}")) for number in range(12))
    )

    assert sorted(answer["outcome"] for answer in answers) == ["CREATED"] + ["UPDATED"] * 11
    assert await stored(world) == {"panels": 1, "interviews": 12, "seats": 12, "forms": 0}
    assert len(await log(world)) == 12


async def test_pushes_and_cancels_at_once_end_as_if_one_after_the_other(world: World) -> None:
    acts = [world.goodtime.push(**a_whole_panel(world, "p", number)) for number in (1, 2, 3, 5)]
    acts += [world.goodtime.cancel(externalId="p", sequence=number) for number in (2, 4, 6)]
    acts += [world.goodtime.push(**a_whole_panel(world, "q", number)) for number in (1, 3, 7)]
    acts += [world.goodtime.cancel(externalId="q", sequence=number) for number in (2, 6)]

    answers = await asyncio.gather(*acts)

    assert not any(answer["errors"] for answer in answers)
    p, q = await world.goodtime.panel(externalId="p"), await world.goodtime.panel(externalId="q")
    assert p is not None
    assert q is not None
    assert [(panel["status"], panel["sequence"]) for panel in (p, q)] == [("CANCELED", 6), ("SCHEDULED", 7)]
    await log(world)


async def test_panels_pushed_side_by_side_leave_no_gap_in_the_log(world: World) -> None:
    revisions = [a_whole_panel(world, f"panel-{number}", sequence) for number in range(12) for sequence in (1, 2)]
    random.shuffle(revisions)

    answers = await asyncio.gather(*(world.goodtime.push(**push) for push in revisions))

    assert not any(answer["errors"] for answer in answers)
    assert len(await log(world)) == sum(answer["outcome"] in ("CREATED", "UPDATED") for answer in answers)
    assert (await stored(world))["panels"] == 12


async def test_of_many_users_who_cancel_the_same_version_one_does(world: World) -> None:
    panel = (await world.goodtime.push(**a_whole_panel(world, "p")))["panel"]

    people = [world.sam, world.ada, world.rita] * 3
    answers = await asyncio.gather(*(person.cancel(id=panel["id"], expectedVersion=1) for person in people))

    codes = [error["code"] for answer in answers for error in answer["errors"]]
    assert codes == ["VERSION_CONFLICT"] * 8
    assert len(await log(world)) == 2


async def test_a_form_handed_in_many_times_at_once_is_handed_in_once(world: World) -> None:
    pushed = await world.goodtime.push(**a_whole_panel(world, "p"))
    form = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]

    answers = await asyncio.gather(*(world.ivo.fill(form, "Hire") for _ in range(8)))

    assert not any(answer["errors"] for answer in answers)
    assert [change.kind.value for change in await log(world)] == ["CREATED", "FEEDBACK_SUBMITTED"]


# The feed replays to the present.


@dataclass(frozen=True)
class Happening:
    """Something that somebody does to a panel: it may be nothing new, too late, or refused."""

    kind: str
    sequence: int
    day: int
    interview: str
    note: str

    async def happen(self, world: World, panel: str) -> None:
        push = a_whole_panel(world, panel, self.sequence, self.day, note=self.note)
        its = {"panelExternalId": panel, "externalId": self.interview}
        shown = await world.rita.panel(externalId=panel)
        match self.kind:
            case "push":
                await world.goodtime.push(**push)
            case "push without a sequence":
                await world.goodtime.push(**push | {"sequence": None})
            case "push less":
                await world.goodtime.push(**push | {"interviews": push["interviews"][:1]})
            case "push an event":
                event = push["interviews"][0] | {"externalId": self.interview, "note": self.note}
                await world.goodtime.push_one(panelExternalId=panel, sequence=self.sequence, interview=event)
            case "delete":
                await world.goodtime.cancel(externalId=panel, sequence=self.sequence)
            case "delete an interview":
                await world.goodtime.cancel_one(**its, sequence=self.sequence)
            case "cancel":
                await world.rita.cancel(externalId=panel)
            case "cancel an interview":
                await world.rita.cancel_one(**its)
            case "restore" if shown:
                await world.rita.restore(id=shown["id"])
            case "hand in" if shown:
                seats = [seat for interview in shown["interviews"] for seat in interview["interviewers"]]
                ivos = [seat["feedbackForm"] for seat in seats if seat["user"]["email"] == world.email("ivo")]
                # What was called off before it was pushed has never asked for feedback.
                for form in filter(None, ivos[:1]):
                    await world.ivo.fill(form["id"])


KINDS = ["push", "push", "push without a sequence", "push less", "push an event", "delete", "delete an interview"]
KINDS += ["cancel", "cancel an interview", "restore", "hand in"]
happenings = st.builds(
    Happening,
    kind=st.sampled_from(KINDS),
    sequence=st.integers(1, 9),
    day=st.integers(1, 3),
    interview=st.sampled_from("ab"),
    note=st.sampled_from(["one", "two"]),
)


def but_the_sequence(panel: dict[str, Any] | None) -> dict[str, Any] | None:
    """A panel without what a second, higher cancel moves on in silence."""
    return panel and {name: value for name, value in panel.items() if name != "sequence"}


async def test_what_followers_were_told_is_what_stands_and_the_log_has_no_gap(world: World) -> None:
    query = PANEL + "subscription { interviewPanelChanges { cursor panel { ...Panel } } }"

    async def replays(lives: list[list[Happening]]) -> None:
        known = len(await log(world))
        panels = {a_panel(): life for life in lives}
        async with world.rita.following(query) as following:
            for happening in itertools.zip_longest(*panels.values()):
                happens = zip(panels, happening, strict=True)
                await asyncio.gather(*(its.happen(world, panel) for panel, its in happens if its))
            changes = [await following.next() for _ in (await log(world))[known:]]
        told = {change["panel"]["externalId"]: change["panel"] for change in changes}

        newest = (await world.rita.changes(after=None, first=500))[known:]
        assert [change["cursor"] for change in changes] == [change["cursor"] for change in newest]
        for panel in panels:
            assert but_the_sequence(await world.rita.panel(externalId=panel)) == but_the_sequence(told.get(panel))

    await holds(6, st.lists(st.lists(happenings, max_size=8), min_size=2, max_size=4), replays)


async def test_nothing_that_people_see_of_a_panel_changes_unrecorded(world: World) -> None:
    async def is_recorded(life: list[Happening]) -> None:
        panel, before = a_panel(), None
        for happening in life:
            known = len(await log(world))
            await happening.happen(world, panel)
            after = but_the_sequence(await world.rita.panel(externalId=panel))
            if len(await log(world)) == known:
                assert after == before
            else:
                assert after is not None
                assert after != before
                assert after["version"] == (before["version"] if before else 0) + 1
            before = after

    await holds(10, st.lists(happenings, min_size=1, max_size=12), is_recorded)


# Whoever goes away in the middle.


async def test_clients_that_go_away_in_the_middle_of_a_push_leave_nothing_behind(world: World) -> None:
    chance = random.Random(3)

    async def pushed_and_left(number: int) -> None:
        _, writer = await asyncio.open_connection(*world.server.address.removeprefix("http://").split(":"))
        variables = {"input": a_whole_panel(world, f"panel-{number % 20}", 1 + number // 20)}
        body = json.dumps({"query": PUSH, "variables": variables})
        headers = {"host": "here", "content-type": "application/json", "content-length": len(body)}
        told = "".join(f"{name}: {value}\r\n" for name, value in (headers | world.goodtime.headers).items())
        writer.write(f"POST /graphql HTTP/1.1\r\n{told}\r\n{body}".encode())
        await asyncio.sleep(chance.uniform(0, 0.06))
        writer.transport.abort()

    for batch in range(0, 200, 10):
        # Those who stay keep the pace: what the others began is not to pile up.
        stay = [world.goodtime.push(**a_whole_panel(world, f"stay-{n}", 1 + batch)) for n in range(3)]
        await asyncio.gather(*stay, *(pushed_and_left(batch + number) for number in range(10)))

    await everything_works(world)


async def test_clients_whose_sockets_break_in_the_middle_of_a_push_leave_nothing_behind(world: World) -> None:
    chance = random.Random(4)

    async def pushed_and_broke(number: int) -> None:
        async with world.goodtime.connected() as connection:
            variables = {"input": a_whole_panel(world, f"panel-{number % 20}", 1 + number // 20)}
            await connection.send(type="subscribe", id="1", payload={"query": PUSH, "variables": variables})
            await asyncio.sleep(chance.uniform(0, 0.05))
            connection.socket.transport.abort()

    for batch in range(0, 60, 6):
        stays = world.goodtime.push(**a_whole_panel(world, "stays", 1 + batch))
        await asyncio.gather(stays, *(pushed_and_broke(batch + number) for number in range(6)))

    await everything_works(world)


async def test_acts_whose_caller_is_cancelled_are_done_whole_or_not_at_all(world: World) -> None:
    chance = random.Random(5)
    viewer = await the_integration(world)
    seats = [InterviewerPush(email=world.email(name)) for name in ("ivo", "noor")]
    template = world.templates["values"]
    interviews = [
        InterviewPush(name, f"Interview {name}", clock.now(), 60, seats, feedback_template_id=template)
        for name in ("a", "b")
    ]

    for number in range(300):
        its = PanelPush(
            f"panel-{number % 30}", "UTC", interviews, candidate_external_id="carla", sequence=1 + number // 30
        )
        pushing = asyncio.ensure_future(pushes.push(viewer, its))
        for _ in range(chance.randint(0, 20)):
            await asyncio.sleep(chance.choice([0, 0.001]))
        pushing.cancel()
        await asyncio.wait([pushing])

    await units.TRANSACTIONS.drain()
    await everything_works(world)


async def the_integration(world: World) -> Viewer:
    """GoodTime as the rules know it."""
    integration = await models.Integration.get(account_id=world.account.id)
    return Viewer(account=world.account, integration=integration)


async def everything_works(world: World) -> None:
    """Every panel is whole or not there, the log tells of each, and more requests than connections get through."""
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(world.goodtime.push(**a_whole_panel(world, f"after-{number}", 1)) for number in range(16))
        )
    assert [answer["outcome"] for answer in answers] == ["CREATED"] * 16
    rows = await stored(world)
    assert rows == {
        name: rows["panels"] * each for name, each in (("panels", 1), ("interviews", 2), ("seats", 4), ("forms", 4))
    }
    panels = await models.Panel.filter(account_id=world.account.id)
    versions = collections.Counter(change.panel_id for change in await log(world))
    assert {panel.id: panel.version for panel in panels} == versions
