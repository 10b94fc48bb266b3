"""Callboard's command line. Imported by nobody but tests."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
import uvicorn
from dotenv import load_dotenv

import database
import models
import serving
import settings
from application import Application, version
from auth import tokens
from auth.discovery import OtherIssuer, compare
from resolvers import changes, directory, erasure, exports, integration_health, integrations, questions
from schema import SCHEMA
from serving import Failure
from simulator import client as goodtime
from simulator import demo as demo_account
from simulator import site

T = TypeVar("T")

HERE = "127.0.0.1"

_log = logging.getLogger("callboard.server")

cli = typer.Typer(
    help="The ATS side of the GoodTime scheduling integration: one live GraphQL API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
accounts = typer.Typer(help="Accounts.", no_args_is_help=True)
cli.add_typer(accounts, name="account")
exporting = typer.Typer(help="What is stored of somebody, as JSON.", no_args_is_help=True)
cli.add_typer(exporting, name="export")

PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 picks a free one.")]


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"callboard {version()}")
        raise typer.Exit


@cli.callback()
def callboard(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """The ATS side of the GoodTime scheduling integration: one live GraphQL API."""


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HERE,
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than one needs PostgreSQL.")] = 1,
    uds: Annotated[Path | None, typer.Option(help="A Unix socket to listen on, instead of host and port.")] = None,
) -> None:
    """Serve the API and the console."""
    current = serving.configure()
    if workers > 1 and not current.on_postgres:
        raise Failure(
            "SQLite is for one process: set CALLBOARD_DATABASE_URL=postgres://… to serve with more than one worker."
        )
    if current.jwt_secret is None and not current.has_provider:
        raise Failure(
            "Nobody could sign in: set CALLBOARD_OIDC_ISSUER and _CLIENT_ID, or CALLBOARD_JWKS_URL; on your own "
            "machine CALLBOARD_JWT_SECRET."
        )
    if current.has_provider:
        _check_provider(current)
    asyncio.run(_require_ready(current))
    serving.run(serving.bind(host, port) if uds is None else serving.bind_path(uds), workers)


async def _require_ready(current: settings.Settings) -> None:
    """Raises Failure where the database can't be served from."""
    async with database.connect(current.pool_url, is_pooler=current.has_pooler):
        try:
            await database.check_ready()
            await database.note_release()
        except database.NotReady as obstacle:
            raise Failure(str(obstacle)) from None


def _check_provider(current: settings.Settings) -> None:
    """Let nothing be served that looks healthy and lets nobody in, or too many. Raises Failure."""
    if None in current.issuers or not current.audiences:
        _log.warning(
            "Whom the provider lets into another application gets in here: set CALLBOARD_JWT_ISSUER and _AUDIENCE"
        )
    for issuer in filter(None, current.issuers):
        try:
            asyncio.run(compare(issuer, is_needed=current.jwks_url is None))
        except OtherIssuer as other:
            name = "OIDC_ISSUER" if issuer == current.oidc_issuer else "JWT_ISSUER"
            raise Failure(f"CALLBOARD_{name}: {other}.") from None


@cli.command()
def migrate(
    serve_as: Annotated[
        str | None, typer.Option(help="A role of PostgreSQL's that is let read and write rows.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be locked and filled in.")] = False,
) -> None:
    """Bring the database to the current version, and mend what earlier releases have left. May be run at any time."""
    current = serving.configure()
    if serve_as is not None and not current.on_postgres:
        raise Failure("SQLite has no roles: leave out --serve-as.")
    if plan:
        lines = asyncio.run(database.plan(current.database_url, models.REPAIRS))
        return typer.echo("\n".join(lines))
    applied = asyncio.run(_migrate(current.database_url))
    _with_database(integrations.ensure_everywhere)
    if serve_as is not None:
        _grant(serve_as)
    typer.echo(f"Applied {', '.join(applied)}." if applied else "The database is at the current version already.")


async def _migrate(url: str) -> list[str]:
    return await database.migrate(url, models.REPAIRS, models.TRIGGERS, typer.echo)


def _grant(role: str) -> None:
    try:
        _with_database(lambda: database.grant(role))
    except ValueError as refused:
        raise Failure(str(refused)) from None


@cli.command()
def demo(
    port: PortOption = 8000,
    simulate: Annotated[bool, typer.Option(help="Let GoodTime's simulator work beside the server.")] = True,
) -> None:
    """Try Callboard: a demo account, the server, and GoodTime's simulator beside it on the next port.

    Listens on this machine only.
    """
    current = serving.configure()
    if current.has_provider:
        raise Failure(f"The demo signs its own tokens: unset {_provider_setting(current)} for it.")
    listening = serving.bind(HERE, port)
    beside = serving.bind_next(HERE, listening.getsockname()[1] + 1)
    own = {
        "jwt_secret": demo_account.kept_secret(),
        "public_url": serving.address(listening),
        "goodtime_url": serving.address(beside),
        # A front end in development is on another port of this machine.
        "allowed_origins": "http://localhost:*, http://127.0.0.1:*",
    }
    os.environ.update({f"CALLBOARD_{name.upper()}": own[name] for name in own.keys() - current.model_fields_set})
    settings.current.cache_clear()
    # Every act of the simulator is a request: their lines would sweep away what is printed here.
    for name in ("callboard.requests", "callboard.operations"):
        logging.getLogger(name).setLevel(logging.WARNING)
    serving.exit_well_at_signals()
    asyncio.run(_demo(listening, beside, simulate))


async def _demo(listening: socket.socket, beside: socket.socket, simulate: bool) -> None:
    current = settings.current()
    assert current.jwt_secret is not None, "the demo has one"
    await _migrate(current.database_url)
    async with database.connect(current.database_url):
        switched_on, key = await demo_account.load_demo(simulate)
    address, pages = serving.address(listening), serving.address(beside)
    typer.echo(demo_account.welcome(address, pages, current.jwt_secret.get_secret_value(), switched_on, key))
    goodtime_server = site.server(site.Site(f"{address}/graphql", pages, key))
    going = asyncio.create_task(goodtime_server.serve(sockets=[beside]))
    try:
        with serving.metrics_served():
            await uvicorn.Server(serving.config(lambda: Application([listening]))).serve(sockets=[listening])
    finally:
        goodtime_server.should_exit = True
        await going


@accounts.command("create")
def create_account(
    slug: Annotated[str, typer.Argument(help="The short name that tokens carry, such as acme.")],
    name: Annotated[str, typer.Option(help="The company's name.")],
    super_admin: Annotated[str, typer.Option(help="The email of the first Super Admin.")],
) -> None:
    """Make an account with its first Super Admin."""
    try:
        account = _with_database(lambda: directory.create_account(slug, name, super_admin))
    except ValueError as refused:
        raise Failure(str(refused)) from None
    typer.echo(f"Made the account {account.slug}. Its Super Admin is {super_admin}.")


@cli.command()
def token(
    email: Annotated[str, typer.Argument(help="The user's email.")],
    account: Annotated[str | None, typer.Option(help="The account's slug, where the email is in several.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 365, help="How long it is good for.")] = 12,
) -> None:
    """Print a token for a user, signed with the shared secret: such as on your own machine."""
    current = serving.configure()
    if current.has_provider:
        raise Failure(f"Tokens come from the identity provider here ({_provider_setting(current)} is set).")
    if current.jwt_secret is None:
        raise Failure("Set CALLBOARD_JWT_SECRET, the one that the server has.")
    slugs = _with_database(lambda: directory.accounts_of(email))
    if account is not None and account not in slugs:
        raise Failure(f"There is no active user {email} in an account {account}.")
    if account is None and len(slugs) != 1:
        raise Failure(
            f"{email} is in the accounts {', '.join(slugs)}: say which with --account."
            if slugs
            else f"There is no active user {email}."
        )
    typer.echo(tokens.sign(current.jwt_secret.get_secret_value(), email, account or slugs[0], hours))


@cli.command()
def simulate(
    key: Annotated[str | None, typer.Option(envvar="CALLBOARD_KEY", help="The integration's key.")] = None,
    url: Annotated[str, typer.Option(help="Where the API is.")] = f"http://{HERE}:8000/graphql",
    panels: Annotated[int | None, typer.Option(min=1, help="How many panels; for ever without it.")] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="Acts a second, at most.")] = 5,
    serve: Annotated[bool, typer.Option("--serve", help="Serve GoodTime's pages, to schedule by hand.")] = False,
    port: PortOption = 8001,
) -> None:
    """Be GoodTime: push, reschedule, cancel and re-send panels over the network, and report what came back."""
    if key is None and not serve:
        raise typer.BadParameter("say the integration's, or paste it into the pages of --serve", param_hint="--key")
    serving.configure()
    if serve:
        listening = serving.bind(HERE, port)
        typer.echo(f"GoodTime's pages (a simulation) are at {serving.address(listening)}/. Ctrl-C ends it.")
        serving.exit_well_at_signals()
        try:
            pages = site.Site(goodtime.normalized(url), serving.address(listening), key, rate)
        except goodtime.Stopped as stopped:
            raise Failure(f"{stopped}.") from None
        uvicorn.Server(site.config(pages)).run(sockets=[listening])
    else:
        raise typer.Exit(goodtime.run(url, key or "", panels=panels, rate=rate))


AccountArgument = Annotated[str, typer.Argument(help="The account's slug.")]
CandidateArgument = Annotated[str, typer.Argument(help="The candidate's id, or external id.")]


@cli.command("erase")
def erase_candidate(account: AccountArgument, candidate: CandidateArgument) -> None:
    """Erase what is personal of a candidate, for good, on behalf of the account's first Super Admin."""
    typer.echo(f"Erased {_of_candidate(lambda: erasure.erase_as_operator(account, candidate))}.")


@exporting.command("candidate")
def export_candidate(account: AccountArgument, candidate: CandidateArgument) -> None:
    """Print all that is stored of a candidate as JSON, for the candidate's own request."""
    rows = _of_candidate(lambda: exports.export_candidate(account, candidate))
    typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())


def _of_candidate(work: Callable[[], Awaitable[T]]) -> T:
    try:
        return _with_database(work)
    except LookupError as unknown:
        raise Failure(str(unknown.args[0])) from None


@cli.command("schema")
def print_schema() -> None:
    """Print the schema in GraphQL's definition language."""
    typer.echo(SCHEMA.as_str())


@cli.command()
def prune() -> None:
    """Drop what is past its retention: old changes, refused pushes, and candidates archived long ago.

    Move what earlier releases stored elsewhere.
    """
    retention = timedelta(days=serving.configure().change_retention_days)
    gone = _with_database(lambda: changes.prune(retention))
    typer.echo(f"Dropped {gone} changes older than {retention.days} days.")
    if forgotten := _with_database(integration_health.prune):
        typer.echo(f"Dropped {forgotten} refused pushes older than {integration_health.RETENTION.days} days.")
    if erased := _with_database(erasure.erase_past_retention):
        typer.echo(f"Erased {erased} candidates who were archived long ago.")
    if forgotten := _with_database(erasure.forget_early_reasons):
        typer.echo(f"Forgot why {forgotten} panels were cancelled that were never pushed.")
    if moved := _with_database(questions.move_into_versions):
        typer.echo(f"Moved the fields of {moved} forms into versions of their templates.")


def _provider_setting(current: settings.Settings) -> str:
    """The variable that says whose tokens are good."""
    return "CALLBOARD_" + next(
        name.upper() for name in ("jwks_url", "oidc_issuer", "jwt_issuer") if getattr(current, name)
    )


def _with_database(work: Callable[[], Awaitable[T]]) -> T:
    """The result of work that needs the database. Raises Failure where it is not migrated."""

    async def run() -> T:
        async with database.connect(serving.configure().database_url):
            if not await database.is_current():
                raise Failure(database.NOT_CURRENT)
            return await work()

    return asyncio.run(run())


def main() -> None:
    """The command line. What a user can cause ends in one line on stderr, never in a traceback."""
    # Not only ours: those of OpenTelemetry count from there too, and whatever else is no part of `Settings`.
    load_dotenv(".env")
    try:
        cli()
    except (settings.BadSetting, Failure) as failure:
        _fail(str(failure))
    except database.UNREACHABLE as error:
        _fail(f"The database at CALLBOARD_DATABASE_URL can't be used: {str(error).partition(os.linesep)[0][:200]}")


def _fail(line: str) -> None:
    print(f"callboard: {line}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
