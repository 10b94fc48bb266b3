"""A push means the same however it is written: the table of docs/rules.md, When two values are the same."""

from typing import Any

import pytest

import zones
from resolvers.validation import plain_text, plain_url
from tests.syncs import faults
from tests.world import World, in_hours

#: Two spellings of one value of a panel, by the place in the push.
OF_PANEL: list[tuple[str, Any, Any]] = [
    ("note", None, ""),
    ("note", None, " \n"),
    ("note", "Two\nlines", "Two\r\nlines\n"),
    ("note", "Zoe\u0308", "Zo\u00eb"),
    ("tentative", False, None),
    ("externalUrl", "https://goodtime.example/p/1?a=%7E", "HTTPS://GoodTime.Example:443/p/1?a=~"),
    ("timezone", "America/New_York", "US/Eastern"),
    ("timezone", "UTC", "Etc/UTC"),
]
OF_INTERVIEW: list[tuple[str, Any, Any]] = [
    ("note", None, "  "),
    ("location", None, ""),
    ("location", "Room 1", " Room 1 "),
    ("subject", "Design", "Design "),
    ("meetingUrl", "https://meet.example", "https://MEET.example/"),
    ("feedbackReminder", "DAILY", None),
    ("startsAt", "2100-01-01T12:00:00Z", "2100-01-01T07:00:00.000-05:00"),
]


async def _push_both(world: World, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Fails where the second spelling is taken for another content, with a sequence or without."""
    for name, sequence in (("with", {"sequence": 3}), ("without", {})):
        names: dict[str, Any] = {"externalId": f"{one['externalId']} {name}", **sequence}
        first = await world.goodtime.push(**one | names)
        again = await world.goodtime.push(**other | names)
        assert (first["outcome"], first["errors"]) == ("CREATED", [])
        assert (again["outcome"], again["errors"]) == ("UNCHANGED", [])
        assert again["panel"] == first["panel"]


@pytest.mark.parametrize(("field", "value", "spelling"), OF_PANEL)
async def test_a_panel_in_another_spelling_is_the_same_one(
    field: str, value: object, spelling: object, world: World
) -> None:
    await _push_both(world, world.a_panel(**{field: value}), world.a_panel(**{field: spelling}))
    await _push_both(world, world.a_panel("back") | {field: spelling}, world.a_panel("back") | {field: value})


@pytest.mark.parametrize(("field", "value", "spelling"), OF_INTERVIEW)
async def test_an_interview_in_another_spelling_is_the_same_one(
    field: str, value: object, spelling: object, world: World
) -> None:
    one, other = (world.an_interview("one", **{field: each}) for each in (value, spelling))

    await _push_both(world, world.a_panel("p", one), world.a_panel("p", other))


async def test_people_and_things_are_the_same_by_whichever_name(world: World) -> None:
    template = world.templates["values"]
    one = world.an_interview("one", {"email": world.email("ivo")}, feedbackTemplateId=template)
    ivo = {"userId": world.ivo.id, "feedbackTemplateId": template, "feedbackRequired": None, "responseStatus": None}
    other = world.an_interview("one", ivo)
    later = world.an_interview("later", startsAt=in_hours(30))

    await _push_both(
        world,
        world.a_panel("p", one, later, candidateExternalId="carla"),
        world.a_panel("p", later, other, candidateId=world.candidates["carla"]),
    )


async def test_an_interview_by_itself_in_another_spelling_is_the_same_one(world: World) -> None:
    push = {"panelExternalId": "p", "candidateExternalId": "carla", "timezone": "US/Eastern", "sequence": 1}
    push["externalUrl"] = "https://goodtime.example"
    await world.goodtime.push_one(**push, interview=world.an_interview("one", note="n"))

    again = await world.goodtime.push_one(
        **push | {"timezone": "America/New_York", "externalUrl": "https://GOODTIME.example:443/"},
        interview=world.an_interview("one", note="n\n"),
    )

    assert (again["outcome"], again["errors"]) == ("UNCHANGED", [])


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_of_two_names_of_a_zone_the_higher_sequence_says_which_in_any_order(
    order: tuple[int, int], world: World
) -> None:
    names = {1: "US/Eastern", 2: "America/New_York"}

    for sequence in order:
        pushed = await world.goodtime.push(**world.a_panel("p", timezone=names[sequence], sequence=sequence))

    assert pushed["panel"]["timezone"] == "America/New_York"


async def test_answers_in_another_spelling_are_the_same_ones(world: World) -> None:
    interview = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["technical"])
    pushed = await world.goodtime.push(**world.a_panel("p", interview))
    id = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]
    form = await world.ivo.form(id)
    assert form is not None
    score, notes = (field["id"] for field in form["fields"])
    chosen = {"fieldId": score, "values": ["Hire"]}

    submitted = await world.ivo.submit(id, [chosen, {"fieldId": notes, "values": ["  "]}])
    again = await world.ivo.submit(id, [chosen])

    assert (submitted["errors"], again["errors"]) == ([], [])
    assert [answer["values"] for answer in submitted["form"]["answers"]] == [["Hire"]]


async def test_an_empty_reference_of_a_sync_is_none(world: World) -> None:
    row = {"externalId": "c", "name": " C ", "stage": "On-site", "headline": " ", "postingExternalId": ""}
    row |= {"ownerEmail": " ", "followerEmails": [""]}

    synced = await world.sam.sync("candidates", [row], "name headline posting { id } owner { id } followers { id }")
    posting = await world.sam.sync("postings", [{"externalId": "x", "title": "X", "hiringManagerEmail": ""}])

    assert (faults(synced), faults(posting)) == ([], [])
    assert synced["candidates"] == [{"name": "C", "headline": None, "posting": None, "owner": None, "followers": []}]


@pytest.mark.once
@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("HTTP://A.example:80", "http://a.example/"),
        ("http://a.example:443/x", "http://a.example:443/x"),
        ("https://[2001:DB8::1]:443/%7ex%2F%2f?Q=%41#F", "https://[2001:db8::1]/~x%2F%2F?Q=A#F"),
        ("https://a.example/A/../b?", "https://a.example/A/../b"),
        ("https://a.example/caf\u00e9/%c3%a9?q=\u00df#\u65e5", "https://a.example/caf%C3%A9/%C3%A9?q=%C3%9F#%E6%97%A5"),
        ("https://m\u00fcnchen.example/#%e6", "https://m\u00fcnchen.example/#%e6"),
    ],
)
def test_a_url_has_one_spelling(url: str, plain: str) -> None:
    assert plain_url(url) == plain
    assert plain_url(plain) == plain


@pytest.mark.once
def test_a_text_has_one_spelling() -> None:
    assert [plain_text(text) for text in (None, "", " \t\r\n", " a\r\nb\rc ")] == [None, None, None, "a\nb\nc"]


@pytest.mark.once
def test_names_of_one_zone_are_the_same_and_no_others() -> None:
    assert zones.is_same_zone("Asia/Calcutta", "Asia/Kolkata")
    assert not zones.is_same_zone("Europe/Berlin", "Europe/Paris")
