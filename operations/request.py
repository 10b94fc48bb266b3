"""One GraphQL request, decoded and checked: the same for HTTP, server-sent events and WebSockets."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import orjson

from auth.refusals import Code
from operations.errors import Response, count_refusal

T = TypeVar("T")

#: So much of a path is told: names of members are the client's and may be as long as a body.
_MAX_PATH_CHARACTERS = 500
_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


class RejectedRequest(Exception):
    """Raised for what is not run; `message` says why. `status` and `headers` are for HTTP."""

    def __init__(
        self,
        message: str,
        status: int = 400,
        code: Code = Code.BAD_USER_INPUT,
        headers: dict[str, str] | None = None,
        **extensions: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = headers
        self.extensions = {"code": code, **extensions}

    def answer(self) -> Response:
        """The GraphQL answer that says so. Counts the refusal."""
        return {"errors": count_refusal([{"message": self.message, "extensions": self.extensions}])}


class MalformedRequest(RejectedRequest):
    """Raised for what does not even have the form of a GraphQL request."""


@dataclass(frozen=True)
class Request:
    """A document and what belongs to it. Without `query` it is the document that was sent before with that hash."""

    query: str | None
    variables: dict[str, object] | None = None
    operation_name: str | None = None
    #: The SHA-256 of the document in lower-case hex digits, from clients that send documents only when they have to.
    sha256: str | None = None


def decode_json(text: bytes | str, name: str) -> object:
    """The JSON value of a text, which the error calls by that name. Raises RejectedRequest."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RejectedRequest(f"{name} is not JSON.") from None


def parse_request(body: object) -> Request:
    """The request in a decoded JSON body. Raises MalformedRequest, and RejectedRequest."""
    if isinstance(body, list):
        raise MalformedRequest("Batches are not taken: send one operation a request.")
    if not isinstance(body, dict):
        raise MalformedRequest("A request is a JSON object with a `query`.")
    variables: dict[str, object] | None = _member(body, "variables", dict, "an object")
    operation_name = _member(body, "operationName", str, "a string")
    extensions: dict[str, object] = _member(body, "extensions", dict, "an object") or {}
    persisted_hash = _persisted_hash(extensions)
    query = _member(body, "query", str, "a string")
    _check_query(query, persisted_hash)
    _check_variables(variables)
    return Request(query, variables, operation_name or None, persisted_hash)


def document_hash(query: str) -> str:
    """The SHA-256 by which clients name a document that they have sent once, in lower-case hex digits."""
    return hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest()


def _member(body: dict[str, object], name: str, kind: type[T], kind_name: str) -> T | None:
    value = body.get(name)
    if value is not None and not isinstance(value, kind):
        raise MalformedRequest(f"`{name}` must be {kind_name}.")
    return value


def _persisted_hash(extensions: dict[str, object]) -> str | None:
    """The hash in Apollo's form of automatic persisted queries. Raises RejectedRequest."""
    match extensions.get("persistedQuery"):
        case None:
            return None
        case {"version": 1, "sha256Hash": str(sha256)}:
            return sha256.lower()
    raise RejectedRequest("`extensions.persistedQuery` must be an object with `version` 1 and a `sha256Hash`.")


def _check_query(query: str | None, persisted_hash: str | None) -> None:
    if query is None:
        if persisted_hash is None:
            raise MalformedRequest("`query` must be a string.")
        return
    if persisted_hash is not None and persisted_hash != document_hash(query):
        raise RejectedRequest("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of the `query`.")
    if _NUL.search(query):
        raise RejectedRequest("The document must not contain the character NUL.")


def _check_variables(variables: dict[str, object] | None) -> None:
    """Raises RejectedRequest for a NUL, which no database stores and no text needs, and for values nested too deep."""
    try:
        may_have_nul = b"\\u0000" in orjson.dumps(variables)
    except TypeError:
        raise RejectedRequest("`variables` is nested too deep.", code=Code.LIMIT_EXCEEDED) from None
    if may_have_nul and (path := _path_to_nul(variables)) is not None:
        name = ".".join(["variables", *path])[:_MAX_PATH_CHARACTERS]
        raise RejectedRequest(f"`{name}` must not contain the character NUL.")


def _path_to_nul(value: object) -> list[str] | None:
    """Where the first text with a NUL is. The path is made only once one is known: a body may have many elements."""
    if isinstance(value, str):
        return [] if "\x00" in value else None
    if isinstance(value, dict):
        if any("\x00" in name for name in value):
            return []
        members: Iterable[tuple[object, object]] = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return None
    for name, member in members:
        path = _path_to_nul(member)
        if path is not None:
            return [str(name), *path]
    return None
