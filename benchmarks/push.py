"""Pushes: GoodTime declares new panels of 3 interviews with 2 interviewers each, 8 at once."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import uvloop

from benchmarks import data
from benchmarks.contenders import Contender, Database, Running, available, node, ours, python, started
from benchmarks.load import ask, figures, request
from benchmarks.rounds import Figures, arguments, canonical, less, more, table, taken

AT_ONCE = 8

CONTENDERS = [
    ours(),
    Contender("Starlette + asyncpg, by hand", python("by_hand", "flat")),
    Contender("Mercurius, JIT, SQL by hand", node("mercurius.mjs", "flat")),
]

_WHAT_WAS_WRITTEN = """
    SELECT
        external_url, timezone, note, tentative, sequence, declared_sequence, pushed_sequence, deleted_sequence,
        early_cancels, version, starts_at, ends_at, listed_at, feedback_due, created_by_id, candidate_id, stage_id,
        (
            SELECT jsonb_agg(
                to_jsonb(interview) - '{id,panel_id,created_at,updated_at,calendar_stamp}'::text[]
                || jsonb_build_object('stamped', calendar_stamp = updated_at) ORDER BY external_id
            )
            FROM interview WHERE panel_id = panel.id
        ),
        (
            SELECT jsonb_agg(
                to_jsonb(interviewer) - '{id,panel_id,interview_id,form_id,created_at}'::text[]
                ORDER BY user_id, position
            )
            FROM interviewer WHERE panel_id = panel.id
        ),
        (
            SELECT jsonb_agg(to_jsonb(feedback_form) - '{id,panel_id,interview_id,created_at}'::text[] ORDER BY user_id)
            FROM feedback_form WHERE panel_id = panel.id
        ),
        (
            SELECT jsonb_agg(to_jsonb(change) - '{id,panel_id,position,at}'::text[])
            FROM change WHERE panel_id = panel.id
        ),
        (
            SELECT jsonb_agg(to_jsonb(log_entry) - '{id,panel_id,position,at,subject_id}'::text[] ORDER BY position)
            FROM log_entry WHERE panel_id = panel.id
        ),
        (
            SELECT count(*) FROM log_entry JOIN feedback_form AS form ON form.id = subject_id
            WHERE form.panel_id = panel.id
        )
    FROM panel
    WHERE external_id = $1
"""


def panels(access: data.Access, template: str, place: int) -> Iterator[dict[str, Any]]:
    """New panels without end, for the contender at that place: nobody is ever on two of them at once."""
    users = access.shape.users
    for number in itertools.count():
        begin = datetime(2050 + 50 * place, 1, 1, 9, tzinfo=UTC) + timedelta(hours=4 * number)
        yield {
            "externalId": f"pushed-{place}-{number}",
            "candidateExternalId": f"candidate-{1 + number * 37 % access.shape.candidates}",
            "sequence": 1,
            "externalUrl": f"https://app.goodtime.example/panels/{place}-{number}",
            "timezone": "Europe/Berlin",
            "note": "Pushed by the benchmark.",
            "interviews": [
                {
                    "externalId": f"{each}",
                    "subject": f"Interview {each}",
                    "startsAt": (begin + timedelta(hours=each)).isoformat(),
                    "durationMinutes": 45,
                    "feedbackTemplateId": template,
                    "interviewers": [
                        {"email": data.email(1 + (number * 6 + each * 2 + seat) % users)} for seat in range(2)
                    ],
                }
                for each in range(3)
            ],
        }


async def run(contenders: list[Contender], shape: data.Shape, rounds: int, seconds: float) -> None:
    async with data.ready(shape) as access:
        await _measure(contenders, access, rounds, seconds)


async def _measure(contenders: list[Contender], access: data.Access, rounds: int, seconds: float) -> None:
    shape = access.shape
    administrator = await asyncpg.connect(f"{data.POSTGRES}/postgres")
    connection = await asyncpg.connect(shape.url)
    database = Database(administrator, shape.database)
    template = await connection.fetchval("SELECT id FROM feedback_template ORDER BY id LIMIT 1")
    try:
        with started(contenders, access) as running:
            for each in running:
                each.headers["authorization"] = f"Bearer {access.key}"
            await _same_pushes(running, access, template, connection)
            asked = {each.name: _requests(each, panels(access, template, place)) for place, each in enumerate(running)}

            async def turn(each: Running) -> Figures:
                return await figures(each, asked[each.name], AT_ONCE, seconds, database)

            await taken(running, 1, turn)  # to warm up
            results = await taken(running, rounds, turn)
            title = f"push, {AT_ONCE} at once, {rounds} rounds of {seconds:g} s"
            print(table(title, results, {"a second": more, "server, ms of CPU": less}), "\n", flush=True)
    finally:
        await data.forget_pushes(connection)
        await connection.close()
        await administrator.close()


def _requests(running: Running, inputs: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    return (request(running, "push", {"input": input}) for input in inputs)


async def _same_pushes(running: list[Running], access: data.Access, template: str, connection: Any) -> None:
    """Every contender answers a push alike and writes the same rows, but for ids, instants and the panel's name."""
    answers = {}
    for each in running:
        push = next(panels(access, template, len(running)))
        answer = canonical(await ask(each, request(each, "push", {"input": push})))
        written = await connection.fetchrow(_WHAT_WAS_WRITTEN, push["externalId"])
        await data.forget_pushes(connection)
        answers[each.name] = (_without_new_ids(answer), tuple(written))
    mine, *others = answers.items()
    for theirs in others:
        assert theirs[1] == mine[1], f"{theirs[0]} does {theirs[1]}\nand not as {mine[0]} {mine[1]}"


def _without_new_ids(answer: Any) -> Any:
    """The answer, with what every contender makes up for itself left out."""
    if isinstance(answer, dict):
        return {
            name: _without_new_ids(value)
            for name, value in answer.items()
            if name != "url" and (name != "id" or str(value).startswith("usr"))
        }
    return [_without_new_ids(each) for each in answer] if isinstance(answer, list) else answer


if __name__ == "__main__":
    options = arguments(__doc__, rounds=15, seconds=2)
    if options.quick:
        uvloop.run(run(available(CONTENDERS, install=False), data.QUICK, rounds=1, seconds=0.1))
    else:
        uvloop.run(run(available(CONTENDERS, install=True), data.WHOLE, options.rounds, options.seconds))
