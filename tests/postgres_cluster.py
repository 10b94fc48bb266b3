"""A PostgreSQL of the tests' own, on free ports, which they may stop, fill up, replicate and promote.

It knows passwords and TLS, writes no disk but memory, and is started once for all tests that want one.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg

import clock
from tests.processes import missing, until

_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
port = {port}
ssl = on
ssl_cert_file = '{folder}/server.pem'
ssl_key_file = '{folder}/server.key'
fsync = off
full_page_writes = off
wal_level = replica
max_wal_size = '48MB'
min_wal_size = '32MB'
shared_buffers = '16MB'
max_connections = 60
hot_standby = on
logging_collector = off
"""
_ACCESS = """
local all,replication all trust
host all owner,server 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
PASSWORD = "a password: with / and @"


def program(name: str) -> str:
    """Where a program of PostgreSQL's server is: Debian has it outside of PATH. Skips the test where it is not."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*"), key=lambda path: float(path.name), reverse=True)
    folders = os.pathsep.join([*(f"{version}/bin" for version in versions), os.environ["PATH"]])
    path = shutil.which(name, path=folders)
    if path is None:
        missing(f"{name} of PostgreSQL's server")
    return str(path)


def as_nobody_special(*command: str) -> list[str]:
    """A command that PostgreSQL refuses to root."""
    return (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        if os.getuid() == 0
        else [*command]
    )


@dataclass
class Cluster:
    """One server: a primary, or a standby of one."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, name: str, user: str = "postgres", **parameters: str) -> str:
        """The URL of a database there."""
        query = "&".join(f"{key}={value}" for key, value in parameters.items())
        return f"postgres://{user}@{self.address}/{name}{'?' if query else ''}{query}"

    async def run(self, statement: str, database: str = "postgres") -> list[asyncpg.Record]:
        """The rows of a statement by a superuser."""
        connection = await asyncpg.connect(host=str(self.folder), port=self.port, user="postgres", database=database)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    async def start(self) -> None:
        command = [program("postgres"), "-D", str(self.folder / "data")]
        with (self.folder / "log").open("a") as log:
            self.process = await asyncio.create_subprocess_exec(
                *as_nobody_special(*command), stdout=log, stderr=log, start_new_session=True
            )
        await until(self._answers)

    async def _answers(self) -> bool:
        assert self.process.returncode is None, (self.folder / "log").read_text()[-1_000:]
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            return bool(await self.run("SELECT 1"))
        return False

    async def stop(self, with_signal: int = signal.SIGQUIT) -> None:
        """Stop it; by default at once, as a crash would."""
        if self.process.returncode is None:
            self.process.send_signal(with_signal)
            await self.process.wait()

    @contextlib.asynccontextmanager
    async def standby(self, port: int = 0) -> AsyncIterator["Cluster"]:
        """A server that replicates this one, on that port where one is named."""
        async with _folder(self.folder.parent) as folder:
            made = Cluster(folder, port or free_port())
            copy = ["-D", f"{folder}/data", "-d", f"host={self.folder} port={self.port} user=postgres", "-c", "fast"]
            await run_program(program("pg_basebackup"), *copy, "--no-sync", "-R")
            _configure(made)
            await made.start()
            try:
                yield made
            finally:
                await made.stop()

    async def promote(self) -> None:
        """Make a standby the primary."""
        await self.run("SELECT pg_promote()")


@contextlib.asynccontextmanager
async def cluster(parent: Path | None = None) -> AsyncIterator[Cluster]:
    """A server with the roles `owner` and `server`, who sign in by a password."""
    initdb = program("initdb")
    async with _folder(parent) as folder:
        made = Cluster(folder, free_port())
        await run_program(
            initdb,
            *("-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"),
            *("--wal-segsize=1", "--locale=C.UTF-8"),
        )
        _configure(made)
        await made.start()
        try:
            for role in ("owner", "server"):
                await made.run(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
            yield made
        finally:
            await made.stop()


@contextlib.asynccontextmanager
async def _folder(parent: Path | None) -> AsyncIterator[Path]:
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="callboard-postgres-", dir=parent or in_memory) as name:
        if os.getuid() == 0:
            shutil.chown(name, "postgres")
        yield Path(name)


def _configure(made: Cluster) -> None:
    folder, data = made.folder, made.folder / "data"
    with (data / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(_CONFIGURATION.format(folder=folder, port=made.port))
    (data / "pg_hba.conf").write_text(_ACCESS)
    _write_certificate(folder)


def _write_certificate(folder: Path) -> None:
    """A certificate for this machine that signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
    )
    now = clock.now()
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=9)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(private)
    for file in (folder / "server.pem", folder / "server.key"):
        file.chmod(0o600 if file.suffix == ".key" else 0o644)
        if os.getuid() == 0:
            shutil.chown(file, "postgres")


async def run_program(*command: str) -> None:
    """Run one of PostgreSQL's programs to its end. Fails where it does."""
    process = await asyncio.create_subprocess_exec(
        *as_nobody_special(*command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
