"""How many made-up cases a test tries: a fixed number in `make test`, CALLBOARD_TEST_TIMES times as many at night."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("CALLBOARD_TEST_TIMES", "1"))


def examples(count: int) -> settings:
    """Settings of hypothesis for so many examples: no deadline for one, since it asks a server, and none remembered."""
    return settings(max_examples=count * TIMES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
