"""The property that makes a live view right: what is loaded and then changed by `changes` is what is loaded afresh.

Clients load once, and then only apply what the feed says. Whatever happens meanwhile, to panels, candidates, people's
roles and who owns whom, each of them ends with exactly what a fresh load shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

import models
from tests.convergence import holds
from tests.people import Person
from tests.world import World, in_hours

PARTS = """
fragment Form on FeedbackForm { id status template { externalId } }
fragment Panel on InterviewPanel { id externalId status startsAt version note
  interviews(includeCanceled: true) { id startsAt interviewers { user { id } } } }
fragment Candidate on Candidate { id name archivedAt updatedAt owner { id } followers { id } posting { externalId } }
"""
FORMS = "interviews(includeCanceled: true) { feedbackForms { ...Form } }"
LOAD = f"""query {{ changeCursor
  viewer {{ ... on User {{ feedbackForms(first: 10) {{ edges {{ node {{ ...Form }} }} }} }} }}
  candidates(first: 10) {{ edges {{ node {{ ...Candidate }} }} }}
  archived: candidates(first: 10, filter: {{ archived: true }}) {{ edges {{ node {{ ...Candidate }} }} }}
  interviewPanels(first: 10, filter: {{ includeCanceled: true }}) {{ edges {{ node {{ ...Panel {FORMS} }} }} }}
  interviews(first: 10, filter: {{ includeCanceled: true }}) {{ edges {{ node {{ panel {{ ...Panel {FORMS} }} }} }} }}
}} {PARTS}"""
FORM = PARTS.partition("fragment Panel")[0]
NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on FeedbackForm {{ ...Form }} }} }} {FORM}"
CHANGES = f"""query ($after: String) {{ changes(after: $after, first: 200) {{ pageInfo {{ endCursor hasNextPage }}
  edges {{ node {{ __typename type
    ... on InterviewPanelChange {{ panel {{ ...Panel }} }} ... on CandidateChange {{ candidate {{ ...Candidate }} }}
    ... on FeedbackFormChange {{ form {{ ...Form }} }} ... on NoLongerVisible {{ nodeId }} }} }} }} }} {PARTS}"""


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


@dataclass
class Client:
    """A screen that shows all there is to see, as it was loaded and has changed since."""

    person: Person
    cursor: str = ""
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def load(self) -> None:
        """Load everything afresh."""
        loaded = await self.person.ask(LOAD)
        self.cursor, self.shown = loaded["changeCursor"], {}
        panels = [*nodes(loaded["interviewPanels"]), *(each["panel"] for each in nodes(loaded["interviews"]))]
        own = loaded["viewer"].get("feedbackForms")
        candidates = [*nodes(loaded["candidates"]), *nodes(loaded["archived"])]
        for row in [*candidates, *panels, *(nodes(own) if own else ())]:
            self.shown[row["id"]] = row
        for panel in panels:
            for interview in panel["interviews"]:
                self.shown |= {form["id"]: form for form in interview.pop("feedbackForms")}

    async def load_forms(self, ids: Iterable[str]) -> None:
        """Load forms by their ids: an Interviewer sees those of their panels that no list of theirs has."""
        loaded = await self.person.ask(NODES, ids=sorted(id for id in ids if id.startswith("frm_")))
        self.shown |= {form["id"]: form for form in loaded["nodes"] if form}

    async def follow(self) -> None:
        """Apply what has happened since; where the cursor has expired, load afresh."""
        answer = await self.person.answer(CHANGES, after=self.cursor)
        if "errors" in answer:
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["CURSOR_EXPIRED"], answer
            await self.load()
            return
        for change in nodes(answer["data"]["changes"]):
            self._apply(change)
        self.cursor = answer["data"]["changes"]["pageInfo"]["endCursor"]
        assert not answer["data"]["changes"]["pageInfo"]["hasNextPage"]

    def _apply(self, change: dict[str, Any]) -> None:
        if change["__typename"] == "NoLongerVisible":
            self.shown.pop(change["nodeId"], None)
            return
        [row] = (change[name] for name in ("panel", "candidate", "form") if name in change)
        self.shown[row["id"]] = row

    def view(self) -> dict[str, dict[str, Any]]:
        """What it shows, but for forms that nobody asks for any more: they are listed only while their person sits."""
        return {id: row for id, row in self.shown.items() if row.get("status") != "VOIDED"}


# What happens.

people = st.sets(st.sampled_from(["ivo", "noor", "leo"]), min_size=1)
interviews = st.dictionaries(st.sampled_from("ab"), people, min_size=1)
someone = st.sampled_from([None, "leo", "rita"])
pushes = st.tuples(
    st.just("push"),
    st.sampled_from("pq"),
    interviews,
    st.integers(1, 2),
    st.sampled_from([None, "values", "technical"]),
)
acts = st.one_of(
    pushes,
    pushes,
    st.tuples(st.sampled_from(["cancel", "delete", "restore", "fill"]), st.sampled_from("pq")),
    st.tuples(
        *(st.just("candidate"), st.sampled_from(["carla", "lea"]), st.sampled_from(["Carla", "Lea"]), someone),
        *(st.sets(st.sampled_from(["leo", "rita"])), st.booleans(), st.sampled_from([None, "backend"])),
    ),
    st.tuples(st.just("posting"), someone),
    st.tuples(
        *(st.just("role"), st.sampled_from(["leo", "ivo"])),
        st.sampled_from(["LIMITED_TEAM_MEMBER", "INTERVIEWER", "TEAM_MEMBER"]),
    ),
)

OF_PANELS = {"p": "carla", "q": "lea"}


async def do(world: World, act: tuple[Any, ...]) -> None:
    """What happens, if it can."""
    match act:
        case ("push", panel, seats, day, template):
            asked = {"feedbackTemplateId": template and world.templates[template], "startsAt": in_hours(24 * day)}
            events = [world.an_interview(name, *sorted(people), **asked) for name, people in seats.items()]
            await world.goodtime.push(**world.a_panel(panel, *events, candidateExternalId=OF_PANELS[panel]))
        case ("delete", panel):
            await world.goodtime.cancel(externalId=panel)
        case ("cancel" | "restore" as what, name):
            panel = await models.Panel.get_or_none(account_id=world.account.id, external_id=name)
            if panel is not None:
                await getattr(world.ada, what)(id=panel.id)
        case ("fill", name):
            pending = models.FeedbackForm.filter(account_id=world.account.id, panel__external_id=name, status="PENDING")
            for form in await pending.prefetch_related("user").limit(1):
                await getattr(world, form.user.name.lower()).fill(form.id)
        case ("candidate", candidate, name, owner, followers, archived, posting):
            row = {"externalId": candidate, "name": name, "stage": "On-site", "archived": archived}
            row |= {"ownerEmail": owner and world.email(owner), "postingExternalId": posting}
            row |= {"followerEmails": [world.email(each) for each in sorted(followers)]}
            assert (await world.ada.sync("candidates", [row]))["errors"] == []
        case ("posting", manager):
            row = {"externalId": "backend", "title": "Backend Engineer"}
            row |= {"hiringManagerEmail": manager and world.email(manager)}
            assert (await world.ada.sync("postings", [row]))["errors"] == []
        case ("role", name, role):
            row = {"externalId": f"user-{name}", "email": world.email(name), "name": name.title(), "role": role}
            assert (await world.ada.sync("users", [row]))["errors"] == []


async def test_whatever_happens_a_view_that_follows_is_what_a_fresh_load_shows(world: World) -> None:
    async def check(history: list[tuple[tuple[Any, ...], bool]]) -> None:
        own = await World.create(world.server)
        clients = [Client(each) for each in (own.rita, own.leo, own.ivo, own.noor, own.goodtime)]
        for client in clients:
            await client.load()
        for act, is_followed in history:
            await do(own, act)
            for client in clients if is_followed else ():
                await client.follow()
        for client in clients:
            await client.follow()
            fresh = Client(client.person)
            await fresh.load()
            await fresh.load_forms(client.shown.keys() - fresh.shown.keys())
            assert client.view() == fresh.view(), client.person.name

    await holds(12, st.lists(st.tuples(acts, st.booleans()), min_size=2, max_size=9), check)
