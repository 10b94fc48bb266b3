"""API keys: how one is made, recognised and compared. Of a key only the hash and the public prefix are ever stored."""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

BEGINNING = "cb_live_"

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ENTROPY_BYTES = 32
_ENTROPY_WIDTH = 43  # 62 ** 43 > 256 ** 32
_CHECKSUM_WIDTH = 6  # 62 ** 6 > 2 ** 32
_PREFIX_WIDTH = 12
_SHAPE = re.compile(rf"{BEGINNING}[0-9A-Za-z]{{{_ENTROPY_WIDTH + _CHECKSUM_WIDTH}}}")


@dataclass(frozen=True)
class Key:
    """A key just made: `secret` is shown once, `prefix` and `digest` are stored."""

    secret: str = field(repr=False)
    prefix: str
    digest: str


def make() -> Key:
    """A new key of 256 random bits."""
    body = BEGINNING + _base62(secrets.randbits(8 * _ENTROPY_BYTES), _ENTROPY_WIDTH)
    secret = body + _checksum(body)
    return Key(secret, secret[:_PREFIX_WIDTH], digest(secret))


def well_formed(text: str) -> bool:
    """Whether the text has a key's shape and checksum: what has not is refused without asking the database."""
    body, checksum = text[:-_CHECKSUM_WIDTH], text[-_CHECKSUM_WIDTH:]
    return _SHAPE.fullmatch(text) is not None and _checksum(body) == checksum


def digest(secret: str) -> str:
    """SHA-256 of a well-formed key, 64 hex digits. A key is random, so it needs neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(digest: str, other: str) -> bool:
    """Whether two digests are equal, in constant time."""
    return hmac.compare_digest(digest, other)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_WIDTH)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
