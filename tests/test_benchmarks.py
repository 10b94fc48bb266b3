"""The benchmarks run, and their contenders answer alike: over little data, and with the figures left unread."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ON_POSTGRES, POSTGRES

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.skipif(not ON_POSTGRES, reason="the benchmarks' data is made in PostgreSQL")


@pytest.mark.parametrize(
    ("benchmark", "row"),
    [
        ("profile", "Strawberry + Tortoise, DataLoaders"),
        ("push", "Starlette + asyncpg, by hand"),
        ("fanout", "uvicorn, one encoded message"),
        ("growth", "panels, page 10"),
    ],
)
async def test_a_benchmark_prints_its_table(benchmark: str, row: str) -> None:
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", f"benchmarks.{benchmark}", "--quick"],
        cwd=ROOT,
        env={**os.environ, "CALLBOARD_BENCH_POSTGRES": POSTGRES},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert f"| {row} |" in ran.stdout
