"""What one application keeps while it serves: made once, entered with its lifespan, reached through the request."""

from dataclasses import dataclass, field
from typing import cast

from starlette.types import Scope

import settings
from operations.serve import Engine


@dataclass(frozen=True)
class Process:
    """The parts of one application in one process."""

    engine: Engine = field(default_factory=lambda: Engine(settings.current().redis_url))


def process_of(scope: Scope) -> Process:
    """The process that serves the request."""
    return cast(Process, scope["process"])
