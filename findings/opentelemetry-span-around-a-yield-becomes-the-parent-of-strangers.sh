#!/usr/bin/env bash
# An OpenTelemetry span held around a yield in a subscription becomes the parent of whatever its reader does next,
# and can't be detached when the stream is closed elsewhere.
#
# Packages: opentelemetry-sdk==1.45.2 (Python 3.11)
# Date: 2026-11-30
# One would guess: `with tracer.start_as_current_span(…)` inside an async generator is current inside the generator:
#   its context is its own, like its local variables.
# What happens: An async generator runs in its reader's context: between two events the span is current for the
#   reader, and unrelated spans get it as their parent. Where another task closes the generator (a disconnect), the
#   token belongs to another context: `Failed to detach context` with a traceback in the log.
# Why the guess is a good one: OpenTelemetry's specification, context: a context is attached for an execution unit
#   and detached in it; Python's `with` promises that what it enters it leaves. (PEP 568, generator-sensitivity for
#   context variables, was deferred.)
# What it means for a GraphQL service: Traces of subscriptions show database spans of other operations below the
#   subscription, and each disconnect writes an error. Start the span without making it current (start_span and
#   end()), or one span for each event.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  opentelemetry-sdk==1.45.2

cat >probe.py <<'EOF'
import asyncio
import logging

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

tracer = TracerProvider().get_tracer("service")


class Show(logging.Handler):
    def emit(self, record):
        error = f" ({type(record.exc_info[1]).__name__})" if record.exc_info else ""
        print(f"log {record.levelname}: {record.getMessage()}{error}")


logging.getLogger("opentelemetry").addHandler(Show())
logging.getLogger("opentelemetry").propagate = False


async def subscription():
    with tracer.start_as_current_span("subscription"):
        for tick in range(3):
            yield tick


async def first_event(events):
    await anext(events)


async def main():
    events = subscription()
    await anext(events)
    with tracer.start_as_current_span("the reader's own work") as span:
        parent = "none" if span.parent is None else "the subscription"
        print("parent of the reader's own work:", parent)
    print("closed by the task that read:")
    await events.aclose()
    print("current span now:", "none" if not trace.get_current_span().get_span_context().is_valid else "still the subscription")

    events = subscription()
    await asyncio.create_task(first_event(events))
    print("closed by another task:")
    await asyncio.create_task(events.aclose())


asyncio.run(main())
EOF

cat >expected <<'EOF'
parent of the reader's own work: the subscription
closed by the task that read:
current span now: none
closed by another task:
log ERROR: Failed to detach context (ValueError)
EOF

timeout 300 venv/bin/python probe.py >seen 2>errors || { cat seen errors; echo "CHANGED: the probe itself failed"; exit 1; }
cat seen
diff expected seen || { echo "CHANGED: spans around a yield behave differently from what was recorded"; exit 1; }
echo "As recorded: the span leaks to the reader, and detaching fails in another task."
