"""Answers as JSON, within the bytes that an answer may have."""

import orjson

import settings
from auth.refusals import Code
from operations.errors import Response, count_refusal


def encode_response(response: Response) -> bytes:
    """The answer as JSON; where that would be too long, an answer that says so. What a mutation has done stays done."""
    payload, most = orjson.dumps(response), settings.current().max_response_bytes
    if len(payload) <= most:
        return payload
    message = f"The answer takes {len(payload):,} bytes, and at most {most:,} are sent: ask for less at a time."
    extensions = {"code": Code.LIMIT_EXCEEDED, "limit": most, "bytes": len(payload)}
    return orjson.dumps({"data": None, "errors": count_refusal([{"message": message, "extensions": extensions}])})
