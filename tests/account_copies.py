"""Copies of a template account: made once through the rules, then inserted again as rows with ids of their own."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tortoise import connections
from tortoise.models import Model
from tortoise.transactions import in_transaction

import models
from auth import keys

#: What an account consists of before a test begins: whatever a row points at comes before it.
_COPIED: tuple[type[Model], ...] = (
    models.Account,
    models.User,
    models.Stage,
    models.Posting,
    models.Candidate,
    models.CandidateEmail,
    models.Follower,
    models.FeedbackTemplate,
    models.TemplateVersion,
    models.Integration,
    models.ApiKey,
    models.AuditEvent,
)
#: How the rows of a table that does not name the account point at one that does.
_THROUGH = {models.Follower: ("candidate_id", "candidate")}
_ALL = {model for model in vars(models).values() if isinstance(model, type) and issubclass(model, Model)}
_OF_ACCOUNT = {model for model in _ALL if "account" in model._meta.fields_map}
#: A prefixed ULID: ten characters of time, sixteen of chance that count up within a millisecond. Or the id of a version
#: or of a field, which are hexadecimal.
_ID = re.compile(
    r"\b(?P<time>[a-z]{3}_[0-9a-z]{10})[0-9a-z]{10}(?P<count>[0-9a-z]{6})\b|\btpv_[0-9a-f]{32}\b|\bfld_[0-9a-f]{16}\b"
)


@dataclass(frozen=True)
class AccountTemplate:
    """The rows of one account by table, and the texts in them that every copy has for itself."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    slug: str
    api_key: keys.Key

    @classmethod
    async def read(cls, account: models.Account, secret: str) -> "AccountTemplate":
        """Read an account whose one API key has that secret. Fails where a table that is not copied has rows of it."""
        for model in _OF_ACCOUNT.difference(_COPIED):
            assert not await _rows_of(model, account.id), f"{model.__name__} belongs into the list of what is copied"
        rows = {model._meta.db_table: await _rows_of(model, account.id) for model in _COPIED}
        # Of the copies alone: a process takes a log that has gone back for a backup that was restored.
        rows["account"] = [{**row, "position": 0} for row in rows["account"]]
        [stored] = rows["api_key"]
        return cls(rows, account.slug, keys.Key(secret, stored["public_prefix"], stored["digest"]))

    async def copy(self, slug: str) -> "AccountCopy":
        """Insert the rows once more, in one transaction, as the account of that slug with an API key of its own."""
        copy = AccountCopy(self, slug, secrets.token_hex(5), keys.make())
        async with in_transaction() as connection:
            numbered = connection.capabilities.dialect == "postgres"
            for table, rows in self.rows.items():
                values = [copy.of(value) for row in rows for value in row.values()]
                await connection.execute_query(_insert(table, rows, numbered), values)
        return copy


@dataclass(frozen=True)
class AccountCopy:
    """What differs from the template."""

    template: AccountTemplate
    slug: str
    #: Ten characters in every id of this copy.
    token: str
    api_key: keys.Key
    #: The ids of the versions of templates, which follow from what these ask, by those in the template account.
    version_ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.template.rows["feedback_template"]:
            account_id, id, instructions, fields = map(
                self.of, (row["account_id"], row["id"], row["instructions"], row["fields"])
            )
            version = models.TemplateVersion.of(account_id, id, instructions, json.loads(fields))
            self.version_ids[row["stored_version_id"]] = version.id

    def of(self, value: Any) -> Any:
        """The copy's value of a column: ids keep their order."""
        if not isinstance(value, str):
            return value
        for old, new in (
            (self.template.slug, self.slug),
            (self.template.api_key.prefix, self.api_key.prefix),
            (self.template.api_key.digest, self.api_key.digest),
        ):
            value = value.replace(old, new)
        return _ID.sub(self._id, value)

    def _id(self, match: re.Match[str]) -> str:
        if match["time"]:
            return f"{match['time']}{self.token}{match['count']}"
        if match[0].startswith("tpv_"):
            return self.version_ids[match[0]]
        return f"fld_{hashlib.sha256(f'{match[0]} {self.token}'.encode()).hexdigest()[:16]}"


async def _rows_of(model: type[Model], account_id: str) -> list[dict[str, Any]]:
    connection = connections.get("default")
    place = "$1" if connection.capabilities.dialect == "postgres" else "?"
    if model is models.Account:
        where = f"id = {place}"
    elif model in _OF_ACCOUNT:
        where = f"account_id = {place}"
    else:
        column, table = _THROUGH[model]
        where = f"{column} IN (SELECT id FROM {table} WHERE account_id = {place})"
    statement = f'SELECT * FROM "{model._meta.db_table}" WHERE {where} ORDER BY id'
    rows = await connection.execute_query_dict(statement, [account_id])
    return rows


def _insert(table: str, rows: Sequence[Mapping[str, Any]], numbered: bool) -> str:
    width = len(rows[0])
    groups = [range(start, start + width) for start in range(1, width * len(rows), width)]
    values = ", ".join(f"({', '.join(f'${place}' if numbered else '?' for place in group)})" for group in groups)
    columns = ", ".join(f'"{column}"' for column in rows[0])
    return f'INSERT INTO "{table}" ({columns}) VALUES {values}'
