"""The walls around an account and around a scope, found by walking the schema itself: what is new there is walked too.

An id of another account, or of what lies out of scope, is answered as one that never was, in content and in shape.
"""

import asyncio
import itertools
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
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
from tests.world import FOLLOW, Person, Server, World

WHOLE = build_schema(SCHEMA.as_str())
assert WHOLE.query_type
assert WHOLE.mutation_type
assert WHOLE.subscription_type
ROOTS = {"query": WHOLE.query_type, "mutation": WHOLE.mutation_type, "subscription": WHOLE.subscription_type}

#: Text that names a thing as an id does.
_NAMING = re.compile(r"(?i)(externalId|email)s?$|^search$|^stage$")
_AT_ONCE = 6

Path = tuple[str, ...]
_numbers = itertools.count(1)


# What takes an id, and a good value for everything beside it.


def naming(name: str, its: GraphQLInputType, path: Path = ()) -> Iterator[Path]:
    """Where in an argument something is named: by an id, an external id, an email, or a part of a name."""
    of = get_named_type(its)
    if isinstance(of, GraphQLInputObjectType):
        for below, field in of.fields.items():
            yield from naming(below, field.type, (*path, name))
    elif of.name == "ID" or (of.name == "String" and _NAMING.search(name)):
        yield (*path, name)


def walk(kind: str) -> list[tuple[str, Path]]:
    """Every place of the root fields of that kind where something is named."""
    return [
        (field, path)
        for field, definition in ROOTS[kind].fields.items()
        for argument, its in definition.args.items()
        for path in naming(argument, its.type)
    ]


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
            name: self._value(name, its.type, (name,))
            for name, its in field.args.items()
            if is_required_argument(its) or name == self.path[0]
        }

    def _value(self, name: str, its: GraphQLInputType, path: Path) -> Any:
        if isinstance(its, GraphQLNonNull):
            return self._value(name, its.of_type, path)
        if isinstance(its, GraphQLList):
            return [self._value(name, its.of_type, path)]
        if isinstance(its, GraphQLInputObjectType):
            return {
                below: self._below(its, below, (*path, below))
                for below, field in its.fields.items()
                if self._is_said(its, below, (*path, below), is_required_input_field(field))
            }
        if path == self.path:
            return self.value
        if isinstance(its, GraphQLEnumType):
            return "INTERVIEWER" if its.name == "Role" else next(iter(its.values))
        return self._good(name, get_named_type(its).name)

    def _below(self, its: GraphQLInputObjectType, name: str, path: Path) -> Any:
        if (its.name, name) in _BOTH and path != self.path:
            return self.own.texts[_BOTH[its.name, name]]
        return self._value(name, its.fields[name].type, path)

    def _is_said(self, its: GraphQLInputObjectType, name: str, path: Path, required: bool) -> bool:
        if path == self.path[: len(path)]:
            return True
        probed = self.path[len(path) - 1] if path[:-1] == self.path[: len(path) - 1] else ""
        if any({name, probed} <= group for group in _EITHER):
            return False
        return required or name in _NEEDED or {(its.name, name), (its.name, probed)} <= _BOTH.keys()

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


def shown(its: GraphQLOutputType | GraphQLNamedType, levels: int, without: Collection[tuple[str, str]] = ()) -> str:
    """A selection of everything below a type; of what takes arguments that it needs, nothing."""
    of = get_named_type(its)
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
        if (of.name, name) in without or any(is_required_argument(its) for its in field.args.values()):
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


async def answered(person: Person, kind: str, field: str, each: list[dict[str, Any]]) -> list[str]:
    """The answers to a root field with these arguments, each as text of which nothing by chance is left."""
    if len(each) > _AT_ONCE:
        parts = [each[start : start + _AT_ONCE] for start in range(0, len(each), _AT_ONCE)]
        return [answer for part in parts for answer in await answered(person, kind, field, part)]
    text, _ = document(kind, field, len(each))
    variables = {f"{name}{n}": value for n, its in enumerate(each) for name, value in its.items()}
    answer = await person.answer(text, **variables)
    if answer.get("data") is None and len(each) > 1:
        # An error that takes the whole answer with it: one at a time, so that each has its own.
        return [one for its in each for one in await answered(person, kind, field, [its])]
    errors = defaultdict(list)
    for error in answer.get("errors", ()):
        errors[(error.get("path") or ["a0"])[0]].append({**error, "path": None, "locations": None})
    return [
        json.dumps([(answer.get("data") or {}).get(f"a{n}"), errors[f"a{n}"]], ensure_ascii=False)
        for n in range(len(each))
    ]


_CHANCE = [
    (re.compile(r"\b([a-z]{3})_[0-9a-z]{26}\b|\bfld_[0-9a-f]{16}\b"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "<time>"),
    (re.compile(r"\d{8}T\d{6}Z"), "<time>"),
    (re.compile(r'(?<=[cC]ursor": )"[^"]*"'), "<cursor>"),
    (re.compile(r"fresh-\d+"), "<fresh>"),
]


def plain(answer: str, *probed: str) -> str:
    """The answer without the values that were probed, and without what is new in every answer."""
    for value in probed:
        answer = answer.replace(value, "<probed>")
    for pattern, name in _CHANCE:
        answer = pattern.sub(name, answer)
    return answer


def never(like: str) -> str:
    """Something of the same kind that never was."""
    if re.fullmatch(r"[a-z]{3}_[0-9a-z]{26}", like):
        return like[:4] + "01" + secrets.token_hex(12)
    if like.startswith("fld_"):
        return f"fld_{secrets.token_hex(8)}"
    return f"never-{secrets.token_hex(4)}@never.example" if "@" in like else f"never-{secrets.token_hex(4)}"


# Two accounts, and in the first of them what is in Leo's and Ivo's scope and what is not.


@dataclass
class Scene:
    world: World
    near: Things
    far: Things
    foreign: Things
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
        far = {f"far {kind}": value for kind, value in self.far.of(is_id).items() if kind in _FAR[name]}
        return foreign | far


_THEIRS = {"candidate", "panel", "interview", "form"}
_FAR = {
    "sam": set(),
    "ada": {"key", "audit"},
    "leo": {*_THEIRS, "key", "audit"},
    "ivo": {*_THEIRS, "key", "audit", "user", "stage", "posting", "template", "integration", "email"},
    "goodtime": {"audit"},
}
#: An Admin's reach is a Super Admin's, but for the keys and the audit trail.
_PROBING = ("sam", "leo", "ivo", "goodtime")


async def _made(running: Server) -> Scene:
    world, other = await World.made(running), await World.made(running)
    near_seats = ("sam", "ada", "leo", "ivo")
    near = await _things(world, "near", "lea", near_seats)
    far = await _things(world, "far", "carla", ("noor",))
    foreign = await _things(other, "foreign", "carla", ("noor",))
    forms = await models.FeedbackForm.filter(panel_id=near.ids["panel"]).values_list("user_id", "id")
    form_of: dict[Any, Any] = dict(forms)
    everything = await _ids_of(other.account.id)
    out_of_leos = {value for kind, value in far.ids.items() if kind in _THEIRS} | {"On far", "far panel"}
    marks = {name: everything | {other.slug, "On foreign", "foreign panel"} for name in _FAR}
    marks["leo"] |= out_of_leos
    marks["ivo"] |= out_of_leos | {world.noor.id, world.noor.email, world.rita.id, "Carla"}
    return Scene(world, near, far, foreign, {name: form_of.get(getattr(world, name).id, "") for name in _FAR}, marks)


async def _things(world: World, place: str, candidate: str, seats: tuple[str, ...]) -> Things:
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
    row = {"externalId": external_id, "name": f"On {place}", "stage": stage, "postingExternalId": posting}
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
            "field": (await models.FeedbackForm.get(id=form)).fields[0]["id"],
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


@pytest.fixture(scope="module")
async def scene(running: Server) -> Scene:
    """For those who only read."""
    return await _made(running)


@pytest.fixture
async def fresh(running: Server) -> Scene:
    """For those who write: what one operation makes must not be found by the next."""
    return await _made(running)


# Arguments.


async def _probe(scene: Scene, kind: str, field: str, path: Path) -> None:
    """Fails where anybody can tell what lies beyond their reach from what never was."""
    is_id = _type_at(ROOTS[kind].fields[field], path) == "ID"
    for name in _PROBING:
        beyond = scene.beyond(name, is_id)
        if await _is_forbidden(scene, kind, field, path, name):
            beyond = dict(list(beyond.items())[:1])
        there, nowhere = await _told(scene, kind, field, path, name, list(beyond.values()))
        told = [dict(zip(beyond, answers, strict=True)) for answers in (there, nowhere)]
        assert told[0] == told[1], f"{name} can tell at {field}({'.'.join(path)})"


async def _is_told(scene: Scene, kind: str, field: str, path: Path) -> bool:
    """Whether anybody's own things are told from what never was: else the probe would prove nothing."""
    own = scene.near.of(_type_at(ROOTS[kind].fields[field], path) == "ID")
    for name in _PROBING:
        mine = [scene.forms[name] if what == "form" else value for what, value in own.items()]
        if not await _is_forbidden(scene, kind, field, path, name):
            there, nowhere = await _told(scene, kind, field, path, name, mine)
            if there != nowhere:
                return True
    return False


async def _told(
    scene: Scene, kind: str, field: str, path: Path, name: str, values: list[str]
) -> tuple[list[str], list[str]]:
    """What the person is answered to each value, and to each of as many that never were."""
    doubles = [never(value) for value in values]
    each = [
        Filled(scene.near, scene.forms[name], path, value).arguments(ROOTS[kind].fields[field])
        for value in (*values, *doubles)
    ]
    answers = await answered(scene.person(name), kind, field, each)
    told = [
        plain(answer, *pair) for answer, pair in zip(answers, 2 * list(zip(values, doubles, strict=True)), strict=True)
    ]
    return told[: len(values)], told[len(values) :]


async def _is_forbidden(scene: Scene, kind: str, field: str, path: Path, name: str) -> bool:
    """Whether this person may never do it, whatever is named: then one probe is as good as many."""
    arguments = Filled(scene.near, scene.forms[name], path, never(scene.near.ids["panel"]))
    [answer] = await answered(scene.person(name), kind, field, [arguments.arguments(ROOTS[kind].fields[field])])
    return '"FORBIDDEN"' in answer


def _type_at(definition: GraphQLField, path: Path) -> str:
    its: Any = definition.args[path[0]].type
    for name in path[1:]:
        of = get_named_type(its)
        assert isinstance(of, GraphQLInputObjectType)
        its = of.fields[name].type
    return get_named_type(its).name


@pytest.mark.parametrize("field", sorted({field for field, _ in walk("query")}))
async def test_a_query_that_names_what_is_beyond_reach_is_answered_as_if_it_never_was(field: str, scene: Scene) -> None:
    for path in [path for its, path in walk("query") if its == field]:
        await _probe(scene, "query", field, path)
        assert await _is_told(scene, "query", field, path), f"the probe of {field}({'.'.join(path)}) proves nothing"


#: What makes something new under any name: an own name is answered as a new one is, too.
_MAKES_NEW = {
    "upsertInterviewPanel(input.interviews.externalId)",
    "upsertInterview(input.interview.externalId)",
    "syncUsers(users.externalId)",
    "syncPostings(postings.externalId)",
    "syncCandidates(candidates.externalId)",
    "syncCandidates(candidates.emails)",
    "syncFeedbackTemplates(feedbackTemplates.externalId)",
}


@pytest.mark.parametrize("field", sorted({field for field, _ in walk("mutation")}))
async def test_a_mutation_that_names_what_is_beyond_reach_is_answered_as_if_it_never_was(
    field: str, fresh: Scene
) -> None:
    paths, before = [path for its, path in walk("mutation") if its == field], await _everything(fresh)
    for path in paths:
        await _probe(fresh, "mutation", field, path)
    assert await _everything(fresh) == before, "what is beyond reach is as it was"
    vacuous = {f"{field}({'.'.join(path)})" for path in paths if not await _is_told(fresh, "mutation", field, path)}
    assert vacuous == {name for name in _MAKES_NEW if name.startswith(f"{field}(")}


async def _everything(scene: Scene) -> dict[str, Any]:
    """All rows of the other account, and those of this one's that lie far, as they are stored."""
    ids = {*scene.marks["sam"], *scene.far.ids.values()}
    return {
        row["id"]: row
        for model in Tortoise.apps["models"].values()
        if "account_id" in model._meta.db_fields and model not in (models.ApiKey, models.Change)
        for row in await model.filter(id__in=ids).values()
    }


async def test_a_subscription_to_what_is_beyond_reach_is_as_silent_as_one_to_what_never_was(fresh: Scene) -> None:
    assert walk("subscription") == [("interviewPanelChanges", ("candidateId",))], "walk what is new here as well"
    for name in ("sam", "leo", "ivo", "goodtime"):
        beyond = [*fresh.beyond(name, is_id=True).values(), never(fresh.far.ids["candidate"])]
        async with fresh.person(name).connected() as connection:
            silent = [await connection.follow(FOLLOW, candidateId=id) for id in beyond]
            heard = await connection.follow(FOLLOW)
            await _moved(fresh, name)
            message = await heard.message()
            assert message["id"] == heard.id, f"{name} hears of what is beyond reach"
            await heard.nothing()
        assert len(silent) > 10


async def _moved(scene: Scene, name: str) -> None:
    """A change far away, and then one nearby."""
    world = scene.world
    if name in ("leo", "ivo"):
        await _pushed(world, scene.far, f"for {name}", "noor")
    await _pushed(world, scene.near, f"for {name}", "leo", "ivo")


async def _pushed(world: World, its: Things, note: str, *seats: str) -> None:
    interview = world.an_interview(its.texts["interview"], *seats)
    panel = world.a_panel(its.texts["panel"], interview, candidateId=its.ids["candidate"], note=note)
    assert not (await world.goodtime.push(**panel))["errors"]


def test_no_field_below_the_roots_names_anything() -> None:
    nested = {
        f"{name}.{field}({argument})"
        for name, its in WHOLE.type_map.items()
        if isinstance(its, GraphQLObjectType) and its not in ROOTS.values() and not name.startswith("__")
        for field, definition in its.fields.items()
        for argument, of in definition.args.items()
        if any(True for _ in naming(argument, of.type))
    }

    assert nested == set(), "the walk has root fields only: walk these as well"


# Fields.


@pytest.mark.parametrize("name", sorted(_FAR))
async def test_whatever_is_asked_for_nothing_beyond_reach_is_seen(name: str, scene: Scene) -> None:
    person, seen = scene.person(name), 0
    refused = ["apiKeys"] if name not in ("sam", "goodtime") else []
    refused += ["enabled", "enabledAt", "enabledBy"] if name == "ivo" else []
    without = {("User", "feedbackForms"), *(("Integration", field) for field in refused)}
    for field, definition in ROOTS["query"].fields.items():
        for arguments, kind in await _met(person, field, definition, scene):
            answer = await person.answer(f"{{ {field}{arguments} {_everything_of(kind, without)} }}")
            for error in answer.get("errors", ()):
                assert error["extensions"]["code"] == "FORBIDDEN", error
            text = json.dumps(answer.get("data"), ensure_ascii=False)
            beyond = {mark for mark in scene.marks[name] if mark in text}
            assert not beyond, f"{name} sees {beyond} at {field}{arguments}"
            seen += len(text)
    assert seen > 5_000, "the walk has seen something"


async def _met(
    person: Person, field: str, definition: GraphQLField, scene: Scene
) -> list[tuple[str, GraphQLNamedType]]:
    """The arguments with which a root field shows the person something, and of which type that is."""
    needed = {name for name, its in definition.args.items() if is_required_argument(its)}
    if "id" not in needed:
        first = ["first: 20"] if "first" in definition.args else []
        passed = ", ".join([*("provider: GOODTIME" for name in needed), *first])
        return [(f"({passed})" if passed else "", get_named_type(definition.type))]
    met = []
    for id in {*scene.near.ids.values(), *scene.far.ids.values(), *scene.forms.values()} - {""}:
        arguments = f'(id: "{id}")'
        if found := (await person.ask(f"{{ {field}{arguments} {{ __typename }} }}"))[field]:
            met.append((arguments, WHOLE.type_map[found["__typename"]]))
    return met


def _everything_of(kind: GraphQLNamedType, without: Collection[tuple[str, str]]) -> str:
    """A selection of everything below that type, also where it stands for an interface."""
    selection = shown(kind, 2, without)
    return f"{{ ... on {kind.name} {selection} }}" if isinstance(kind, GraphQLObjectType) else selection


# The door.


def _asked_without_anything(kind: str, field: str) -> str:
    """The root field with arguments that read, whatever they name."""
    definition = ROOTS[kind].fields[field]
    own = Things(defaultdict(lambda: "nothing"), defaultdict(lambda: "nothing"))
    arguments = Filled(own, "nothing", ("",), "").arguments(definition)
    passed = ", ".join(f"{name}: {_literal(value, definition.args[name].type)}" for name, value in arguments.items())
    return f"{kind} {{ {field}{f'({passed})' if passed else ''} {shown(definition.type, 0)} }}"


def _literal(value: Any, its: GraphQLInputType) -> str:
    if isinstance(its, GraphQLNonNull):
        return _literal(value, its.of_type)
    if isinstance(its, GraphQLList):
        return f"[{', '.join(_literal(each, its.of_type) for each in value)}]"
    if isinstance(its, GraphQLInputObjectType):
        return f"{{{', '.join(f'{name}: {_literal(each, its.fields[name].type)}' for name, each in value.items())}}}"
    return str(value) if isinstance(its, GraphQLEnumType) else json.dumps(value)


EVERY_FIELD = [(kind, field) for kind, root in ROOTS.items() for field in root.fields]


@pytest.mark.parametrize(("kind", "field"), EVERY_FIELD)
async def test_every_root_field_refuses_who_is_not_signed_in(kind: str, field: str, scene: Scene) -> None:
    server = scene.world.server
    wrong = ("", "Bearer nonsense", f"Bearer cb_live_{'0' * 49}", "Basic bm9ib2R5Og==")
    for authorization in wrong:
        headers = {"authorization": authorization, "accept": "application/json"}
        if kind == "subscription":
            headers["accept"] = "text/event-stream"
        body = {"query": _asked_without_anything(kind, field)}
        async with asyncio.timeout(10):
            response = await server.http.post(server.graphql, json=body, headers=headers)
        codes = re.findall(r'"code":\s*"(\w+)"', response.text)
        assert codes == ["UNAUTHENTICATED"], f"{authorization!r}: {response.text}"


@pytest.mark.parametrize("field", sorted(ROOTS["mutation"].fields))
async def test_every_mutation_is_in_the_table_so_that_some_role_may_never_do_it(field: str, scene: Scene) -> None:
    document = _asked_without_anything("mutation", field)
    refused = set()
    for name in ("ada", "leo", "ivo", "goodtime"):
        answer = await scene.person(name).answer(document)
        if {error["extensions"]["code"] for error in answer.get("errors", ())} == {"FORBIDDEN"}:
            refused.add(name)

    assert refused, f"{field} asks for nobody's role: give it an act of resolvers/access.py"
