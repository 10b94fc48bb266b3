"""Every setting, read once from the environment or `.env`. A bad value stops the start with one line that names it."""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import postgres_url

#: The hosts that are this machine.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

#: What may stand in a file of its own.
_SECRETS = ("database_url", "database_pooler_url", "redis_url", "jwt_secret", "oidc_client_secret")


class BadSetting(Exception):
    """A setting that can't be used; the text is the one line to show, without the value of any secret."""


class Settings(BaseSettings):
    """`CALLBOARD_` and the field's name in capitals is the variable; the README's table has the same in prose."""

    model_config = SettingsConfigDict(
        env_prefix="CALLBOARD_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: str = "sqlite://var/callboard.db"
    database_pooler_url: str | None = None
    database_connections: int = Field(default=10, ge=1)
    redis_url: str | None = None
    jwt_secret: SecretStr | None = None
    jwks_url: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_email_claim: str = "email"
    jwt_account_claim: str = "account"
    jwt_account: str | None = None
    jwt_accounts: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scope: str | None = None
    oidc_parameters: str | None = None
    public_url: str = "http://127.0.0.1:8000"
    goodtime_url: str = "https://app.goodtime.example"
    allowed_origins: str = ""
    allowed_headers: str = ""
    introspection: Literal["on", "off"] = "on"
    rate_limit: Literal["on", "off"] = "on"
    candidate_retention_days: int | None = Field(default=None, ge=1)
    change_retention_days: int = Field(default=30, ge=1)
    drain_seconds: float = Field(default=0, ge=0)
    forwarded_allow_ips: str | None = None
    metrics_address: str | None = None
    log_format: Literal["console", "json"] | None = None
    log_level: Literal["info", "warning", "error"] = "info"

    max_body_bytes: int = Field(default=1_000_000, ge=1_000)
    max_characters: int = Field(default=100_000, ge=1_000)
    max_tokens: int = Field(default=2_000, ge=100)
    max_operations: int = Field(default=50, ge=1)
    max_depth: int = Field(default=15, ge=3)
    max_root_fields: int = Field(default=20, ge=1)
    max_aliases: int = Field(default=30, ge=1)
    max_directives: int = Field(default=50, ge=1)
    max_merges: int = Field(default=500, ge=1)
    max_cost: int = Field(default=10_000, ge=100)
    max_work: int = Field(default=40_000, ge=100)
    document_cache_bytes: int = Field(default=32 * 1024 * 1024, ge=1_048_576)
    max_page: int = Field(default=100, ge=1)
    max_changes_page: int = Field(default=500, ge=1)
    max_push_bytes: int = Field(default=524_288, ge=1_024)
    max_panel_bytes: int = Field(default=2_097_152, ge=4_096)
    max_template_bytes: int = Field(default=65_536, ge=1_024)
    max_form_bytes: int = Field(default=262_144, ge=1_024)
    max_answer_bytes: int = Field(default=81_920, ge=1_024)
    max_candidate_bytes: int = Field(default=65_536, ge=1_024)
    max_response_bytes: int = Field(default=16_777_216, ge=65_536)
    max_sync_rows: int = Field(default=500, ge=1)
    key_cost_per_minute: int = Field(default=2_000_000, ge=1)
    user_cost_per_minute: int = Field(default=600_000, ge=1)
    address_cost_per_minute: int = Field(default=60_000, ge=1)
    failed_sign_ins_per_minute: int = Field(default=100, ge=1)
    requests_per_account: int = Field(default=16, ge=1)
    request_seconds: float = Field(default=10, gt=0)
    websocket_message_bytes: int = Field(default=256 * 1024, ge=1_024)
    websocket_init_seconds: float = Field(default=5, gt=0)
    subscriptions_per_connection: int = Field(default=100, ge=1)
    connections_per_user: int = Field(default=20, ge=1)
    subscriber_buffer: int = Field(default=1_000, ge=1)
    send_seconds: float = Field(default=10, gt=0)
    keep_alive_seconds: float = Field(default=20, gt=0)

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        if url.startswith("sqlite://"):
            if not url.removeprefix("sqlite://").partition("?")[0].strip("/"):
                raise ValueError("must name a file, as in sqlite://var/callboard.db")
        elif url.partition("://")[0] not in postgres_url.SCHEMES:
            raise ValueError("must begin with sqlite:// or postgres://")
        else:
            postgres_url.read(url)
        return url

    @field_validator("database_pooler_url")
    @classmethod
    def _pooler(cls, url: str | None) -> str | None:
        if url is not None:
            postgres_url.read(url)
        return url

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: str | None) -> str | None:
        if url is not None and not (urlsplit(url).scheme in ("redis", "rediss") and urlsplit(url).hostname):
            raise ValueError("must begin with redis:// or rediss://")
        return url

    @field_validator("oidc_issuer", "public_url", "goodtime_url")
    @classmethod
    def _link(cls, url: str | None) -> str | None:
        if url is not None and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
            raise ValueError("must be an http or https URL")
        return url

    @field_validator("jwks_url")
    @classmethod
    def _links(cls, listed: str | None) -> str | None:
        for url in _split(listed or ""):
            cls._link(url)
            if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOOPBACK:
                raise ValueError(
                    "must be https, or on this machine: whoever changes the keys on the way can be anybody"
                )
        return listed

    @field_validator("metrics_address")
    @classmethod
    def _address(cls, address: str | None) -> str | None:
        if address is not None and not re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\s]+):\d{1,5}", address, re.IGNORECASE):
            raise ValueError("must be host:port, such as 127.0.0.1:9100")
        return address

    @field_validator("jwt_accounts")
    @classmethod
    def _mapping(cls, listed: str | None) -> str | None:
        if not all(value and slug for value, slug in _pairs(listed or "")):
            raise ValueError("must list values and slugs such as 6babcaad-604b=acme, with commas between them")
        return listed

    @field_validator("jwt_secret")
    @classmethod
    def _long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < 32:
            raise ValueError("must have at least 32 bytes")
        return secret

    @field_validator("allowed_headers")
    @classmethod
    def _header_names(cls, listed: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_,\s-]*", listed):
            raise ValueError("must list names of headers such as x-team, with commas between them")
        return listed

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, listed: str) -> str:
        for origin in _origins(listed):
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.hostname
                or "*" in parts.hostname
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(
                    "must list origins such as https://app.example.com or http://localhost:*, with commas between them"
                )
        return listed

    @model_validator(mode="after")
    def _one_identity_provider(self) -> "Settings":
        for name in ("jwks_url", "oidc_issuer"):
            if self.jwt_secret and getattr(self, name):
                other = f"CALLBOARD_{name.upper()}"
                raise ValueError(f"CALLBOARD_JWT_SECRET and {other} exclude each other: set one of them")
        if len(_split(self.jwks_url or "")) not in (0, 1, len(_split(self.jwt_issuer or ""))):
            raise ValueError("CALLBOARD_JWKS_URL: must be one for all, or one for each in CALLBOARD_JWT_ISSUER")
        if self.jwt_account and self.jwt_accounts:
            raise ValueError("CALLBOARD_JWT_ACCOUNT and CALLBOARD_JWT_ACCOUNTS exclude each other: set one of them")
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("CALLBOARD_OIDC_ISSUER and CALLBOARD_OIDC_CLIENT_ID belong together: set both")
        return self

    @model_validator(mode="after")
    def _pooler_beside_postgres(self) -> "Settings":
        if self.database_pooler_url and not self.on_postgres:
            raise ValueError(
                "CALLBOARD_DATABASE_POOLER_URL needs CALLBOARD_DATABASE_URL to lead to the same database directly"
            )
        return self

    @property
    def public_path(self) -> str:
        """Where Callboard is under its host: nothing, or a path such as `/callboard`."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def metrics_host_and_port(self) -> tuple[str, int] | None:
        """Where metrics are served, if not at `/metrics` beside everything else."""
        if self.metrics_address is None:
            return None
        host, _, port = self.metrics_address.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def has_pooler(self) -> bool:
        """Whether the pool connects to a pooler in transaction mode."""
        return self.database_pooler_url is not None

    @property
    def pool_url(self) -> str:
        """Where the pool connects to: the pooler, or the database itself."""
        return self.database_pooler_url or self.database_url

    @property
    def headers(self) -> list[str]:
        """What browsers may send from these origins, beside what the API and usual clients need."""
        return [name.strip().lower() for name in self.allowed_headers.split(",") if name.strip()]

    @property
    def origins(self) -> str:
        """A pattern of the origins of other sites that browsers may call from; a port `*` is any."""
        return "|".join(_origin_pattern(origin) for origin in _origins(self.allowed_origins)) or r"(?!)"

    @property
    def issuers(self) -> dict[str | None, str | None]:
        """Whose tokens are good, each with the address of its keys; None: its discovery document has that.

        Without any name there is the one issuer None, which stands for whatever a token says.
        """
        names: list[str | None] = [*_split(self.jwt_issuer or "")]
        urls: list[str | None] = [*_split(self.jwks_url or "")]
        if self.oidc_issuer and self.oidc_issuer not in names:
            names.append(self.oidc_issuer)
            urls += [None] if len(urls) > 1 else []
        if len(urls) == 1:
            urls *= len(names) or 1
        return dict(zip(names or [None], urls or [None] * len(names), strict=True)) if names or urls else {}

    @property
    def audiences(self) -> list[str]:
        """For whom tokens must be; nobody: it is not asked."""
        return [*_split(self.jwt_audience or ""), *filter(None, [self.oidc_client_id])]

    @property
    def accounts_by_claim(self) -> dict[str, str] | None:
        """The accounts' slugs by the values that tokens have for them; None: the value is the slug."""
        return dict(_pairs(self.jwt_accounts or "")) or None

    @property
    def has_provider(self) -> bool:
        """Whether users come with the tokens of an identity provider."""
        return self.jwt_secret is None and bool(self.issuers)

    @property
    def on_postgres(self) -> bool:
        """Whether several processes can share the database."""
        return not self.database_url.startswith("sqlite://")


@cache
def current() -> Settings:
    """The settings of this process. Raises BadSetting."""
    try:
        return Settings(**_secrets_in_files())
    except ValidationError as invalid:
        raise BadSetting("; ".join(_line(dict(error)) for error in invalid.errors(include_input=False))) from None


def _secrets_in_files() -> dict[str, Any]:
    """What stands in the files that `CALLBOARD_…_FILE` names, as containers and systemd hand secrets over.

    Raises BadSetting.
    """
    variables, values = {**dotenv_values(".env"), **os.environ}, {}
    for name in _SECRETS:
        variable = f"CALLBOARD_{name.upper()}"
        path = variables.get(f"{variable}_FILE")
        if not path:
            continue
        if variables.get(variable):
            raise BadSetting(f"{variable} and {variable}_FILE exclude each other: set one of them")
        try:
            values[name] = Path(path).read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"{variable}_FILE: the file can't be read ({type(error).__name__})") from None
    return values


def _split(listed: str) -> list[str]:
    return [each.strip() for each in listed.split(",") if each.strip()]


def _origins(listed: str) -> list[str]:
    return [origin.rstrip("/") for origin in _split(listed)]


def _origin_pattern(origin: str) -> str:
    return re.escape(origin.removesuffix(":*")) + (r"(:\d+)?" if origin.endswith(":*") else "")


def _pairs(listed: str) -> list[tuple[str, str]]:
    """Values and slugs; a value may have an equals sign in it, a slug has none."""
    pairs = [each.rpartition("=") for each in _split(listed)]
    return [(value.strip(), slug.strip()) for value, _, slug in pairs]


def _line(error: dict[str, object]) -> str:
    """One line for one wrong value; the value itself may be a secret and is left out."""
    where = error["loc"]
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"CALLBOARD_{str(where[0]).upper()}: {message}" if isinstance(where, tuple) and where else message
