"""A release from git's history and this one write to one database together, in both orders, and go back.

Afterwards every answer is as if this release had done it all. `make upgrade-test` does it with each release that is
named here; without CALLBOARD_UPGRADES only with the last of them.
"""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ON_POSTGRES
from tests.processes import ROOT, Installation, Process, http_client, missing, postgres_database

#: The newest migration of each release, and its last commit. Add the one before every migration.
#: None between 0005 and 0009: migration 0006 was written anew after it was committed, and their databases lack tables.
RELEASES = {
    "0003": "39f9c9f",
    "0004": "e8be2da",
    "0009": "5d9bc1d",
    "0010": "75b4e0c",
    "0011": "6d8411a",
}
_TRIED = list(RELEASES) if os.environ.get("CALLBOARD_UPGRADES") else list(RELEASES)[-1:]

_SETUP = """mutation ($users: [UserInput!]!, $stages: [StageInput!]!, $templates: [FeedbackTemplateInput!]!) {
  syncUsers(users: $users) { errors { message } }
  syncStages(stages: $stages) { errors { message } }
  syncFeedbackTemplates(feedbackTemplates: $templates) { feedbackTemplates { id } errors { message } }
  setIntegrationEnabled(provider: GOODTIME, enabled: true) { errors { message } } }"""
_KEY = "mutation { generateApiKey(provider: GOODTIME) { secret } }"
_CANDIDATES = "mutation ($rows: [CandidateInput!]!) { syncCandidates(candidates: $rows) { errors { message } } }"
_STAGES = "mutation ($rows: [StageInput!]!) { syncStages(stages: $rows) { errors { message } } }"
_PUSH = "mutation ($input: UpsertInterviewPanelInput!) { upsertInterviewPanel(input: $input) { errors { message } } }"
_ANSWERS = """{
  interviewPanels(filter: {includeCanceled: true}) { totalCount edges { node {
    externalId externalUrl timezone status startsAt endsAt sequence candidate { externalId }
    interviews(includeCanceled: true) { externalId subject startsAt endsAt
      interviewers { user { email } feedbackForm { status fields { label } } } } } } }
  candidates(orderBy: NAME) { edges { node { externalId name emails stage { name position } } } } }"""
_STAGE_ORDER = "{ candidates(orderBy: STAGE) { edges { node { externalId } } } }"
_INTERVIEWS = """query ($after: String) { interviews(first: 2, after: $after) {
  pageInfo { endCursor hasNextPage } edges { node { externalId startsAt panel { externalId } } } } }"""


class Release:
    """One release at work on the database."""

    def __init__(self, process: Process, token: str) -> None:
        self._process = process
        self.token = token
        #: The integration's key, and the template that forms are made from.
        self.key = self.template = ""

    async def ask(self, query: str, authorization: str, **variables: Any) -> dict[str, Any]:
        async with http_client(timeout=30) as client:
            headers = {"authorization": f"Bearer {authorization}"}
            body = {"query": query, "variables": variables}
            answer = (await client.post(self._process.graphql, json=body, headers=headers)).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        assert not any(payload.get("errors") for payload in data.values() if isinstance(payload, dict)), data
        return data

    async def push(self, name: str, sequence: int, day: int, *people: str, url: str = "") -> None:
        """Push a panel of one interview on a day of January 2031."""
        interview = {
            "externalId": "one",
            "subject": f"Interview {name}",
            "startsAt": f"2031-01-{day:02}T09:00:00Z",
            "durationMinutes": 60,
            "interviewers": [
                {"email": f"{person}@acme.example", "feedbackTemplateId": self.template} for person in people
            ],
        }
        panel = {
            "externalId": name,
            "candidateExternalId": "carla",
            "sequence": sequence,
            "timezone": "UTC",
            "externalUrl": url or f"https://goodtime.example/{sequence}",
            "interviews": [interview],
        }
        await self.ask(_PUSH, self.key, input=panel)

    async def sync(self, *rows: tuple[str, str, str]) -> None:
        """Sync candidates: external id, email and stage."""
        candidates = [{"externalId": id, "name": id.title(), "emails": [email], "stage": at} for id, email, at in rows]
        await self.ask(_CANDIDATES, self.token, rows=candidates)

    async def move_stage(self, position: int) -> None:
        await self.ask(_STAGES, self.token, rows=[{"name": "On-site", "position": position, "hasInterview": True}])


async def set_up(release: Release) -> tuple[str, str]:
    """Make the account's people, stages and template; returns the integration's key and the template's id."""
    people = [
        {"externalId": name, "email": f"{name}@acme.example", "name": name, "role": "INTERVIEWER"} for name in _PEOPLE
    ]
    stages = [
        {"name": name, "position": place, "hasInterview": True} for place, name in enumerate(("Applied", "On-site"))
    ]
    templates = [{"externalId": "t", "name": "T", "fields": [{"type": "SCORE", "label": "S"}]}]
    made = await release.ask(_SETUP, release.token, users=people, stages=stages, templates=templates)
    release.key = (await release.ask(_KEY, release.token))["generateApiKey"]["secret"]
    release.template = made["syncFeedbackTemplates"]["feedbackTemplates"][0]["id"]
    return release.key, release.template


_PEOPLE = ("ivo", "noor")


async def write(one: Release, other: Release, prefix: str) -> None:
    """What both write, taking turns: rows of the one are changed by the other, and the other way round."""
    await one.sync(("carla", "carla@home.example", "Applied"), (f"{prefix}lea", "lea@home.example", "On-site"))
    for first, second, name in ((one, other, f"{prefix}a"), (other, one, f"{prefix}b")):
        await first.push(name, 1, 10, "ivo", "noor")
        await second.push(name, 5, 12, "ivo")
        await first.push(f"{name}c", 2, 14, "noor")
        await second.push(f"{name}c", 6, 8, "ivo", "noor")
        # Late: nothing of a lower revision counts.
        await second.push(name, 3, 20, "noor", url="https://late.example")
        await first.push(f"{name}c", 4, 21, "ivo", url="https://late.example")
    await other.move_stage(4)
    await one.sync((f"{prefix}max", "noor@acme.example", "On-site"), (f"{prefix}lea", "lea@work.example", "On-site"))


async def answers(release: Release, tokens: Mapping[str, str]) -> list[Any]:
    """What everybody sees at the end, without ids."""
    seen: list[Any] = [await release.ask(_ANSWERS, release.token), await release.ask(_STAGE_ORDER, release.token)]
    for person in _PEOPLE:
        after, has_next = None, True
        while has_next:
            page = (await release.ask(_INTERVIEWS, tokens[person], after=after))["interviews"]
            after, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
            seen.append((person, page["edges"]))
    return seen


@contextlib.asynccontextmanager
async def serving(installation: Installation, key: str = "", template: str = "") -> AsyncIterator[Release]:
    async with installation.running("serve") as process:
        release = Release(process, await installation.done("token", "ada@acme.example"))
        release.key, release.template = key, template
        yield release


@contextlib.asynccontextmanager
async def a_database(folder: Path) -> AsyncIterator[str]:
    if ON_POSTGRES:
        async with postgres_database() as url:
            yield url
    else:
        yield f"sqlite://{folder}/callboard.db"


async def archived(commit: str, folder: Path) -> Path:
    """The files of that commit."""
    command = ["git", "archive", commit]
    archive = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        missing(f"the commit {commit} in git's history")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


async def tokens_of(installation: Installation) -> dict[str, str]:
    return {person: await installation.done("token", f"{person}@acme.example") for person in _PEOPLE}


async def upgraded(old: Installation, new: Installation) -> list[Any]:
    """What is answered after the old release and the new one have written together, gone back, and come again."""
    await old.done("migrate")
    await old.done("account", "create", "acme", "--name", "Acme", "--super-admin", "ada@acme.example")
    async with serving(old) as before:
        access = await set_up(before)
        await write(before, before, "0")
        await new.done("migrate")
        async with serving(new, *access) as after:
            await write(before, after, "1")
            await write(after, before, "2")
    async with serving(new, *access) as after:
        await write(after, after, "3")
    async with serving(old, *access) as before:
        await write(before, before, "4")
    await new.done("migrate")
    async with serving(new, *access) as after:
        return await answers(after, await tokens_of(new))


async def alone(new: Installation) -> list[Any]:
    """The same acts by the new release alone."""
    await new.done("migrate")
    await new.done("account", "create", "acme", "--name", "Acme", "--super-admin", "ada@acme.example")
    async with serving(new) as release:
        await set_up(release)
        for prefix in "01234":
            await write(release, release, prefix)
        return await answers(release, await tokens_of(new))


@pytest.mark.parametrize("newest_migration", _TRIED)
async def test_what_two_releases_have_written_together_is_as_if_one_had(newest_migration: str) -> None:
    with tempfile.TemporaryDirectory(prefix="callboard-release-") as name:
        folder = Path(name)
        source = await archived(RELEASES[newest_migration], folder / "source")
        for place in ("shared", "alone"):
            (folder / place).mkdir()
        async with a_database(folder / "shared") as shared, a_database(folder / "alone") as own:
            old = Installation(folder / "shared", shared, program=(sys.executable, str(source / "server.py")))
            expected = await alone(Installation(folder / "alone", own))
            assert await upgraded(old, Installation(folder / "shared", shared)) == expected
