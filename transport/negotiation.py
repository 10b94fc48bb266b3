"""Which media type a response has, by the client's `Accept` header."""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"

_MAX_CHARACTERS = 1_000


@dataclass(frozen=True)
class Negotiated:
    """What a client accepts."""

    #: The media type of a single answer.
    media_type: str
    accepts_stream: bool
    accepts_only_stream: bool


def negotiate(accept: str) -> Negotiated | None:
    """What the client accepts by this `Accept` value, in its order of preference; None where we have none of it.

    A longer value than any client's is not read: it accepts anything.
    """
    return _negotiate(accept if len(accept) <= _MAX_CHARACTERS else "*/*")


@lru_cache(maxsize=32)
def _negotiate(accept: str) -> Negotiated | None:
    preferences = {}
    for offered in (GRAPHQL_JSON, JSON, EVENT_STREAM):
        if (preference := _preference(accept, offered)) is not None:
            preferences[offered] = preference
    accepted = sorted(preferences, key=lambda offered: preferences[offered], reverse=True)
    if not accepted:
        return None
    single = next((offered for offered in accepted if offered != EVENT_STREAM), JSON)
    return Negotiated(single, EVENT_STREAM in accepted, accepted == [EVENT_STREAM])


def _preference(accept: str, offered: str) -> tuple[float, bool, bool] | None:
    """How much a media type of ours is preferred, as a value to compare; None where it is not accepted."""
    # A client that accepts anything waits for an answer that ends: a stream has to be asked for by its name.
    covering = [offered] if offered == EVENT_STREAM else [offered, "application/*", "*/*"]
    ranges = [(media_range, weight) for media_range, weight in _media_ranges(accept) if media_range in covering]
    # The most specific range counts, whatever its weight.
    media_range, weight = min(ranges, key=lambda each: covering.index(each[0]), default=("", 0.0))
    if weight <= 0:
        return None
    # A client that accepts anything gets plain JSON; a client that names the newer media type knows it.
    is_named = media_range == offered
    return weight, is_named, offered == (GRAPHQL_JSON if is_named else JSON)


def _media_ranges(accept: str) -> list[tuple[str, float]]:
    """The media ranges of an `Accept` value, each with its weight."""
    ranges = []
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                with suppress(ValueError):
                    weight = float(parameter[2:])
        ranges.append((media_range, weight))
    return ranges
