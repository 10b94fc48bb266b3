"""What the claims of a good token say: who, in which account, until when. Each provider has other names for that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import clock
from auth.refusals import Reason

LEEWAY = timedelta(seconds=30)

_LONGEST_CLAIM = 500
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
#: How providers write that something is not so: Entra ID's `xms_edov` may be a number or a text.
_UNVERIFIED = (False, "false", "False", 0, "0")


class InvalidToken(Exception):
    """The token is not good. The log learns the reason and details, and nobody outside learns why."""

    def __init__(self, reason: Reason, **details: object) -> None:
        super().__init__()
        self.reason = reason
        self.details = details


@dataclass(frozen=True)
class ClaimNames:
    """Which claims name the user and the account, or which account all tokens are for."""

    email: str = "email"
    account: str = "account"
    #: The slug of the account that every token is for; then no claim is asked.
    fixed_account: str | None = None
    #: The slugs by the claim's value, such as a tenant's id; None: the value is the slug.
    accounts: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Claims:
    """The claims of a good token. `expires_at` is the first instant at which it is refused, leeway included."""

    email: str
    account: str
    expires_at: datetime
    #: All that the token says.
    payload: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


def read_claims(payload: Mapping[str, object], names: ClaimNames) -> Claims:
    """What a payload says whose signature, issuer and audience are good. Raises InvalidToken."""
    now, expires_at = clock.now(), _instant(payload, "exp") + LEEWAY
    if now >= expires_at:
        raise InvalidToken(Reason.EXPIRED)
    if any(now + LEEWAY < _instant(payload, name) for name in ("nbf", "iat") if name in payload):
        raise InvalidToken(Reason.NOT_YET_VALID)
    return Claims(_email(payload, names), _account(payload, names), expires_at, payload)


def _email(payload: Mapping[str, object], names: ClaimNames) -> str:
    """The user's email. Anybody may sign up at a provider with an address that is not theirs.

    `email_verified` is OpenID Connect's (Core, 5.1), beside a claim with a namespace it has one too; `xms_edov` is
    Entra ID's.
    """
    email = _text(payload, names.email, Reason.NO_EMAIL)
    verdicts = [payload.get(name, True) for name in ("email_verified", f"{names.email}_verified", "xms_edov")]
    if any(verdict in _UNVERIFIED for verdict in verdicts):
        raise InvalidToken(Reason.UNVERIFIED_EMAIL)
    return email


def _account(payload: Mapping[str, object], names: ClaimNames) -> str:
    if names.fixed_account is not None:
        return names.fixed_account
    value = _text(payload, names.account, Reason.NO_ACCOUNT)
    if names.accounts is None:
        return value
    if value not in names.accounts:
        raise InvalidToken(Reason.UNKNOWN_TENANT, tenant=value)
    return names.accounts[value]


def _text(payload: Mapping[str, object], name: str, reason: Reason) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_CLAIM or not value.isprintable():
        raise InvalidToken(reason, claim=name)
    return value


def _instant(payload: Mapping[str, object], name: str) -> datetime:
    value = payload.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _END_OF_TIME:
        raise InvalidToken(Reason.MALFORMED, claim=name)
    return datetime.fromtimestamp(value, UTC)
