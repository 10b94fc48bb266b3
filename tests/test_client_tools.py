"""Clients, generators, linters and gateways as others wrote them, at night: what docs/clients.md says of each."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.people import Person
from tests.processes import ROOT, http_client, tool, until, with_packages
from tests.world import World

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not os.environ.get("CALLBOARD_NIGHTLY"), reason="what others wrote is for `make nightly`"),
]

TOOLS = ROOT / "tests" / "clients" / "tools"
TYPED = ROOT / "examples" / "typed"


def run(folder: Path, *command: str | Path, fails: bool = False) -> str:
    """What the command prints in that folder; a program of its packages is found by its name."""
    path = f"{folder}/node_modules/.bin:{os.environ['PATH']}"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=os.environ | {"PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is fails, done.stdout
    return done.stdout


async def run_beside(folder: Path, *command: str | Path) -> Any:
    """The line of JSON that the command prints, while the server of this process answers it."""
    return json.loads((await asyncio.to_thread(run, folder, *command)).splitlines()[-1])


def workshop(source: Path, package: str, folder: Path) -> Path:
    """A copy of a folder with its packages and the schema, as `callboard schema` prints it."""
    packages = with_packages(source, package) / "node_modules"
    generated = ("node_modules", "generated*", "dist", "callboard.graphql", "__pycache__")
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*generated))
    (folder / "node_modules").symlink_to(packages)
    command = [sys.executable, ROOT / "server.py", "schema"]
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    (folder / "callboard.graphql").write_text(printed.stdout)
    return folder


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = workshop(TOOLS, "spectaql", tmp_path_factory.mktemp("tools") / "tools")
    (folder / "__generated__").mkdir()
    shutil.copytree(ROOT / "examples", folder / "operations", ignore=lambda _, names: [*unlike_graphql(names)])
    return folder


def unlike_graphql(names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".graphql")]


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workshop(TYPED, "typescript", tmp_path_factory.mktemp("typed") / "typed")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with what the typed client's requirements.txt pins."""
    folder = tmp_path_factory.mktemp("environment")
    run(folder, sys.executable, "-m", "venv", ".")
    run(folder, "bin/python", "-m", "pip", "install", "--quiet", "-r", TYPED / "requirements.txt")
    return folder / "bin" / "python"


def token_of(person: Person) -> str:
    assert person.authorization
    return person.authorization.removeprefix("Bearer ")


def pushing(world: World) -> tuple[str, str, str, str]:
    return (world.server.graphql, token_of(world.goodtime), "carla", world.email("ivo"))


async def templated(world: World, external_id: str, **fields: Any) -> dict[str, Any]:
    """A pushed panel whose interview asks for feedback."""
    interview = world.an_interview("one", "ivo", feedbackTemplateId=world.templates["technical"])
    return await world.goodtime.push(**world.a_panel(external_id, interview, **fields))


async def test_the_typed_client_in_typescript_pushes_a_panel(typed: Path, world: World) -> None:
    run(typed, "npm", "run", "--silent", "generate")
    run(typed, "tsc")

    printed = await asyncio.to_thread(run, typed, tool("node"), "dist/push.js", *pushing(world))

    assert printed.split()[:2] == ["CREATED", "2030-03-31T13:00:00Z"]
    push = typed / "push.ts"
    push.write_text(push.read_text().replace("durationMinutes:", "minutes:"))
    assert "'minutes' does not exist" in run(typed, "tsc", fails=True)


async def test_the_typed_client_in_python_pushes_a_panel(typed: Path, python: Path, world: World) -> None:
    run(typed, python.parent / "ariadne-codegen")
    run(typed, sys.executable, "-m", "mypy", "--python-executable", python, "push.py")

    printed = await asyncio.to_thread(run, typed, python, "push.py", *pushing(world))

    assert printed.split() == ["CREATED", "2030-03-31", "13:00:00+00:00"]
    (typed / "wrong.py").write_text((typed / "push.py").read_text().replace("duration_minutes=", "minutes="))
    wrong = run(typed, sys.executable, "-m", "mypy", "--python-executable", python, "wrong.py", fails=True)
    assert 'Missing named argument "duration_minutes"' in wrong


async def test_caches_go_on_showing_the_form_that_was_filled_in(tools: Path, world: World) -> None:
    pushed = await templated(world, "asked")
    form = pushed["panel"]["interviews"][0]["interviewers"][0]["feedbackForm"]["id"]
    await world.ivo.fill(form, "Hire", "Fine")

    compiled = run(tools, "relay-compiler")
    shown = await run_beside(
        tools, tool("node"), "caches.mjs", world.server.graphql, token_of(world.sam), form, "callboard.graphql"
    )

    assert "WARN" not in compiled
    each = {"form": ["Overall", "Notes"], "template": ["Asked anew", "Level"]}
    assert shown == {"apollo": each, "graphcache": each, "relay": each}


async def test_stitched_bookings_load_their_panels_by_one_request_and_codes_survive(tools: Path, world: World) -> None:
    ids = [(await templated(world, str(number)))["panel"]["id"] for number in range(25)]

    shown = await run_beside(
        tools, tool("node"), "stitch.mjs", world.server.graphql, token_of(world.goodtime), "callboard.graphql", *ids
    )

    assert [panel["externalId"] for panel in shown["panels"]["data"]["bookings"]] == [
        str(number) for number in range(25)
    ]
    assert shown["requests"] == 1
    assert shown["refused"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@contextlib.asynccontextmanager
async def gateway(folder: Path, endpoint: str) -> AsyncIterator[str]:
    """The address of Hive Gateway, in front of that endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    program = folder / "node_modules" / ".bin" / "hive-gateway"
    process = await asyncio.create_subprocess_exec(
        *(program, "proxy", "-c", "gateway.config.mjs", "-h", "127.0.0.1", "-p", port),
        cwd=folder,
        env=os.environ | {"ENDPOINT": endpoint},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/graphql"
    try:
        async with http_client(timeout=30) as http:

            async def answers() -> bool:
                with contextlib.suppress(httpx.TransportError):
                    return (await http.get(f"http://127.0.0.1:{port}/healthcheck")).is_success
                return False

            await until(answers)
        yield address
    finally:
        process.terminate()
        await process.wait()


async def test_behind_hive_gateway_answers_and_codes_are_the_same(tools: Path, world: World) -> None:
    asked = [(world.rita, "{ viewer { __typename } account { name } }"), (world.ivo, "{ stages { id } }")]
    asked += [(world.nobody, "{ viewer { __typename } }"), (world.rita, "{ users(first: 0) { totalCount } }")]

    async with gateway(tools, world.server.graphql) as address, http_client(timeout=30) as http:
        for person, query in asked:
            direct = await person.answer(query)
            behind = (await http.post(address, json={"query": query}, headers=person.headers)).json()

            assert behind.get("data") == direct.get("data")
            assert codes(behind) == codes(direct)


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def test_the_schema_is_a_subgraph_that_federation_composes(tools: Path) -> None:
    composed = json.loads(run(tools, tool("node"), "compose.mjs", "callboard.graphql"))

    assert (composed["errors"], composed["hints"]) == ([], [])
    assert {"InterviewPanel", "Room"} <= {*composed["types"]}


def test_graphql_eslint_finds_no_fault_with_the_schema_and_the_examples(tools: Path) -> None:
    run(tools, "eslint", "--max-warnings", "0", "callboard.graphql", "operations/*.graphql")

    (tools / "operations" / "wrong.graphql").write_text("query NoId { stages { name } }")
    assert "require-selections" in run(tools, "eslint", "operations/wrong.graphql", fails=True)
    (tools / "operations" / "wrong.graphql").unlink()


def test_graphql_inspector_finds_all_documents_valid_and_no_break_of_the_contract(tools: Path) -> None:
    assert "All documents are valid" in run(
        tools, "graphql-inspector", "validate", "operations/*.graphql", "callboard.graphql"
    )
    contract = ROOT / "docs" / "contract.graphql"
    assert "No breaking changes" in run(tools, "graphql-inspector", "diff", contract, "callboard.graphql")


def test_gql_tada_infers_what_a_query_answers(tools: Path) -> None:
    folder = tools / "tada"
    run(folder, "../node_modules/.bin/gql.tada", "generate-output")
    run(folder, "../node_modules/.bin/gql.tada", "check")
    run(folder, "../node_modules/.bin/tsc", "-p", ".")

    panel = folder / "panel.ts"
    panel.write_text(panel.read_text().replace("interviews { subject }", "interviews { theme }"))
    assert 'Cannot query field "theme"' in run(folder, "../node_modules/.bin/gql.tada", "check", fails=True)


def test_spectaql_writes_a_page_with_every_operation(tools: Path) -> None:
    run(tools, "spectaql", "spectaql.yml")

    page = (tools / "docs" / "index.html").read_text()
    assert all(
        name in page for name in ("upsertInterviewPanel", "changeCursor", "interviewPanelChanges", "SEQUENCE_CONFLICT")
    )
