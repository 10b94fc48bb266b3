"""Walks over the schema: where something is named, what can be selected, and two accounts to probe with."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from tortoise import Tortoise

import models
from schema import SCHEMA
from tests.people import Person, Server
from tests.world import World

CONTRACT = build_schema(SCHEMA.as_str())
assert CONTRACT.query_type
assert CONTRACT.mutation_type
assert CONTRACT.subscription_type

ROOTS = {"query": CONTRACT.query_type, "mutation": CONTRACT.mutation_type, "subscription": CONTRACT.subscription_type}

Path = tuple[str, ...]

_numbers = itertools.count(1)

#: What must be said beside the required so that an operation succeeds; of each group one is enough.
_EITHER = [{"candidateId", "candidateExternalId"}, {"userId", "email"}]

_NEEDED = {"candidateId", "userId", "timezone"}

#: An interview to be cancelled is named by both of these.
_BOTH = {("CancelInterviewInput", "panelExternalId"): "panel", ("CancelInterviewInput", "externalId"): "interview"}


@dataclass(frozen=True)
class Things:
    """Something of each kind in one place: ids by their kind, and the texts by which things are named."""

    ids: dict[str, str]
    texts: dict[str, str]

    def of(self, is_id: bool) -> dict[str, str]:
        return self.ids if is_id else self.texts


class Filled:
    """Arguments of a root field: valid ones of the viewer's own, with one value in the place that is probed."""

    def __init__(self, own: Things, form: str, path: Path, value: str) -> None:
        self.own = own
        self.form = form
        self.path = path
        self.value = value

    def arguments(self, field: GraphQLField) -> dict[str, Any]:
        return {
            name: self._value(name, argument.type, (name,))
            for name, argument in field.args.items()
            if is_required_argument(argument) or name == self.path[0]
        }

    def _value(self, name: str, type: GraphQLInputType, path: Path) -> Any:
        if isinstance(type, GraphQLNonNull):
            return self._value(name, type.of_type, path)
        if isinstance(type, GraphQLList):
            return [self._value(name, type.of_type, path)]
        if isinstance(type, GraphQLInputObjectType):
            return {
                below: self._below(type, below, (*path, below))
                for below, field in type.fields.items()
                if self._is_said(type, below, (*path, below), is_required_input_field(field))
            }
        if path == self.path:
            return self.value
        if isinstance(type, GraphQLEnumType):
            return "INTERVIEWER" if type.name == "Role" else next(iter(type.values))
        return self._good(name, get_named_type(type).name)

    def _below(self, input_type: GraphQLInputObjectType, name: str, path: Path) -> Any:
        if (input_type.name, name) in _BOTH and path != self.path:
            return self.own.texts[_BOTH[input_type.name, name]]
        return self._value(name, input_type.fields[name].type, path)

    def _is_said(self, input_type: GraphQLInputObjectType, name: str, path: Path, required: bool) -> bool:
        if path == self.path[: len(path)]:
            return True
        probed = self.path[len(path) - 1] if path[:-1] == self.path[: len(path) - 1] else ""
        if any({name, probed} <= group for group in _EITHER):
            return False
        return required or name in _NEEDED or {(input_type.name, name), (input_type.name, probed)} <= _BOTH.keys()

    def _good(self, name: str, kind: str) -> Any:
        """A good value by its name, else by its type: what is made anew has a name of its own each time."""
        known = {
            "timezone": "UTC",
            "stage": "On-site",
            "durationMinutes": 30,
            "candidateId": self.own.ids["candidate"],
            "userId": self.own.ids["user"],
            "formId": self.form,
            "fieldId": self.own.ids["field"],
            "values": "Hire",
            "email": f"fresh-{next(_numbers)}@fresh.example",
        }
        by_type = {
            "ID": "nothing",
            "String": f"fresh-{next(_numbers)}",
            "Int": 7,
            "Boolean": True,
            "DateTime": self._a_day(),
        }
        return known.get(name, by_type.get(kind))

    def _a_day(self) -> str:
        """Another one each time: nobody is double-booked."""
        return (datetime(2031, 1, 1, 9, tzinfo=UTC) + timedelta(days=next(_numbers))).isoformat()


# What is asked for: all there is, some levels deep.


def shown(type: GraphQLOutputType | GraphQLNamedType, levels: int, without: Collection[tuple[str, str]] = ()) -> str:
    """A selection of everything below a type; of what takes arguments that it needs, nothing."""
    of = get_named_type(type)
    if is_leaf_type(of):
        return ""
    if isinstance(of, GraphQLUnionType):
        parts = " ".join(f"... on {each.name} {shown(each, levels, without)}" for each in of.types)
        return f"{{ __typename {parts} }}"
    assert isinstance(of, GraphQLObjectType | GraphQLInterfaceType)
    return f"{{ __typename {' '.join(_fields(of, levels, without))} }}"


def _fields(
    of: GraphQLObjectType | GraphQLInterfaceType, levels: int, without: Collection[tuple[str, str]]
) -> Iterator[str]:
    is_page = of.name.endswith(("Connection", "Edge"))
    for name, field in of.fields.items():
        if (of.name, name) in without or any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(get_named_type(field.type)):
            yield name
        elif levels or is_page:
            first = "(first: 3)" if "first" in field.args else ""
            yield f"{name}{first} {shown(field.type, levels if is_page else levels - 1, without)}"


#: Refused to all but some, with everything beside it: asked for where it is their turn.
_PERSONAL = {("User", "feedbackForms"), ("Integration", "apiKeys")}


def document(kind: str, field: str, many: int) -> tuple[str, list[str]]:
    """One operation that asks a root field so many times, and the names of its arguments."""
    definition = ROOTS[kind].fields[field]
    names = list(definition.args)
    signature = ", ".join(f"${name}{n}: {definition.args[name].type}" for n in range(many) for name in names)
    selection = shown(definition.type, 1, _PERSONAL)
    asked = " ".join(
        f"a{n}: {field}({', '.join(f'{name}: ${name}{n}' for name in names)}) {selection}" for n in range(many)
    )
    return f"{kind} ({signature}) {{ {asked} }}", names


# Two accounts, and in the first of them what is in Leo's and Ivo's scope and what is not.


@dataclass
class Scene:
    world: World
    near: Things
    far: Things
    foreign: Things
    #: About Iris, who is a candidate too.
    own: Things
    #: Everybody's own form.
    forms: dict[str, str]
    #: What must never be seen by anybody, and by whom of the account what.
    marks: dict[str, set[str]]

    def person(self, name: str) -> Person:
        person: Person = getattr(self.world, name)
        return person

    def beyond(self, name: str, is_id: bool) -> dict[str, str]:
        """What lies out of this person's reach: of the other account everything, of their own what is not theirs."""
        foreign = {f"foreign {kind}": value for kind, value in self.foreign.of(is_id).items()}
        place = self.own if name == "iris" else self.far
        far = {f"far {kind}": value for kind, value in place.of(is_id).items() if kind in FAR[name]}
        return foreign | far


_THEIRS = {"candidate", "panel", "interview", "form"}

FAR = {
    "sam": set(),
    "ada": {"key", "audit"},
    "leo": {*_THEIRS, "key", "audit"},
    "ivo": {*_THEIRS, "key", "audit", "user", "stage", "posting", "template", "integration", "email"},
    "goodtime": {"audit"},
    # A Super Admin who is a candidate: what is about herself.
    "iris": {*_THEIRS, "name"},
}


async def make_scene(running: Server) -> Scene:
    world, other = await World.create(running), await World.create(running)
    world.iris = await _add_iris(world)
    near = await _things(world, "near", ("sam", "ada", "iris", "leo", "ivo"))
    far = await _things(world, "far", ("noor",))
    own = await _things(world, "own", ("noor",), world.email("iris").upper())
    foreign = await _things(other, "foreign", ("noor",))
    forms = await models.FeedbackForm.filter(panel_id=near.ids["panel"]).values_list("user_id", "id")
    form_of: dict[Any, Any] = dict(forms)
    everything = await _ids_of(other.account.id)
    out_of_leos = {value for kind, value in far.ids.items() if kind in _THEIRS} | {"On far", "far panel"}
    marks = {name: everything | {other.slug, "On foreign", "foreign panel"} for name in FAR}
    marks["leo"] |= out_of_leos
    marks["ivo"] |= out_of_leos | {world.noor.id, world.noor.email, world.rita.id, "Carla"}
    marks["iris"] |= {value for kind, value in own.ids.items() if kind in _THEIRS} | {"On own", "own panel"}
    return Scene(
        world, near, far, foreign, own, {name: form_of.get(getattr(world, name).id, "") for name in FAR}, marks
    )


async def _add_iris(world: World) -> Person:
    row = {"email": world.email("iris"), "name": "Iris", "role": "SUPER_ADMIN", "externalId": "user-iris"}
    [user] = (await world.sam.sync("users", [row]))["users"]
    return world.person(await models.User.get(id=user["id"]))


async def _things(world: World, place: str, seats: tuple[str, ...], *emails: str) -> Things:
    """A panel called by its place, with all that hangs on it, and something of every other kind beside it."""
    external_id, stage, posting = f"{place} candidate", f"{place} stage", f"{place} posting"
    if place != "near":
        rows = {"stages": [{"name": stage, "position": 5}], "postings": [{"externalId": posting, "title": posting}]}
        await world.sam.ask(
            """mutation ($stages: [StageInput!]!, $postings: [PostingInput!]!) {
              syncStages(stages: $stages) { errors { code } }
              syncPostings(postings: $postings) { errors { code } } }""",
            **rows,
        )
    else:
        stage, posting = "On-site", "backend"
    row: dict[str, Any] = {"externalId": external_id, "name": f"On {place}", "stage": stage, "emails": list(emails)}
    row["postingExternalId"] = posting
    row |= {"ownerEmail": world.email("leo")} if place == "near" else {}
    synced = await world.sam.ask(
        "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { candidates { id } } }",
        rows=[row],
    )
    [candidate_row] = synced["syncCandidates"]["candidates"]
    template = world.templates["values"]
    interview = world.an_interview(f"{place} interview", *seats, feedbackTemplateId=template)
    pushed = await world.goodtime.push(
        **world.a_panel(f"{place} panel", interview, candidateId=candidate_row["id"], note=f"On {place}")
    )
    [stored] = pushed["panel"]["interviews"]
    key = await world.sam.ask("mutation { generateApiKey(provider: GOODTIME, graceHours: 720) { apiKey { id } } }")
    await world.sam.ask(
        "mutation ($id: ID!) { revokeApiKey(id: $id) { errors { code } } }", **key["generateApiKey"]["apiKey"]
    )
    form = stored["interviewers"][-1]["feedbackForm"]["id"]
    account = world.account.id
    return Things(
        ids={
            "account": account,
            "user": world.rita.id if place != "foreign" else world.noor.id,
            "super admin": world.sam.id,
            "owner": world.leo.id,
            "stage": (await models.Stage.get(account_id=account, name=stage)).id,
            "posting": (await models.Posting.get(account_id=account, external_id=posting)).id,
            "candidate": candidate_row["id"],
            "panel": pushed["panel"]["id"],
            "interview": stored["id"],
            "template": template,
            "form": form,
            "field": (await models.TemplateVersion.get(template_id=template)).fields[0]["id"],
            "integration": (await models.Integration.get(account_id=account)).id,
            "key": key["generateApiKey"]["apiKey"]["id"],
            "audit": (await models.AuditEvent.filter(account_id=account).first()).id,
        },
        texts={
            "candidate": external_id,
            "panel": f"{place} panel",
            "interview": f"{place} interview",
            "posting": posting,
            "stage": stage,
            "name": f"On {place}",
            "user": "user-noor",
            "email": world.email("noor" if place != "near" else "rita"),
            "slug": world.slug,
            **({"template": "Values"} if place == "near" else {}),
        },
    )


async def _ids_of(account_id: str) -> set[str]:
    """The ids of all rows of an account, whatever they are."""
    ids = {account_id}
    for model in Tortoise.apps["models"].values():
        if "account_id" in model._meta.db_fields and isinstance(model._meta.pk, type(models.User._meta.pk)):
            ids |= set(await model.filter(account_id=account_id).values_list("id", flat=True))
    return ids
