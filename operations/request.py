"""One GraphQL request, read with care: the same for every way in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from auth.refusals import Code
from operations import documents
from operations.errors import refused

_PARTS = ("query", "variables", "operationName", "extensions")

_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


class Malformed(Exception):
    """What was sent is no GraphQL request: the text says why, the status and the headers are HTTP's."""

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

    def payload(self) -> dict[str, Any]:
        """As a GraphQL answer."""
        return {"errors": refused([{"message": self.message, "extensions": self.extensions}])}


class NoRequest(Malformed):
    """What was sent has not even the form of a GraphQL request."""


@dataclass(frozen=True)
class Request:
    """A document and what belongs to it."""

    #: None: the document that was sent before, and is now only named by its hash.
    query: str | None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    #: The SHA-256 of the document, in lower-case hex digits, of a client that sends it only when it has to.
    sha256: str | None = None

    @classmethod
    def of(cls, its: object) -> "Request":
        """The request in a decoded JSON body. Raises Malformed."""
        if isinstance(its, list):
            raise NoRequest("Batches are not taken: send one operation a request.")
        if not isinstance(its, dict):
            raise NoRequest("A request is a JSON object with a `query`.")
        query, variables, name, extensions = (its.get(each) for each in _PARTS)
        if not isinstance(variables, dict | None):
            raise NoRequest("`variables` must be an object.")
        if not isinstance(name, str | None):
            raise NoRequest("`operationName` must be a string.")
        if not isinstance(extensions, dict | None):
            raise NoRequest("`extensions` must be an object.")
        sha256 = _sha256_of(extensions or {})
        if not isinstance(query, str) and (query is not None or sha256 is None):
            raise NoRequest("`query` must be a string.")
        if query is not None and sha256 is not None and sha256 != documents.sha256(query):
            raise Malformed("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of the `query`.")
        if query is not None and _NUL.search(query):
            raise Malformed("The document must not contain the character NUL.")
        _check(variables)
        return cls(query, variables, name or None, sha256)

    @property
    def text(self) -> str:
        """The document. Raises Invalid where only its hash was sent, and nobody has sent it here before."""
        return self.query if self.query is not None else documents.persisted(str(self.sha256))


def _sha256_of(extensions: dict[str, Any]) -> str | None:
    """The hash in Apollo's form of automatic persisted queries. Raises Malformed."""
    match extensions.get("persistedQuery"):
        case None:
            return None
        case {"version": 1, "sha256Hash": str(sha256)}:
            return sha256.lower()
    raise Malformed("`extensions.persistedQuery` must be an object with `version` 1 and a `sha256Hash`.")


def decoded(text: bytes | str, its_name: str) -> object:
    """The JSON value of a text. Raises Malformed."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed(f"{its_name} is not JSON.") from None


def _check(variables: dict[str, Any] | None) -> None:
    """Raises Malformed where a NUL stands, which no database takes and no text needs, or where nobody can look."""
    try:
        suspicious = b"\\u0000" in orjson.dumps(variables)
    except TypeError:
        raise Malformed("`variables` is nested too deep.", code=Code.LIMIT_EXCEEDED) from None
    if suspicious and (path := next(_with_nul(variables, "variables"), None)) is not None:
        raise Malformed(f"`{path}` must not contain the character NUL.")


def _with_nul(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str) and "\x00" in value:
        yield path
    elif isinstance(value, dict):
        for name, its in value.items():
            yield from _with_nul(name, path)
            yield from _with_nul(its, f"{path}.{name}")
    elif isinstance(value, list):
        for place, its in enumerate(value):
            yield from _with_nul(its, f"{path}.{place}")
