"""The contenders beside ours, each the way a careful user of its stack would write it. What all of them are told."""

import os
from typing import Any

DATABASE_URL = os.environ.get("BENCH_DATABASE_URL", "")
ACCOUNT = os.environ.get("BENCH_ACCOUNT", "")
INTEGRATION = os.environ.get("BENCH_INTEGRATION", "")
#: The beginning of feedback links.
FEEDBACK = "http://127.0.0.1:8000/feedback/"


def listening() -> dict[str, Any]:
    """How uvicorn serves every contender in Python: as our own server does."""
    return {
        "host": "127.0.0.1",
        "port": int(os.environ["BENCH_PORT"]),
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "ws_per_message_deflate": False,
    }
