"""What makes a text acceptable, as an error at its path for all that is wrong; and types of texts that are checked."""

import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from typing import NewType
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import available_timezones

from models import email_key
from resolvers.errors import ErrorCode, Path, UserError, error

URL = NewType("URL", str)
TimeZone = NewType("TimeZone", str)

#: Longest texts, in characters (docs/rules.md, Limits).
NAME, PROSE, LINK = 500, 20_000, 2_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
_HIDING = re.compile(rf"\s|{_CONTROL.pattern}|[\\\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_IN_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PORTS = {"http": 80, "https": 443}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_ESCAPE = re.compile(rf"%([0-9A-Fa-f]{{2}})|{_NOT_ASCII.pattern}")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_EMAIL = re.compile(r"[^\s@<>\"(),:;\[\]\\]+@[^\s@<>\"(),:;\[\]\\]+\.[^\s@<>\"(),:;\[\]\\]+")


def is_url(text: str) -> bool:
    """Whether it is an absolute http or https URL of at most 2,000 characters that shows where it leads.

    Blanks, control characters, backslashes, user info and bidirectional controls would hide that.
    """
    if len(text) > LINK or _HIDING.search(text):
        return False
    try:
        parts = urlsplit(text)
        is_plain = bool(parts.hostname) and "@" not in parts.netloc and (parts.port or 0) >= 0
        return parts.scheme in ("http", "https") and is_plain and len(plain_url(text)) <= LINK
    except ValueError:
        return False


def plain_url(url: str) -> str:
    """The URL in the one spelling of its kind (RFC 3986, 6.2.2 and 6.2.3), as it is compared and stored.

    Scheme and host in lower case, without the scheme's own port, a path, no letter or digit written as a code, and
    behind the host every letter that is not ASCII as the codes of its bytes in UTF-8 (RFC 3987, 3.1).
    """
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    has_port = parts.port is not None and parts.port != _PORTS[parts.scheme]
    address = f"{host}:{parts.port}" if has_port else host
    path, query = (_ESCAPE.sub(_plain_escape, text) for text in (parts.path or "/", parts.query))
    return urlunsplit((parts.scheme, address, path, query, _NOT_ASCII.sub(_plain_escape, parts.fragment)))


def _plain_escape(escape: re.Match[str]) -> str:
    if escape.lastindex is None:
        return quote(escape[0])
    letter = chr(int(escape[1], 16))
    return letter if letter in _UNRESERVED else escape[0].upper()


def plain_text(text: str | None) -> str | None:
    """The text in the one spelling in which it is compared and stored; None where nothing is left of it.

    Without blanks around it, with line feeds as line ends, and with composed letters (Unicode's NFC).
    """
    if text is None:
        return None
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").strip()) or None


def is_timezone(text: str) -> bool:
    """Whether it is an IANA time zone name, such as America/New_York."""
    return text in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory", "localtime"})


def is_slug(text: str) -> bool:
    """Whether it can name an account: 1 to 100 small letters, digits and hyphens, as in a host name."""
    return re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?", text) is not None


def name_faults(text: str | None, path: Path, *, required: bool = True) -> Iterator[UserError]:
    """What is wrong with an id, a name or another text of one line; None is fine where the text is optional."""
    if text is None:
        return
    if required and not text.strip():
        yield error(ErrorCode.INVALID, "It must not be empty.", path)
    else:
        yield from line_faults(text, path, NAME)


def line_faults(text: str, path: Path, most: int = PROSE) -> Iterator[UserError]:
    """What is wrong with a text of one line, such as a short answer."""
    if len(text) > most:
        yield error(ErrorCode.INVALID, f"It is longer than {most:,} characters.", path)
    elif _CONTROL.search(text):
        yield error(ErrorCode.INVALID, "It must not contain control characters.", path)


def prose_faults(text: str | None, path: Path) -> Iterator[UserError]:
    """What is wrong with a note or an answer: line ends and tabs are fine in it."""
    if text is None:
        return
    if len(text) > PROSE:
        yield error(ErrorCode.INVALID, f"It is longer than {PROSE:,} characters.", path)
    elif _CONTROL_IN_PROSE.search(text):
        yield error(ErrorCode.INVALID, "It must not contain control characters but line ends and tabs.", path)


def email_faults(text: str, path: Path) -> Iterator[UserError]:
    """What is wrong with an email address. Both spellings count: in lower case some letters become two."""
    if max(len(text), len(email_key(text))) > NAME or not _EMAIL.fullmatch(text.strip()) or _CONTROL.search(text):
        yield error(ErrorCode.INVALID, f"It is not an email address of at most {NAME} characters.", path)


def sequence_faults(sequence: int | None) -> Iterator[UserError]:
    """What is wrong with a revision: it counts up from 0."""
    if sequence is not None and sequence < 0:
        yield error(ErrorCode.INVALID, "It counts up from 0.", ("input", "sequence"))


def byte_faults(size: int, most: int, what: str, remedy: str, path: Path) -> Iterator[UserError]:
    """What is wrong with the bytes that something takes as a whole; `remedy` says what to do instead."""
    if size > most:
        yield error(ErrorCode.INVALID, f"{what} takes {size:,} bytes, and at most {most:,} are stored: {remedy}.", path)


def text_bytes(value: object) -> int:
    """The bytes of all texts within a value: a text, or dictionaries, lists and dataclasses of them."""
    size, parts = 0, [value]
    for part in parts:
        if isinstance(part, str):
            size += len(part) if part.isascii() else len(part.encode(errors="surrogatepass"))
        elif isinstance(part, list | tuple):
            parts.extend(part)
        elif isinstance(part, dict):
            parts.extend(part.values())
        elif part is not None and is_dataclass(part):
            parts.extend(vars(part).values())
    return size
