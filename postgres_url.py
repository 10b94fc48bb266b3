"""PostgreSQL's connection URLs, read as PostgreSQL's own tools read them. Imports nothing of ours.

The syntax and the names are libpq's: https://www.postgresql.org/docs/current/libpq-connect.html. What can't be honoured
is refused by its name, since to ignore it could put the tables into another schema, or go without encryption.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

SCHEMES = ("postgres", "postgresql")

#: A host's name, address or folder of sockets, and its port; None where the driver has to find it out.
Host = tuple[str | None, int | None]

#: What the driver reads itself, under libpq's names.
_OF_THE_DRIVER = {
    *("gsslib", "krbsrvname", "passfile", "service", "ssl_max_protocol_version", "ssl_min_protocol_version"),
    *("sslcert", "sslcrl", "sslkey", "sslmode", "sslnegotiation", "sslpassword", "sslrootcert"),
}
#: What is handed to the server with the connection. `search_path` is no name of libpq's, but of other drivers.
_OF_THE_SERVER = {"application_name", "options", "search_path"}
#: Of the socket, in libpq's units: seconds, and milliseconds for `tcp_user_timeout`.
_OF_THE_SOCKET = {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}
#: What has values that ask for nothing but what happens anyway.
_AS_IT_IS = {
    "channel_binding": {"disable", "prefer"},
    "client_encoding": {"auto", "utf8", "utf-8"},
    "gssdelegation": {"0"},
    "gssencmode": {"disable", "prefer"},
    "max_protocol_version": {"3.0", "latest"},
    "min_protocol_version": {"3.0"},
    "replication": {"0", "false", "no", "off"},
    "requiressl": {"0"},
    "sslcertmode": {"allow"},
    "sslcompression": {"0"},
    "sslsni": {"1"},
}
_ONE_OF = {
    "sslmode": {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "target_session_attrs": {"any", "primary", "read-write"},
    "load_balance_hosts": {"disable", "random"},
}
_WHY = {
    "channel_binding": "the driver binds no channel: sslmode=verify-full keeps out whoever is between, so leave it out",
    "target_session_attrs": "Callboard writes, so it must be read-write, primary or any",
    "hostaddr": "name the hosts by `host`",
}


@dataclass(frozen=True)
class PostgresUrl:
    """What a URL says. Never print it: it has the password."""

    hosts: tuple[Host, ...]
    user: str | None
    password: str | None
    database: str | None
    #: `any`, `primary` or `read-write`: which of several hosts will do.
    target_session_attrs: str
    has_random_order: bool = False
    #: Whether a server's certificate must be good by the authorities that this machine trusts.
    trusts_system: bool = False
    connect_seconds: float | None = None
    driver: Mapping[str, str] = field(default_factory=dict)
    server_settings: Mapping[str, str] = field(default_factory=dict)
    socket_options: Mapping[str, int] = field(default_factory=dict)


def read(url: str) -> PostgresUrl:
    """Read a URL. Raises ValueError, whose text names what can't be read or honoured, and has no value of it."""
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        raise ValueError("must begin with postgres://")
    location, _, query = rest.partition("?")
    authority, _, path = location.partition("/")
    # Credentials are before the last part that has no @; without one there is only the address.
    userinfo, _, addresses = authority.partition("@") if "@" in authority else ("", "", authority)
    user, _, password = userinfo.partition(":")
    in_front = {"user": user, "password": password, "database": path}
    parameters = {name: unquote(value) for name, value in in_front.items() if value} | _parameters(query)
    hosts = _hosts_of(parameters) or tuple(_host(address) for address in addresses.split(","))
    database = parameters.get("dbname", parameters.get("database"))
    if database is None and "service" not in parameters:
        raise ValueError("must name a database, as in postgres://user:pass@host:5432/name")
    return PostgresUrl(
        hosts,
        parameters.get("user"),
        parameters.get("password"),
        database,
        target_session_attrs=parameters.get("target_session_attrs", "read-write" if len(hosts) > 1 else "any"),
        has_random_order=parameters.get("load_balance_hosts") == "random",
        connect_seconds=_positive(parameters, "connect_timeout"),
        trusts_system=parameters.get("sslrootcert") == "system",
        driver=_driver_parameters(parameters),
        server_settings=_server_settings(parameters),
        socket_options={name: _number(name, value) for name, value in parameters.items() if name in _OF_THE_SOCKET},
    )


_NAMES = {
    *("connect_timeout", "database", "dbname", "fallback_application_name", "host", "password", "port", "user"),
    *(*_OF_THE_DRIVER, *_OF_THE_SERVER, *_OF_THE_SOCKET, *_AS_IT_IS, *_ONE_OF),
}


def _parameters(query: str) -> dict[str, str]:
    """What stands behind the question mark. As in libpq, a plus is a plus, and what is empty is not set."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    parameters = {unquote(name): unquote(value) for name, _, value in pairs if value}
    for name, value in parameters.items():
        _require_honoured(name, value)
    if parameters.get("sslrootcert") == "system" and parameters.get("sslmode", "verify-full") != "verify-full":
        raise ValueError("sslrootcert=system can't be honoured without sslmode=verify-full")
    return parameters


def _require_honoured(name: str, value: str) -> None:
    allowed = _ONE_OF.get(name) or _AS_IT_IS.get(name)
    if name in _NAMES and (allowed is None or value.lower() in allowed):
        return
    # What is no name may be a part of a password with a question mark in it.
    shown = name if re.fullmatch("[a-z_]{1,40}", name) else "a part of it"
    why = f"must be one of {', '.join(sorted(allowed))}" if allowed else "is not known here"
    raise ValueError(f"{shown} can't be honoured: {_WHY.get(name, why)}")


def _hosts_of(parameters: Mapping[str, str]) -> tuple[Host, ...]:
    """The hosts that `host` and `port` list; one port counts for all hosts."""
    if "host" not in parameters and "port" not in parameters:
        return ()
    hosts = parameters.get("host", "").split(",")
    ports = [_number("port", port) if port else None for port in parameters.get("port", "").split(",")]
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError("`port` must list one port, or one for each host")
    return tuple((host or None, port) for host, port in zip(hosts, ports, strict=True))


def _host(address: str) -> Host:
    """A host as it stands before the path: perhaps in brackets, or a folder with its slashes as %2F."""
    match = re.fullmatch(r"(\[(?P<ipv6>[^\]]+)\]|(?P<name>[^:\[\]]*))(:(?P<port>\d+))?", address)
    if match is None:
        raise ValueError("can't be read: write what is special in its password as %XX")
    name = match["ipv6"] or unquote(match["name"] or "")
    return name or None, int(match["port"]) if match["port"] else None


def _server_settings(parameters: Mapping[str, str]) -> dict[str, str]:
    named = {name: value for name, value in parameters.items() if name in _OF_THE_SERVER}
    fallback = parameters.get("fallback_application_name", "callboard")
    return {"application_name": fallback, **named}


def _driver_parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    """What the driver reads itself: it knows no authorities that are called `system`."""
    by_system = {"sslrootcert", "sslmode"} if parameters.get("sslrootcert") == "system" else set()
    return {name: value for name, value in parameters.items() if name in _OF_THE_DRIVER - by_system}


def _positive(parameters: Mapping[str, str], name: str) -> float | None:
    """The number of that name; None where it is none, or stands for no limit."""
    number = _number(name, parameters.get(name, "0"))
    return number if number > 0 else None


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r" *-?\d{1,9} *", value):
        raise ValueError(f"{name} can't be honoured: must be a number")
    return int(value)
