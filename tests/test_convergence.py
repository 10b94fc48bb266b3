"""Rule 3 and the feed as properties: any order ends in one state; nothing doubles, is lost, or is left behind.

What a history must come to is said here a second time, in the plainest way: its acts by their sequence, one after the
other (`folded`). The server gets them in any order, any number of times.
"""

import asyncio
import collections
import itertools
import json
import random
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import clock
import models
from auth.viewer import Viewer
from resolvers import changes, pushes
from resolvers.declarations import InterviewerPush, InterviewPush, PanelPush
from tests.world import PANEL, World, in_hours, instant

NAMES = ("a", "b")
ZONES = ("UTC", "Asia/Tokyo")
URLS = ("https://goodtime.example/1", "https://goodtime.example/2")

PUSH = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { outcome } }"

_panels = itertools.count(1)


def examples(count: int) -> settings:
    """So many examples, each of many requests to a server: none is too slow."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=count, deadline=None, database=None, suppress_health_check=quiet)


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

    No two pushes have the same sequence, though a cancel may have a push's. Where events tell the panel's URL, all do;
    where they don't it never changes.
    """
    events_tell = events and draw(st.booleans())
    urls = st.sampled_from(URLS if events_tell or not events else URLS[:1])
    names, zones = st.sampled_from(NAMES), st.sampled_from(ZONES)
    acts: list[Act] = []
    for sequence in range(1, draw(st.integers(2, 6)) + 1):
        kind = draw(st.sampled_from([Push, Event, Cancel] if events else [Push, Cancel]))
        if kind is Push:
            interviews = draw(st.dictionaries(names, contents, min_size=1))
            note, tentative = draw(st.sampled_from([None, "note"])), draw(st.booleans())
            acts.append(Push(sequence, interviews, note, tentative, draw(zones), draw(urls)))
        if kind is Event:
            url = draw(urls) if events_tell else None
            acts.append(Event(sequence, draw(names), draw(contents), draw(zones), url))
        if kind is Cancel or draw(st.integers(0, 3)) == 3:
            acts.append(Cancel(sequence, draw(st.none() | names) if events else None))
    again = draw(st.lists(st.sampled_from(acts), max_size=3))
    return acts, draw(st.permutations(acts + again))


@dataclass(frozen=True)
class State:
    """What a panel has come to: None for the interviews where nobody may see it."""

    sequence: int = 0
    known: bool = False
    canceled: bool = False
    note: str | None = None
    tentative: bool = False
    timezone: str = ""
    url: str | None = None
    interviews: dict[str, Content] = field(default_factory=dict)


def folded(acts: list[Act]) -> State:
    """The acts of a history one after the other: what any other order must come to as well."""
    state = State()
    for act in acts:
        state = replace(state, sequence=act.sequence)
        if isinstance(act, Push):
            said = {name: getattr(act, name) for name in ("note", "tentative", "timezone", "url", "interviews")}
            state = replace(state, known=True, canceled=False, **said)
        elif isinstance(act, Event):
            interviews = state.interviews | {act.name: act.content}
            its = {"timezone": act.timezone, "url": act.url or state.url}
            state = replace(state, known=True, canceled=False, interviews=interviews, **its)
        elif act.name is None:
            state = replace(state, canceled=True)
        else:
            state = replace(state, interviews={n: its for n, its in state.interviews.items() if n != act.name})
    return replace(state, canceled=state.canceled or not state.interviews) if state.known else State()


def visible(state: State) -> State:
    """What of a state the API shows: of a cancelled panel neither whether it was tentative nor any form to fill in."""
    if not state.canceled:
        return state
    interviews = {name: replace(content, template=None) for name, content in state.interviews.items()}
    return replace(state, tentative=False, interviews=interviews)


def seen(world: World, panel: dict[str, Any] | None) -> State:
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
    candidate { externalId } interviews { externalId startsAt interviewers {
      user { email } feedbackForm { status template { externalId } } } } } } } }"""


class Scheduler:
    """GoodTime without an event loop: hypothesis runs in a thread of its own, beside the server's."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = httpx.Client(headers=world.goodtime.headers, timeout=30)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.http.post(self.world.server.graphql, json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def send(self, *acts: tuple[str, Act]) -> None:
        """Acts on panels, in one request: its mutations are done one after the other, each in its own transaction."""
        asked = [act.asked(self.world, panel) for panel, act in acts]
        inputs = ", ".join(f"$i{n}: {name[0].upper()}{name[1:]}Input!" for n, (name, _) in enumerate(asked))
        fields = " ".join(
            f"a{n}: {name}(input: $i{n}) {{ errors {{ code path }} }}" for n, (name, _) in enumerate(asked)
        )
        answers = self.ask(f"mutation ({inputs}) {{ {fields} }}", **{f"i{n}": its for n, (_, its) in enumerate(asked)})
        assert not any(answer["errors"] for answer in answers.values()), (acts, answers)

    def states(self, *panels: str) -> list[State]:
        edges = self.ask(STATES, named=panels)["interviewPanels"]["edges"]
        there = {edge["node"]["externalId"]: edge["node"] for edge in edges}
        return [seen(self.world, there.get(panel)) for panel in panels]


def a_panel() -> str:
    """The external id of a panel that nobody has told of."""
    return f"panel-{next(_panels)}"


async def holds(world: World, count: int, histories: Any) -> None:
    """Histories end in the state that they mean, in whatever order they are received."""
    scheduler = Scheduler(world)

    @examples(count)
    @given(histories)
    def converges(history: tuple[list[Act], list[Act]]) -> None:
        (acts, received), panel = history, a_panel()
        scheduler.send(*((panel, act) for act in received))
        assert scheduler.states(panel) == [visible(folded(acts))]

    with scheduler.http:
        await asyncio.to_thread(converges)


async def test_any_order_and_repetition_of_whole_panels_and_cancels_ends_in_one_state(world: World) -> None:
    await holds(world, 20, histories(events=False))


async def test_any_order_and_repetition_of_panels_events_and_both_kinds_of_cancels_ends_in_one_state(
    world: World,
) -> None:
    await holds(world, 50, histories(events=True))


async def test_any_two_acts_overtake_each_other_and_the_push_before_them(world: World) -> None:
    early, late, url = Content(1, ("ivo",), "values"), Content(2, ("noor", "ivo"), None), URLS[0]
    first = Push(1, {"a": early, "b": early}, "first", False, "UTC", url)
    second: list[Act] = [
        Push(2, {"b": late, "c": late}, "second", True, "Asia/Tokyo", url),
        *(Event(2, name, late, "Asia/Tokyo", url) for name in ("a", "c")),
        *(Cancel(2, name) for name in (None, "a", "c")),
    ]
    third = [replace(act, sequence=3) for act in second]
    pairs = [*itertools.product(second, third), *itertools.product(second[:3], second[3:])]
    scheduler = Scheduler(world)

    def overtaken(pair: tuple[Act, ...]) -> None:
        acts = [first, *pair]
        orders = {a_panel(): order for order in itertools.permutations(acts)}
        scheduler.send(*((panel, act) for panel, order in orders.items() for act in order))
        for order, state in zip(orders.values(), scheduler.states(*orders), strict=True):
            assert state == visible(folded(acts)), order

    with scheduler.http:
        for pair in pairs:
            await asyncio.to_thread(overtaken, pair)


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


async def test_what_followers_were_told_is_what_stands_and_the_log_has_no_gap(world: World) -> None:
    query = PANEL + "subscription { interviewPanelChanges { cursor kind panel { ...Panel } } }"
    panels, chance = [f"panel-{number}" for number in range(5)], random.Random(7)

    async with world.rita.following(query) as following:
        for _ in range(12):
            await asyncio.gather(*(something_happens(world, panel, chance) for panel in panels))
        told: dict[str, dict[str, Any]] = {}
        cursors = []
        for _ in await log(world):
            change = await following.next()
            cursors.append(change["cursor"])
            told[change["panel"]["externalId"]] = change["panel"]

    assert cursors == [change["cursor"] for change in await world.rita.changes(first=500)]
    for panel in panels:
        assert but_the_sequence(await world.rita.panel(externalId=panel)) == but_the_sequence(told.get(panel))


async def something_happens(world: World, panel: str, chance: random.Random) -> None:
    """Someone does something to the panel: it may be nothing new, too late, or refused."""
    sequence, interview = chance.randint(1, 20), chance.choice("ab")
    push = a_whole_panel(world, panel, sequence, chance.randint(1, 3), note=chance.choice(["one", "two"]))
    its = {"panelExternalId": panel, "externalId": interview}
    happening = chance.choice(
        [
            lambda: world.goodtime.push(**push),
            lambda: world.goodtime.push(**push),
            lambda: world.goodtime.push(**push | {"sequence": None}),
            lambda: world.goodtime.push(**push | {"interviews": push["interviews"][:1]}),
            lambda: world.goodtime.push_one(
                panelExternalId=panel, sequence=sequence, interview=push["interviews"][0] | {"note": "alone"}
            ),
            lambda: world.goodtime.cancel(externalId=panel, sequence=sequence),
            lambda: world.goodtime.cancel_one(**its, sequence=sequence),
            lambda: world.rita.cancel(externalId=panel),
            lambda: world.rita.cancel_one(**its),
            lambda: restored(world, panel),
            lambda: handed_in(world, panel),
        ]
    )
    await happening()


async def restored(world: World, panel: str) -> None:
    if shown := await world.rita.panel(externalId=panel):
        await world.rita.restore(id=shown["id"])


async def handed_in(world: World, panel: str) -> None:
    shown = await world.rita.panel(externalId=panel)
    for interview in shown["interviews"][:1] if shown else ():
        for seat in interview["interviewers"]:
            if seat["feedbackForm"] and seat["user"]["email"] == world.email("ivo"):
                await world.ivo.fill(seat["feedbackForm"]["id"])


def but_the_sequence(panel: dict[str, Any] | None) -> dict[str, Any] | None:
    """A panel without what a second, higher cancel moves on in silence."""
    return panel and {name: value for name, value in panel.items() if name != "sequence"}


async def test_nothing_that_people_see_of_a_panel_changes_unrecorded(world: World) -> None:
    chance = random.Random(11)
    before: dict[str, Any] | None = None
    for _ in range(30):
        known = len(await log(world))
        await something_happens(world, "p", chance)
        after = but_the_sequence(await world.rita.panel(externalId="p"))
        if len(await log(world)) == known:
            assert after == before
        else:
            assert after != before
            assert after is not None
            assert after["version"] == (before["version"] if before else 0) + 1
        before = after


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
        await asyncio.gather(*(pushed_and_left(batch + number) for number in range(10)))

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
        await asyncio.gather(*(pushed_and_broke(batch + number) for number in range(6)))

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

    await changes.drained()
    await everything_works(world)


async def the_integration(world: World) -> Viewer:
    """GoodTime as the rules know it."""
    integration = await models.Integration.get(account_id=world.account.id)
    return Viewer(account=world.account, integration=integration)


async def everything_works(world: World) -> None:
    """Every panel is whole or not there, the log tells of each, and more requests than connections get through."""
    async with asyncio.timeout(20):
        answers = await asyncio.gather(
            *(world.goodtime.push(**a_whole_panel(world, f"after-{number}", 1)) for number in range(24))
        )
    assert [answer["outcome"] for answer in answers] == ["CREATED"] * 24
    rows = await stored(world)
    assert rows == {
        name: rows["panels"] * each for name, each in (("panels", 1), ("interviews", 2), ("seats", 4), ("forms", 4))
    }
    panels = await models.Panel.filter(account_id=world.account.id)
    versions = collections.Counter(change.panel_id for change in await log(world))
    assert {panel.id: panel.version for panel in panels} == versions
