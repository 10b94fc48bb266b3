"""The walls around an account and around a scope, found by walking the schema itself: what is new there is walked too.

An id of another account, or of what lies out of scope, is answered as one that never was, in content and in shape.
"""

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
)
from tortoise import Tortoise

import models
from tests.isolation import CONTRACT, ROOTS, Filled, Path, Scene, Things, document, make_scene
from tests.people import FOLLOW, Person, Server
from tests.world import World

#: Text that names a thing as an id does.
_NAMING = re.compile(r"(?i)(externalId|email)s?$|^search$|^stage$")

_AT_ONCE = 6


# What takes an id, and a good value for everything beside it.


def naming(name: str, type: GraphQLInputType, path: Path = ()) -> Iterator[Path]:
    """Where in an argument something is named: by an id, an external id, an email, or a part of a name."""
    of = get_named_type(type)
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
        for argument, declared in definition.args.items()
        for path in naming(argument, declared.type)
    ]


async def answered(person: Person, kind: str, field: str, each: list[dict[str, Any]]) -> list[str]:
    """The answers to a root field with these arguments, each as text of which nothing by chance is left."""
    if len(each) > _AT_ONCE:
        parts = [each[start : start + _AT_ONCE] for start in range(0, len(each), _AT_ONCE)]
        return [answer for part in parts for answer in await answered(person, kind, field, part)]
    text, _ = document(kind, field, len(each))
    variables = {f"{name}{n}": value for n, arguments in enumerate(each) for name, value in arguments.items()}
    answer = await person.answer(text, **variables)
    if answer.get("data") is None and len(each) > 1:
        # An error that takes the whole answer with it: one at a time, so that each has its own.
        return [one for arguments in each for one in await answered(person, kind, field, [arguments])]
    errors = defaultdict(list)
    for error in answer.get("errors", ()):
        errors[(error.get("path") or ["a0"])[0]].append({**error, "path": None, "locations": None})
    return [
        json.dumps([(answer.get("data") or {}).get(f"a{n}"), errors[f"a{n}"]], ensure_ascii=False)
        for n in range(len(each))
    ]


_CHANCE = [
    (re.compile(r"\b([a-z]{3})_[0-9a-z]{26}\b|\bfld_[0-9a-f]{16}\b"), "<id>"),
    (re.compile(r"(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\\*, [^(]{10,60}\("), "<day> ("),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "<time>"),
    (re.compile(r"\d{8}T\d{6}Z"), "<time>"),
    (re.compile(r'(?<=[cC]ursor": )"[^"]*"'), "<cursor>"),
    (re.compile(r"fresh-\d+"), "<fresh>"),
]


def plain(answer: str, *probed: str) -> str:
    """The answer without the values that were probed, and without what is new in every answer."""
    # The lines of an invite are folded at 75 octets, wherever that is.
    answer = answer.replace("\\r\\n ", "")
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


#: Iris is a Super Admin and a candidate too. An Admin's reach is a Super Admin's, but for the keys and the audit trail.
_PROBING = ("iris", "leo", "ivo", "goodtime")
#: What can't be hidden from Iris: that the candidate whom she syncs, and must not, is herself.
_TOLD_TO_IRIS = ("syncCandidates", ("candidates", "externalId"))


@pytest.fixture(scope="module")
async def scene(running: Server) -> Scene:
    """For those who only read."""
    return await make_scene(running)


@pytest.fixture
async def fresh(running: Server) -> Scene:
    """For those who write: what one operation makes must not be found by the next."""
    return await make_scene(running)


# Arguments.


async def _probe(scene: Scene, kind: str, field: str, path: Path) -> None:
    """Fails where anybody can tell what lies beyond their reach from what never was."""
    is_id = _type_at(ROOTS[kind].fields[field], path) == "ID"
    for name in _PROBING:
        beyond = scene.beyond(name, is_id)
        if name == "iris" and (field, path) == _TOLD_TO_IRIS:
            beyond.pop("far candidate")
        if await _is_forbidden(scene, kind, field, path, name):
            beyond = dict(list(beyond.items())[:1])
        there, nowhere = await _told(scene, kind, field, path, name, list(beyond.values()))
        answers_by_kind = [dict(zip(beyond, answers, strict=True)) for answers in (there, nowhere)]
        assert answers_by_kind[0] == answers_by_kind[1], f"{name} can tell at {field}({'.'.join(path)})"


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
    plain_answers = [
        plain(answer, *pair) for answer, pair in zip(answers, 2 * list(zip(values, doubles, strict=True)), strict=True)
    ]
    return plain_answers[: len(values)], plain_answers[len(values) :]


async def _is_forbidden(scene: Scene, kind: str, field: str, path: Path, name: str) -> bool:
    """Whether this person may never do it, whatever is named: then one probe is as good as many."""
    arguments = Filled(scene.near, scene.forms[name], path, never(scene.near.ids["panel"]))
    [answer] = await answered(scene.person(name), kind, field, [arguments.arguments(ROOTS[kind].fields[field])])
    return '"FORBIDDEN"' in answer


def _type_at(definition: GraphQLField, path: Path) -> str:
    type: Any = definition.args[path[0]].type
    for name in path[1:]:
        of = get_named_type(type)
        assert isinstance(of, GraphQLInputObjectType)
        type = of.fields[name].type
    return get_named_type(type).name


@pytest.mark.parametrize("field", sorted({field for field, _ in walk("query")}))
async def test_a_query_that_names_what_is_beyond_reach_is_answered_as_if_it_never_was(field: str, scene: Scene) -> None:
    for path in [path for each, path in walk("query") if each == field]:
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
    paths, before = [path for each, path in walk("mutation") if each == field], await _everything(fresh)
    # What makes something new comes last: else the others would find what it has made.
    for path in sorted(paths, key=lambda path: f"{field}({'.'.join(path)})" in _MAKES_NEW):
        await _probe(fresh, "mutation", field, path)
    assert await _everything(fresh) == before, "what is beyond reach is as it was"
    vacuous = {f"{field}({'.'.join(path)})" for path in paths if not await _is_told(fresh, "mutation", field, path)}
    assert vacuous == {name for name in _MAKES_NEW if name.startswith(f"{field}(")}


async def _everything(scene: Scene) -> dict[str, Any]:
    """All rows of the other account, and those of this one's that lie far, as they are stored.

    A sync of a user counts on the invites of the account that show them, whoever sees these interviews.
    """
    counted = {"calendar_sequence", "calendar_stamp"}
    ids = {*scene.marks["sam"], *scene.far.ids.values(), *scene.own.ids.values()}
    rows = {
        row["id"]: row
        for model in Tortoise.apps["models"].values()
        if "account_id" in model._meta.db_fields and model not in (models.ApiKey, models.Change, models.LogEntry)
        for row in await model.filter(id__in=ids).values()
    }
    for row in rows.values():
        if row["account_id"] == scene.world.account.id:
            for column in counted:
                row.pop(column, None)
    return rows


FOLLOW_ALL = "subscription ($candidateId: ID) { changes(candidateId: $candidateId) { cursor type } }"


async def test_a_subscription_to_what_is_beyond_reach_is_as_silent_as_one_to_what_never_was(fresh: Scene) -> None:
    named = [("changes", ("candidateId",)), ("interviewPanelChanges", ("candidateId",))]
    assert sorted(walk("subscription")) == named, "walk what is new here as well"
    for name in _PROBING:
        beyond = [*fresh.beyond(name, is_id=True).values(), never(fresh.far.ids["candidate"])]
        async with fresh.person(name).connected() as connection:
            silent = [await connection.follow(FOLLOW, candidateId=id) for id in beyond]
            silent += [await connection.follow(FOLLOW_ALL, candidateId=id) for id in beyond]
            heard = await connection.follow(FOLLOW)
            await _moved(fresh, name)
            message = await heard.message()
            assert message["id"] == heard.id, f"{name} hears of what is beyond reach"
            await heard.expect_nothing()
        assert len(silent) > 10


async def _moved(scene: Scene, name: str) -> None:
    """A change far away, and then one nearby."""
    world = scene.world
    if name != "goodtime":
        await _pushed(world, scene.own if name == "iris" else scene.far, f"for {name}", "noor")
    await _pushed(world, scene.near, f"for {name}", "leo", "ivo")


async def _pushed(world: World, things: Things, note: str, *seats: str) -> None:
    interview = world.an_interview(things.texts["interview"], *seats)
    panel = world.a_panel(things.texts["panel"], interview, candidateId=things.ids["candidate"], note=note)
    assert not (await world.goodtime.push(**panel))["errors"]


def test_no_field_below_the_roots_names_anything() -> None:
    nested = {
        f"{name}.{field}({argument})"
        for name, type in CONTRACT.type_map.items()
        if isinstance(type, GraphQLObjectType) and type not in ROOTS.values() and not name.startswith("__")
        for field, definition in type.fields.items()
        for argument, of in definition.args.items()
        if any(True for _ in naming(argument, of.type))
    }

    assert nested == set(), "the walk has root fields only: walk these as well"
