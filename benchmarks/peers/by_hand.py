"""The limit: bare Starlette and asyncpg, with the statement for each operation written by hand.

`json` lets PostgreSQL write the answer; `flat` reads flat rows and nests them here.
"""

import sys
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import clock
from benchmarks.peers import ACCOUNT, DATABASE_URL, FEEDBACK, INTEGRATION, listening

SQL = {file.stem: file.read_text() for file in Path(__file__).with_name("sql").glob("*.sql")}

Answer = Callable[[asyncpg.Pool, dict[str, Any]], Awaitable[bytes]]


async def profile_as_json(pool: asyncpg.Pool, variables: dict[str, Any]) -> bytes:
    text = await pool.fetchval(SQL["profile_json"], variables["id"], ACCOUNT, FEEDBACK)
    return b'{"data":%b}' % (text or '{"candidate":null}').encode()


async def list_as_json(pool: asyncpg.Pool, variables: dict[str, Any]) -> bytes:
    return b'{"data":%b}' % (await pool.fetchval(SQL["list_json"], ACCOUNT)).encode()


async def profile_from_rows(pool: asyncpg.Pool, variables: dict[str, Any]) -> bytes:
    rows = await pool.fetch(SQL["profile"], variables["id"], ACCOUNT)
    return orjson.dumps({"data": {"candidate": _profile(rows)}}, option=orjson.OPT_UTC_Z)


async def list_from_rows(pool: asyncpg.Pool, variables: dict[str, Any]) -> bytes:
    edges = _candidates(await pool.fetch(SQL["list"], ACCOUNT))
    page = {"edges": edges[:100], "pageInfo": {"hasNextPage": len(edges) > 100}}
    return orjson.dumps({"data": {"candidates": page}}, option=orjson.OPT_UTC_Z)


async def push(pool: asyncpg.Pool, variables: dict[str, Any]) -> bytes:
    """A new panel, in one transaction. What a panel that exists needs is left out: the benchmark pushes none."""
    push, now = variables["input"], clock.now()
    async with pool.acquire() as connection, connection.transaction():
        emails = {person["email"] for interview in push["interviews"] for person in interview["interviewers"]}
        looked_up = await connection.fetchrow(SQL["push_look_up"], ACCOUNT, push["candidateExternalId"], list(emails))
        users = orjson.loads(looked_up["users"])
        assert looked_up["archived_at"] is None
        assert users.keys() == emails
        assert await connection.fetchrow(SQL["push_lock"], INTEGRATION, push["externalId"]) is None
        panel_id, interviews, seats = _id("pan"), [], []
        for interview in push["interviews"]:
            starts_at = datetime.fromisoformat(interview["startsAt"])
            ends_at = starts_at + timedelta(minutes=interview["durationMinutes"])
            interview_id = _id("itv")
            interviews.append((interview_id, interview["externalId"], interview["subject"], starts_at, ends_at))
            for position, person in enumerate(interview["interviewers"]):
                seats.append((_id("ivr"), interview_id, users[person["email"]], position, _id("frm")))
        starts_at, ends_at = min(each[3] for each in interviews), max(each[4] for each in interviews)
        await connection.execute(
            SQL["push_write"],
            ACCOUNT,
            INTEGRATION,
            looked_up["id"],
            looked_up["stage_id"],
            panel_id,
            push["externalId"],
            push["externalUrl"],
            push["timezone"],
            push["note"],
            push["sequence"],
            starts_at,
            ends_at,
            now,
            push["interviews"][0]["feedbackTemplateId"],
            *zip(*interviews, strict=True),
            *zip(*seats, strict=True),
            looked_up["owner_id"],
        )
        bookings = await connection.fetch(
            SQL["push_bookings"], ACCOUNT, list(users.values()), starts_at, ends_at, panel_id
        )
        assert not bookings, "the benchmark's pushes overlap with nothing"
        form_ids, user_ids = [each[4] for each in seats], [each[2] for each in seats]
        await connection.execute(
            SQL["push_log"], ACCOUNT, panel_id, looked_up["id"], INTEGRATION, now, form_ids, user_ids
        )
    names = {id: email for email, id in users.items()}
    panel = {
        "id": panel_id,
        "externalId": push["externalId"],
        "status": "SCHEDULED",
        "startsAt": starts_at,
        "endsAt": ends_at,
        "version": 1,
        "interviews": [
            {
                "id": interview_id,
                "externalId": external_id,
                "startsAt": starts,
                "endsAt": ends,
                "interviewers": [
                    {
                        "user": {"id": user_id, "email": names[user_id]},
                        "feedbackForm": {"id": form_id, "url": FEEDBACK + form_id, "status": "PENDING"},
                    }
                    for _, of, user_id, _, form_id in seats
                    if of == interview_id
                ],
            }
            for interview_id, external_id, _, starts, ends in interviews
        ],
    }
    payload = {"outcome": "CREATED", "panel": panel, "warnings": [], "errors": []}
    return orjson.dumps({"data": {"upsertInterviewPanel": payload}}, option=orjson.OPT_UTC_Z)


def _id(prefix: str) -> str:
    return f"{prefix}_{token_hex(13)}"


def _profile(rows: list[asyncpg.Record]) -> dict[str, Any] | None:
    if not rows:
        return None
    candidate = _candidate(rows[0])
    candidate["emails"] = orjson.Fragment(rows[0]["emails"])
    panel_id = interview_id = None
    for row in rows:
        if row["p_id"] != panel_id:
            panel_id = row["p_id"]
            interviews: list[Any] = []
            panel = {
                "id": panel_id,
                "externalUrl": row["external_url"],
                "status": row["p_status"],
                "timezone": row["timezone"],
                "note": row["note"],
                "startsAt": row["p_starts_at"],
                "endsAt": row["p_ends_at"],
                "version": row["version"],
                "interviews": interviews,
            }
            candidate["interviewPanels"]["edges"].append({"node": panel})
        if row["i_id"] != interview_id:
            interview_id = row["i_id"]
            interviewers: list[Any] = []
            interview = {
                "id": interview_id,
                "subject": row["subject"],
                "location": row["location"],
                "meetingUrl": row["meeting_url"],
                "startsAt": row["i_starts_at"],
                "endsAt": row["i_ends_at"],
                "durationMinutes": row["duration_minutes"],
                "interviewers": interviewers,
            }
            interviews.append(interview)
        if row["r_id"] is not None:
            form_id = row["f_id"]
            form = {"id": form_id, "url": FEEDBACK + form_id, "status": row["f_status"]} if form_id else None
            interviewers.append(
                {
                    "responseStatus": row["response_status"],
                    "feedbackRequired": row["feedback_required"],
                    "user": {"id": row["u_id"], "name": row["u_name"], "email": row["email"]},
                    "feedbackForm": form,
                }
            )
    return candidate


def _candidates(rows: list[asyncpg.Record]) -> list[dict[str, Any]]:
    edges: list[dict[str, Any]] = []
    candidate_id = None
    for row in rows:
        if row["c_id"] != candidate_id:
            candidate_id = row["c_id"]
            candidate = _candidate(row)
            edges.append({"node": candidate})
        if row["p_id"] is not None:
            panel = {
                "id": row["p_id"],
                "externalUrl": row["external_url"],
                "status": row["p_status"],
                "timezone": row["timezone"],
                "startsAt": row["p_starts_at"],
                "endsAt": row["p_ends_at"],
            }
            candidate["interviewPanels"]["edges"].append({"node": panel})
    return edges


def _candidate(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["c_id"],
        "name": row["c_name"],
        "headline": row["headline"],
        "stage": {"id": row["s_id"], "name": row["s_name"]},
        "interviewPanels": {"edges": []},
    }


ANSWERS: dict[str, dict[str, Answer]] = {
    "json": {"Profile": profile_as_json, "List": list_as_json},
    "flat": {"Profile": profile_from_rows, "List": list_from_rows, "Push": push},
}


def app(answers: dict[str, Answer]) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:
        async with asyncpg.create_pool(
            DATABASE_URL, min_size=1, max_size=10, max_inactive_connection_lifetime=3, reset=_as_it_is
        ) as app.state.pool:
            yield

    async def graphql(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        answer = await answers[asked["operationName"]](request.app.state.pool, asked["variables"])
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])], lifespan=lifespan)


async def _as_it_is(connection: object) -> None:
    """Nothing here changes a session, so that there is nothing to reset on release."""


if __name__ == "__main__":
    uvicorn.run(app(ANSWERS[sys.argv[1]]), **listening())
