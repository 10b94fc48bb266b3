"""The property that makes a live view right: what is loaded and then changed by `changes` is what is loaded afresh.

Clients load once, and then only apply what the feed says. Whatever happens meanwhile, to panels, candidates, people's
roles and names and who owns whom, each of them, whatever their role, ends with exactly what a fresh load shows.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

import models
from tests.convergence import holds
from tests.people import Person
from tests.world import World, in_hours

PARTS = """
fragment Form on FeedbackForm { id status waivedAt template { id name } }
fragment Panel on InterviewPanel { id externalId status startsAt version note stage { id hasInterview }
  candidate { ...Candidate } interviews(includeCanceled: true) { id startsAt interviewers { user { id name } } } }
fragment Candidate on Candidate { id name archivedAt erasedAt updatedAt owner { id name } followers { id name }
  stage { id hasInterview } posting { id title } }
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
CHANGES = f"""query ($after: String) {{ changes(after: $after, first: 100) {{ pageInfo {{ endCursor hasNextPage }}
  edges {{ node {{ __typename type
    ... on InterviewPanelChange {{ panel {{ ...Panel }} }} ... on CandidateChange {{ candidate {{ ...Candidate }} }}
    ... on FeedbackFormChange {{ form {{ ...Form }} }} ... on NoLongerVisible {{ nodeId }}
    ... on DirectoryChange {{ node {{ id ... on User {{ name }} ... on Stage {{ hasInterview }}
      ... on Posting {{ title }} ... on FeedbackTemplate {{ name }} }} }} }} }} }} }} {PARTS}"""


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
            self._take_candidate(panel)
            for interview in panel["interviews"]:
                self.shown |= {form["id"]: form for form in interview.pop("feedbackForms")}

    def _take_candidate(self, panel: dict[str, Any]) -> None:
        """An Interviewer knows candidates by their panels alone."""
        if candidate := panel.pop("candidate", None):
            self.shown[candidate["id"]] = candidate
            panel["candidateId"] = candidate["id"]

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
        if answer["data"]["changes"]["pageInfo"]["hasNextPage"]:
            await self.follow()

    def _apply(self, change: dict[str, Any]) -> None:
        if change["__typename"] == "NoLongerVisible":
            self.shown.pop(change["nodeId"], None)
            return
        if "node" in change:
            rename(self.shown, change["node"])
            return
        [row] = (change[name] for name in ("panel", "candidate", "form") if name in change)
        self._take_candidate(row)
        self.shown[row["id"]] = row

    def view(self) -> dict[str, dict[str, Any]]:
        """What it shows, but for forms that nobody asks for any more: they are listed only while their person sits."""
        return {id: row for id, row in self.shown.items() if row.get("status") != "VOIDED"}


def rename(shown: Any, node: dict[str, Any]) -> None:
    """Show what has changed of the node wherever it stands."""
    for each in shown.values() if isinstance(shown, dict) else shown:
        if isinstance(each, dict | list):
            rename(each, node)
    if isinstance(shown, dict) and shown.get("id") == node["id"]:
        shown.update({name: value for name, value in node.items() if name in shown})


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
    st.tuples(st.sampled_from(["cancel", "delete", "restore", "fill", "waive", "reopen"]), st.sampled_from("pq")),
    st.tuples(st.just("erase"), st.sampled_from(["carla", "lea"])),
    st.tuples(st.just("merge"), st.sampled_from([("carla", "lea"), ("lea", "carla")])),
    st.tuples(
        *(st.just("name"), st.sampled_from(["users", "stages", "postings", "feedbackTemplates"])),
        *(st.booleans(), st.sampled_from(["leo", "ivo", "noor", "rita"])),
    ),
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
        case ("waive" | "reopen" as what, name):
            forms = models.FeedbackForm.filter(account_id=world.account.id, panel__external_id=name)
            for form in await forms.order_by("id").limit(1):
                await world.ada.ask(f'mutation {{ {what}Feedback(formId: "{form.id}") {{ errors {{ code }} }} }}')
        case ("erase", candidate):
            id = (await models.Candidate.get(account_id=world.account.id, external_id=candidate)).id
            await world.ada.ask(f'mutation {{ eraseCandidate(id: "{id}") {{ errors {{ code }} }} }}')
        case ("merge", (candidate, into)):
            row = {"externalId": candidate, "name": candidate.title(), "stage": "On-site"}
            await world.ada.sync("candidates", [row | {"mergedIntoExternalId": into}])
        case ("name", what, is_other, name):
            await world.ada.sync(what, [await renamed(world, what, is_other, name)])
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


async def ends_with_what_is_so(client: Client) -> None:
    await client.follow()
    fresh = Client(client.person)
    await fresh.load()
    await fresh.load_forms(client.shown.keys() - fresh.shown.keys())
    assert client.view() == fresh.view(), client.person.name


async def renamed(world: World, what: str, is_other: bool, name: str) -> dict[str, Any]:
    """A row of the directory with one of two names, or what else is shown of it."""
    suffix = " anew" if is_other else ""
    match what:
        case "users":
            user = await models.User.get(account_id=world.account.id, email=world.email(name))
            row = {"externalId": user.external_id, "email": user.email, "role": user.role.value}
            return row | {"name": f"{name.title()}{suffix}"}
        case "stages":
            return {"name": "On-site", "position": 2, "hasInterview": is_other}
        case "postings":
            posting = await models.Posting.get(account_id=world.account.id, external_id="backend")
            manager = await models.User.get_or_none(id=posting.hiring_manager_id)
            row = {"externalId": "backend", "title": f"Backend Engineer{suffix}"}
            return row | {"hiringManagerEmail": manager and manager.email}
        case _:
            fields = [{"type": "SCORE", "label": "Overall", "required": True}]
            return {"externalId": "values", "name": f"Values{suffix}", "fields": fields}


async def test_whatever_happens_a_view_that_follows_is_what_a_fresh_load_shows(world: World) -> None:
    async def check(history: list[tuple[tuple[Any, ...], bool]]) -> None:
        own = await World.create(world.server)
        people = (own.sam, own.ada, own.rita, own.leo, own.ivo, own.noor, own.goodtime)
        clients = [Client(each) for each in people]
        await asyncio.gather(*(client.load() for client in clients))
        for act, is_followed in history:
            await do(own, act)
            await asyncio.gather(*(client.follow() for client in clients if is_followed))
        await asyncio.gather(*map(ends_with_what_is_so, clients))

    await holds(12, st.lists(st.tuples(acts, st.booleans()), min_size=2, max_size=9), check)
