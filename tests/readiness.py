"""What /readyz says, a write through the API, and a disk that can be full."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Process, http_client, until

_SWITCH = "mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) { errors { code } } }"


async def status(process: Process) -> str:
    """What /readyz says."""
    async with http_client(timeout=30) as client:
        answer = await client.get(f"{process.address}/readyz")
    assert answer.is_success == (answer.json()["status"] == "ready")
    return str(answer.json()["status"])


async def becomes(process: Process, text: str) -> str:
    """What /readyz says as soon as that is a part of it."""

    async def says() -> str | None:
        said_now = await status(process)
        return said_now if text in said_now else None

    return str(await until(says))


async def write(process: Process, token: str, on: bool = True) -> str:
    """The code of a mutation's error, or OK. Fails where it hangs."""
    async with http_client(timeout=12) as client:
        body, headers = {"query": _SWITCH, "variables": {"on": on}}, {"authorization": f"Bearer {token}"}
        answer = (await client.post(process.graphql, json=body, headers=headers)).json()
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "OK"


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of that size. Skips the test where this user may not mount one."""
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        # Even where everything must be tested: many containers may not.
        pytest.skip("this user may not mount a small file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """No room is left on the file system while the block runs."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 65_536)
    try:
        yield
    finally:
        filler.unlink()
