"""Answers as JSON, within the bytes that an answer may have."""

import orjson

from operations.errors import Response
from work import AnswerTooLong, Work


def encode_response(response: Response, work: Work) -> bytes:
    """The answer as JSON. Raises AnswerTooLong.

    What would be much too long never gets here: characters are counted while the answer is put together.
    """
    payload = orjson.dumps(response)
    if len(payload) > work.most_bytes:
        raise AnswerTooLong(work.most_bytes)
    return payload
