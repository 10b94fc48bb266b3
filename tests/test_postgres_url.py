"""PostgreSQL's connection URLs are read as its own tools read them; what can't be honoured is refused by its name."""

from typing import Any

import pytest

import postgres_url
from postgres_url import PostgresUrl

pytestmark = pytest.mark.once

#: URLs, and what stands in them beside the defaults.
READ: dict[str, dict[str, Any]] = {
    "postgres://ada:se%2Fcret@db:6543/callboard": {
        **{"hosts": (("db", 6543),), "user": "ada", "password": "se/cret", "database": "callboard"},
    },
    "postgresql://ada@db/callboard": {"hosts": (("db", None),), "user": "ada", "database": "callboard"},
    "postgres://ada:h[ash#ed@db/callboard": {
        **{"hosts": (("db", None),), "user": "ada", "password": "h[ash#ed", "database": "callboard"},
    },
    "postgres:///callboard": {"hosts": ((None, None),), "database": "callboard"},
    "postgres://[2001:db8::1]:6543/callboard": {"hosts": (("2001:db8::1", 6543),), "database": "callboard"},
    "postgres://%2Fvar%2Frun%2Fpostgresql:6543/callboard": {
        **{"hosts": (("/var/run/postgresql", 6543),), "database": "callboard"},
    },
    "postgres:///callboard?host=/var/run/postgresql&user=ada&password=a+b": {
        **{"hosts": (("/var/run/postgresql", None),), "database": "callboard", "user": "ada", "password": "a+b"},
    },
    "postgres://one,two:6543/callboard": {
        **{"hosts": (("one", None), ("two", 6543)), "database": "callboard", "target_session_attrs": "read-write"},
    },
    "postgres:///callboard?host=one,two&port=5432,6543&target_session_attrs=primary": {
        **{"hosts": (("one", 5432), ("two", 6543)), "database": "callboard", "target_session_attrs": "primary"},
    },
    "postgres://one,two/callboard?target_session_attrs=any&load_balance_hosts=random": {
        **{"hosts": (("one", None), ("two", None)), "database": "callboard", "has_random_order": True},
    },
    "postgres://db/?dbname=callboard": {"hosts": (("db", None),), "database": "callboard"},
    "postgres://db/callboard?connect_timeout=7&keepalives_idle=30&tcp_user_timeout=9000": {
        **{"hosts": (("db", None),), "database": "callboard", "connect_seconds": 7},
        **{"socket_options": {"keepalives_idle": 30, "tcp_user_timeout": 9000}},
    },
    "postgres://db/callboard?connect_timeout=0&channel_binding=prefer&gssencmode=disable&sslsni=1&sslcompression=": {
        **{"hosts": (("db", None),), "database": "callboard"},
    },
    "postgres://db/callboard?sslmode=verify-full&sslrootcert=/ca.pem": {
        **{"hosts": (("db", None),), "database": "callboard"},
        **{"driver": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}},
    },
    "postgres://db/callboard?sslrootcert=system": {
        **{"hosts": (("db", None),), "database": "callboard", "trusts_system": True},
    },
    "postgres://db/callboard?options=-c%20search_path%3Dats&application_name=ats": {
        **{"hosts": (("db", None),), "database": "callboard"},
        **{"server_settings": {"application_name": "ats", "options": "-c search_path=ats"}},
    },
    "postgres://db/callboard?search_path=ats": {
        **{"hosts": (("db", None),), "database": "callboard"},
        **{"server_settings": {"application_name": "callboard", "search_path": "ats"}},
    },
}


@pytest.mark.parametrize("url", READ)
def test_a_url_says_what_it_says_to_postgresqls_own_tools(url: str) -> None:
    defaults = {
        **{"user": None, "password": None, "target_session_attrs": "any"},
        **{"server_settings": {"application_name": "callboard"}},
    }

    assert postgres_url.read(url) == PostgresUrl(**(defaults | READ[url]))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://db/callboard?channel_binding=require", "channel_binding"),
        ("postgres://db/callboard?client_encoding=latin1", "client_encoding"),
        ("postgres://db/callboard?connect_timeout=soon", "connect_timeout"),
        ("postgres://db/callboard?gssencmode=require", "gssencmode"),
        ("postgres://db/callboard?hostaddr=127.0.0.1", "hostaddr"),
        ("postgres://db/callboard?replication=database", "replication"),
        ("postgres://db/callboard?require_auth=scram-sha-256", "require_auth"),
        ("postgres://db/callboard?requirepeer=postgres", "requirepeer"),
        ("postgres://db/callboard?schema=ats", "schema"),
        ("postgres://db/callboard?sslcrldir=/crl", "sslcrldir"),
        ("postgres://db/callboard?sslmode=on", "sslmode"),
        ("postgres://db/callboard?sslrootcert=system&sslmode=require", "sslrootcert"),
        ("postgres://db/callboard?target_session_attrs=standby", "target_session_attrs"),
        ("postgres://one,two/callboard?port=1,2,3&host=one,two", "port"),
        ("postgres://root:hush/hush@127.0.0.1/callboard", "password"),
        ("postgres://root:1?Hush2=hush@127.0.0.1/callboard", "a part of it"),
        ("postgres://root:hush@db", "database"),
    ],
)
def test_what_cannot_be_honoured_is_named_and_no_value_is(url: str, name: str) -> None:
    with pytest.raises(ValueError, match=name) as refused:
        postgres_url.read(url)

    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)
