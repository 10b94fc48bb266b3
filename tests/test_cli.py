"""The command line, by real processes: what a user can cause ends in one line, never in a traceback."""

import importlib.metadata
import json
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from graphql import build_schema
from typer.testing import CliRunner

import server
import zones
from tests.processes import Installation, http_client

COMMANDS = ["serve", "migrate", "demo", "account", "account create", "token", "simulate", "schema", "prune"]
NOT_MIGRATED = "callboard: The database is not at the current version: run `callboard migrate` first."
UNUSABLE = "callboard: The database at CALLBOARD_DATABASE_URL can't be used: "


@pytest.fixture
def bare(place: Path) -> Installation:
    """An installation whose database nobody has made yet."""
    return Installation(place, f"sqlite://{place}/var/callboard.db")


async def asked(address: str, query: str, token: str) -> Any:
    """The data of an answer."""
    async with http_client() as client:
        headers = {"authorization": f"Bearer {token}"}
        return (await client.post(f"{address}/graphql", json={"query": query}, headers=headers)).json()["data"]


@pytest.mark.once
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    explained = CliRunner().invoke(server.cli, [*command.split(), "--help"])

    assert explained.exit_code == 0
    assert "Usage: " in explained.stdout
    assert explained.stderr == ""


@pytest.mark.once
async def test_help_and_the_schema_are_there_whatever_is_set(bare: Installation) -> None:
    wrong = {"DATABASE_URL": "nonsense", "JWT_SECRET": "short"}

    assert "Usage: " in await bare.done("serve", "--help", **wrong)
    assert build_schema(await bare.done("schema", **wrong)).query_type is not None


@pytest.mark.once
@pytest.mark.parametrize(
    "arguments",
    [
        "serv",
        "serve --port x",
        "serve --port 70000",
        "serve --workers 0",
        "demo --host 0.0.0.0",
        "account create acme",
        "account create --name Acme --super-admin sam@acme.example",
        "token",
        "token sam@acme.example --hours 0",
        "simulate",
        "simulate --key k --panels 0",
        "prune now",
    ],
)
def test_bad_usage_is_exit_2(arguments: str) -> None:
    ended = CliRunner().invoke(server.cli, arguments.split())

    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert "Usage: " in ended.stderr


@pytest.mark.once
async def test_bad_usage_is_exit_2_of_the_process_too(bare: Installation) -> None:
    ended = await bare.run("serve", "--port", "x")

    assert ended.code == 2
    assert "Usage: " in ended.err


@pytest.mark.once
async def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(bare: Installation) -> None:
    assert "CALLBOARD_DATABASE_URL" in await bare.failure_line("serve", DATABASE_URL="mysql://127.0.0.1/x")
    assert "CALLBOARD_JWT_SECRET" in await bare.failure_line("token", "sam@acme.example", JWT_SECRET="short")
    assert "CALLBOARD_MAX_PAGE" in await bare.failure_line("migrate", MAX_PAGE="many")


async def test_a_port_in_use_is_one_line(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        expected = f"Can't listen on 127.0.0.1:{port} (Address already in use): choose another with --port."

        for command in ("serve", "demo"):
            assert await installation.failure_line(command, "--port", port) == f"callboard: {expected}"


@pytest.mark.once
def test_the_version_is_printed() -> None:
    printed = CliRunner().invoke(server.cli, ["--version"])

    assert (printed.exit_code, printed.stdout) == (0, f"callboard {importlib.metadata.version('callboard')}\n")


@pytest.mark.once
async def test_a_unix_socket_is_served_and_what_happens_is_in_the_log(installation: Installation) -> None:
    path = installation.folder / "socket"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    async with installation.running("serve", "--uds", str(path)) as process:
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://callboard") as client:
            query = {"query": "query Who { __typename }"}
            answer = await client.post("/graphql", json=query, headers={"authorization": "Bearer nonsense"})
        assert answer.json()["data"] == {"__typename": "Query"}
        await process.stop()
        lines = process.logged

    events = [line["event"] for line in lines if line.get("route") != "/healthz"]
    assert events == ["listening", "sign-in refused", "operation", "request", "going down", "went down"]
    [operation] = [line for line in lines if line["event"] == "operation"]
    shown = {name: operation[name] for name in ("kind", "operation", "actor", "outcome", "statements")}
    assert shown == {"kind": "query", "operation": "Who", "actor": None, "outcome": "OK", "statements": 0}


@pytest.mark.once
async def test_an_address_that_is_none_is_one_line(installation: Installation) -> None:
    assert "Can't listen on nowhere.invalid:8000" in await installation.failure_line(
        "serve", "--host", "nowhere.invalid"
    )


@pytest.mark.once
async def test_without_a_way_to_sign_in_nothing_is_served(installation: Installation) -> None:
    assert "CALLBOARD_JWKS_URL" in await installation.failure_line("serve", JWT_SECRET=None)


async def test_no_command_but_migrate_takes_a_database_that_is_not_migrated(empty: Installation) -> None:
    account = ("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")

    for command in (("serve",), account, ("token", "sam@acme.example"), ("prune",)):
        assert await empty.failure_line(*command) == NOT_MIGRATED


@pytest.mark.once
@pytest.mark.parametrize(
    ("command", "url"),
    [
        ("serve", "sqlite:///proc/none/callboard.db"),
        ("migrate", "sqlite:///dev/null/callboard.db"),
        ("demo", "sqlite:///proc"),
        ("prune", "postgres://nobody:hush@127.0.0.1:9/callboard"),
        ("migrate", "postgres://nobody:hush@127.0.0.1:9/callboard"),
        ("serve", "postgres://nobody:hush@nowhere.invalid/callboard"),
    ],
)
async def test_a_database_that_cannot_be_reached_is_one_line(command: str, url: str, bare: Installation) -> None:
    line = await bare.failure_line(command, DATABASE_URL=url)

    assert line.startswith(UNUSABLE)
    assert "hush" not in line


@pytest.mark.once
@pytest.mark.parametrize("command", ["migrate", "serve"])
async def test_a_file_that_is_no_database_is_one_line(command: str, bare: Installation, place: Path) -> None:
    (place / "notes.txt").write_text("no database at all, but some text that is long enough to be looked at" * 20)

    line = await bare.failure_line(command, DATABASE_URL=f"sqlite://{place}/notes.txt")

    assert line == f"{UNUSABLE}file is not a database"


@pytest.mark.postgres
async def test_a_database_that_postgresql_does_not_have_is_one_line(empty: Installation) -> None:
    for command in ("migrate", "serve"):
        assert "_not" in await empty.failure_line(command, DATABASE_URL=f"{empty.database_url}_not")


@pytest.mark.once
async def test_several_workers_need_postgresql(installation: Installation) -> None:
    assert "postgres://" in await installation.failure_line("serve", "--workers", "2")


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_ends_well_on_a_signal(signal_number: int, installation: Installation) -> None:
    async with installation.running("serve") as process:
        assert await process.stop(signal_number, within=10) == 0

    assert [line["event"] for line in process.logged if line["event"] != "request"] == [
        *("listening", *(["going down"] if signal_number == signal.SIGTERM else []), "went down")
    ]
    assert process.logged[0]["tz_database"] == zones.use_newest_database()


async def test_an_account_is_made_once(installation: Installation) -> None:
    create = ("account", "create", "acme", "--name", "Acme & Co.", "--super-admin", "Sam@acme.example")

    made = await installation.done(*create)

    assert made == "Made the account acme. Its Super Admin is Sam@acme.example."
    assert "There is an account acme already." in await installation.failure_line(*create)


@pytest.mark.once
@pytest.mark.parametrize(
    ("slug", "name", "email"),
    [("Acme Inc", "Acme", "sam@acme.example"), ("acme", "", "sam@acme.example"), ("acme", "Acme", "sam")],
)
async def test_an_account_needs_a_slug_a_name_and_an_email(
    slug: str, name: str, email: str, installation: Installation
) -> None:
    await installation.failure_line("account", "create", slug, "--name", name, "--super-admin", email)

    assert "no active user" in await installation.failure_line("token", "sam@acme.example")


async def test_a_token_is_for_an_active_user_of_one_account(installation: Installation) -> None:
    for slug in ("acme", "globex"):
        await installation.done("account", "create", slug, "--name", slug, "--super-admin", "sam@both.example")
    await installation.done(
        "account", "create", "initech", "--name", "Initech", "--super-admin", "bill@initech.example"
    )

    token = await installation.done("token", "BILL@initech.example", "--hours", "2")
    of_both = await installation.done("token", "sam@both.example", "--account", "globex")

    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["account"] == "initech"
    assert claims["exp"] - claims["iat"] == 2 * 3600
    assert jwt.decode(of_both, options={"verify_signature": False})["account"] == "globex"
    assert "acme, globex" in await installation.failure_line("token", "sam@both.example")
    assert "no active user" in await installation.failure_line("token", "nobody@initech.example")
    assert "no active user" in await installation.failure_line("token", "sam@both.example", "--account", "initech")


async def test_a_token_signs_its_user_in(installation: Installation) -> None:
    await installation.done("account", "create", "acme", "--name", "Acme", "--super-admin", "sam@acme.example")
    token = await installation.done("token", "sam@acme.example")

    async with installation.running("serve") as process:
        assert await asked(process.address, "{ account { name } }", token) == {"account": {"name": "Acme"}}


@pytest.mark.once
async def test_tokens_are_not_signed_without_the_secret_nor_beside_an_identity_provider(bare: Installation) -> None:
    away = {"JWT_SECRET": None, "JWKS_URL": "https://id.example/keys"}

    assert "CALLBOARD_JWT_SECRET" in await bare.failure_line("token", "sam@acme.example", JWT_SECRET=None)
    assert "CALLBOARD_JWKS_URL" in await bare.failure_line("token", "sam@acme.example", **away)
    assert "CALLBOARD_JWKS_URL" in await bare.failure_line("demo", **away)


async def test_migrating_again_changes_nothing(empty: Installation) -> None:
    assert (await empty.done("migrate")).startswith("Applied 0001_initial")
    assert await empty.done("migrate") == "The database is at the current version already."


async def test_prune_says_what_it_dropped(installation: Installation) -> None:
    assert await installation.done("prune") == "Dropped 0 changes older than 30 days."
    assert await installation.done("prune", CHANGE_RETENTION_DAYS="7") == "Dropped 0 changes older than 7 days."


@pytest.mark.once
async def test_a_simulation_without_a_server_ends_in_one_line(bare: Installation) -> None:
    ended = await bare.run("simulate", "--key", "cb_live_x", "--url", "http://127.0.0.1:9/graphql", "--panels", "1")

    *tries, line = ended.err.splitlines()
    assert (ended.code, ended.out) == (1, "")
    assert line.startswith("callboard simulate: http://127.0.0.1:9/graphql unreachable")
    assert all(json.loads(tried)["level"] == "warning" for tried in tries)


async def test_who_serves_without_issuer_and_audience_is_warned_whom_that_lets_in(installation: Installation) -> None:
    provider = {"JWT_SECRET": None, "JWKS_URL": "https://id.example/keys"}
    async with installation.running("serve", **provider) as careless:
        warnings = [line["event"] for line in careless.logged if line["level"] == "warning"]
    async with installation.running("serve", **provider, JWT_ISSUER="https://id.example", JWT_AUDIENCE="us") as careful:
        untold = [line for line in careful.logged if line["level"] == "warning"]

    assert ["CALLBOARD_JWT_ISSUER" in line for line in warnings] == [True]
    assert untold == []
