"""What may be stored is bounded as a whole, and so is an answer: docs/limits.md, What may be stored."""

import asyncio
from typing import Any

import pytest

from benchmarks.load import post
from operations import execute
from operations.encoding import encode_response
from resolvers.validation import text_bytes
from tests.conftest import Set
from tests.feedback import form_ids
from tests.people import codes_and_paths
from tests.syncs import SCORE, a_template, faults
from tests.world import World

CANCEL = """mutation ($input: CancelInterviewInput!) { cancelInterview(input: $input) {
  errors { code path message } } }"""


async def test_a_push_has_a_bound_in_bytes(world: World, limited: Set) -> None:
    limited(max_push_bytes=2_000)
    fits = await world.goodtime.push(**world.a_panel("p", world.an_interview(note="n" * 1_000)))

    refused = await world.goodtime.push(**world.a_panel("p", world.an_interview(note="ü" * 1_000)))

    assert fits["errors"] == []
    assert codes_and_paths(refused["errors"]) == [("INVALID", "input.interviews")]
    assert "at most 2,000 are stored: shorten notes" in refused["errors"][0]["message"]


async def test_a_panel_is_bounded_with_all_that_it_has_had(world: World, limited: Set) -> None:
    limited(max_panel_bytes=5_000)

    def a_panel(number: int) -> dict[str, Any]:
        return world.a_panel("p", world.an_interview(f"i{number}", note="n" * 1_000))

    answers = [await world.goodtime.push(**a_panel(number)) for number in range(5)]

    assert [bool(answer["errors"]) for answer in answers] == [False, False, False, False, True]
    assert codes_and_paths(answers[-1]["errors"]) == [("INVALID", "input.interviews")]
    again = await world.goodtime.push(**a_panel(3))
    assert (again["errors"], again["outcome"]) == ([], "UNCHANGED")
    one = await world.goodtime.push_one(panelExternalId="p", interview=world.an_interview("i9", note="n" * 1_000))
    assert codes_and_paths(one["errors"]) == [("INVALID", "input.interview")]


async def test_cancels_of_interviews_that_nobody_has_pushed_are_bounded_too(world: World, limited: Set) -> None:
    limited(max_panel_bytes=4_096)
    await world.goodtime.push(**world.a_panel("p", sequence=1))

    answers = [
        await world.goodtime.ask(
            CANCEL, input={"panelExternalId": "p", "externalId": f"{number}-{'x' * 490}", "sequence": 2}
        )
        for number in range(9)
    ]

    errors = [codes_and_paths(answer["cancelInterview"]["errors"]) for answer in answers]
    assert errors[:7] == [[]] * 7
    assert errors[-1] == [("INVALID", "input.externalId")]


async def test_a_template_has_a_bound_in_bytes(world: World, limited: Set) -> None:
    limited(max_template_bytes=1_200)
    notes = {"type": "TEXT", "label": "Notes", "description": "d" * 1_200}

    synced = await world.sam.sync("feedbackTemplates", [a_template(SCORE), a_template(SCORE, notes, externalId="b")])

    assert faults(synced) == [("INVALID", "feedbackTemplates.1")]


async def test_a_candidate_has_a_bound_in_bytes(world: World, limited: Set) -> None:
    limited(max_candidate_bytes=1_024)
    row = {"externalId": "c", "name": "C", "stage": "Applied", "emails": [f"{n}@mail.example" for n in range(80)]}

    synced = await world.sam.sync("candidates", [row])

    assert faults(synced) == [("INVALID", "candidates.0")]


async def test_an_answer_and_all_answers_of_a_form_have_bounds_in_bytes(world: World, limited: Set) -> None:
    limited(max_answer_bytes=1_024, max_form_bytes=1_500)
    notes = [{"type": "TEXTAREA", "label": label} for label in "ABC"]
    synced = await world.ada.sync("feedbackTemplates", [a_template(SCORE, *notes)])
    forms = await form_ids(world, "ivo", template=synced["feedbackTemplates"][0]["id"])
    form = await world.ivo.form(forms["ivo"])
    assert form is not None

    async def submit(*texts: str) -> list[tuple[str, str]]:
        values = zip(form["fields"], ("Hire", *texts), strict=False)
        answers = [{"fieldId": field["id"], "values": [text]} for field, text in values]
        return codes_and_paths((await world.ivo.submit(forms["ivo"], answers))["errors"])

    assert await submit("a" * 1_100) == [("INVALID", "input.answers.1.values")]
    assert await submit("a" * 900, "b" * 900) == [("INVALID", "input.answers")]
    assert await submit("a" * 900, "b" * 100) == []


NOTES = "query ($first: Int) { interviewPanels(first: $first) { edges { node { interviews { note } } } } }"
LONG_NAME = f"{{ interviewPanels(first: 9) {{ edges {{ node {{ interviews {{ {'n' * 20_000}: id }} }} }} }} }}"
#: Where a field is refused, graphql-core executes the rest.
BESIDE_AN_ERROR = LONG_NAME.replace("{ interviewPanels", "{ candidate { id } interviewPanels")


@pytest.mark.parametrize("query", [NOTES, LONG_NAME, BESIDE_AN_ERROR])
async def test_an_answer_that_is_too_long_says_so_and_is_never_written(
    world: World, limited: Set, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    interviews = [world.an_interview(f"i{number}", note="n" * 15_000) for number in range(5)]
    await world.goodtime.push(**world.a_panel("p", *interviews))
    limited(max_response_bytes=65_536)
    written: list[int] = []
    monkeypatch.setattr(
        execute, "encode_response", lambda *some: written.append(len(answer := encode_response(*some))) or answer
    )

    answer = await world.rita.answer(query)

    refused = [error["extensions"] for error in answer["errors"] if error["extensions"]["code"] == "LIMIT_EXCEEDED"]
    assert refused[0] == {"code": "LIMIT_EXCEEDED", "limit": 65_536}
    assert max(written) < 65_536


async def test_what_takes_more_bytes_than_characters_is_not_sent_either(world: World, limited: Set) -> None:
    interviews = [world.an_interview(f"i{number}", note="ü" * 12_000) for number in range(5)]
    await world.goodtime.push(**world.a_panel("p", *interviews))
    limited(max_response_bytes=65_536)

    answer = await world.rita.answer(NOTES)

    assert answer["data"] is None
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "LIMIT_EXCEEDED", "limit": 65_536}]


async def test_an_answer_goes_out_no_faster_than_it_is_read(world: World, limited: Set) -> None:
    interviews = [world.an_interview(f"i{number}", note="n" * 20_000) for number in range(20)]
    await world.goodtime.push(**world.a_panel("p", *interviews))
    notes = " ".join(f"a{number}: note" for number in range(30))
    query = f"{{ interviewPanels(first: 1) {{ edges {{ node {{ interviews {{ {notes} }} }} }} }} }}"
    limited(send_seconds=0.2)
    host, _, port = world.server.address.removeprefix("http://").rpartition(":")
    complete = (
        await world.server.http.post(world.server.graphql, json={"query": query}, headers=world.rita.headers)
    ).content

    reader, writer = await asyncio.open_connection(host, int(port), limit=1_024)
    writer.write(post(int(port), {"query": query}, world.rita.headers))
    await reader.readuntil(b"\r\n\r\n")
    # Nothing is read meanwhile but what the system takes by itself.
    await asyncio.sleep(0.6)
    read = await reader.read(-1)
    writer.close()

    assert len(complete) > 12_000_000
    assert len(read) < len(complete)
    assert complete.startswith(read)


@pytest.mark.parametrize(
    ("value", "size"), [("abc", 3), ("ü", 2), (["a", {"b": "cd"}], 3), (None, 0), (7, 0), ("\ud800", 3)]
)
def test_bytes_are_those_of_the_texts(value: object, size: int) -> None:
    assert text_bytes(value) == size
