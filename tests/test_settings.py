"""Every setting comes from the environment or `.env`; a bad value is one line that names it."""

import re
from pathlib import Path

import pytest

import settings
from settings import BadSetting, Settings
from tests.processes import Installation

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
SECRET = "thirty-two bytes or more make it one"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """No variable is set and no `.env` lies about."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CALLBOARD_{name.upper()}", raising=False)
    monkeypatch.chdir(place)


def read() -> Settings:
    """The settings as a new process reads them."""
    return settings.current.__wrapped__()


def test_the_defaults_are_those_of_the_rules() -> None:
    values = read()

    assert values.database_url == "sqlite://var/callboard.db"
    assert (values.jwt_secret, values.jwks_url, values.redis_url, values.log_format) == (None, None, None, None)
    assert values.public_url == "http://127.0.0.1:8000"
    assert values.goodtime_url == "https://app.goodtime.example"
    assert re.fullmatch(values.origins, "") is None
    assert values.rate_limit == "on"
    assert values.change_retention_days == 30
    assert (values.max_body_bytes, values.max_tokens, values.max_depth) == (1_000_000, 2_000, 15)
    assert (values.max_aliases, values.max_directives, values.max_cost) == (30, 50, 10_000)
    assert (values.max_page, values.max_changes_page, values.max_sync_rows) == (100, 500, 500)
    assert (values.request_seconds, values.send_seconds, values.subscriber_buffer) == (10, 10, 1_000)
    assert (values.websocket_message_bytes, values.websocket_init_seconds) == (256 * 1024, 5)
    assert (values.subscriptions_per_connection, values.connections_per_user) == (100, 20)


def test_a_variable_comes_before_the_env_file(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    (place / ".env").write_text("CALLBOARD_MAX_PAGE=7\nCALLBOARD_MAX_DEPTH=9\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("CALLBOARD_MAX_DEPTH", "11")

    values = read()

    assert (values.max_page, values.max_depth) == (7, 11)


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_JWT_SECRET", "")

    assert read().jwt_secret is None


def test_origins_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_ALLOWED_ORIGINS", "https://a.example, http://localhost:5173/ ,")

    assert re.fullmatch(read().origins, "https://a.example")
    assert re.fullmatch(read().origins, "http://localhost:5173")
    for other in ("https://b.example", "https://a.example:444", "https://axexample", "http://localhost:51730"):
        assert re.fullmatch(read().origins, other) is None


def test_an_origin_may_be_of_any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_ALLOWED_ORIGINS", "http://localhost:*")

    assert re.fullmatch(read().origins, "http://localhost:5173")
    assert re.fullmatch(read().origins, "http://localhost")
    for other in ("https://localhost:5173", "http://localhost:5173.evil.example", "http://localhost.evil.example:80"):
        assert re.fullmatch(read().origins, other) is None


def test_headers_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_ALLOWED_HEADERS", "X-Team, x-shard ,")

    assert read().headers == ["x-team", "x-shard"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CALLBOARD_ALLOWED_HEADERS", "x-team: a"),
        ("CALLBOARD_DATABASE_URL", "mysql://127.0.0.1/callboard"),
        ("CALLBOARD_DATABASE_URL", "sqlite://"),
        ("CALLBOARD_DATABASE_URL", "postgres://127.0.0.1/"),
        ("CALLBOARD_DATABASE_URL", "postgres://root:hush/hush@127.0.0.1/callboard"),
        ("CALLBOARD_DATABASE_URL", "postgres://root@127.0.0.1[hush/callboard"),
        ("CALLBOARD_DATABASE_URL", "postgres://root:hush@127.0.0.1/callboard?channel_binding=require"),
        ("CALLBOARD_DATABASE_POOLER_URL", "sqlite://var/callboard.db"),
        ("CALLBOARD_DRAIN_SECONDS", "-1"),
        ("CALLBOARD_JWT_SECRET", "hush"),
        ("CALLBOARD_JWKS_URL", "file:///etc/passwd"),
        ("CALLBOARD_PUBLIC_URL", "callboard.example"),
        ("CALLBOARD_GOODTIME_URL", "http://"),
        ("CALLBOARD_ALLOWED_ORIGINS", "*"),
        ("CALLBOARD_ALLOWED_ORIGINS", "https://a.example/path"),
        ("CALLBOARD_ALLOWED_ORIGINS", "a.example"),
        ("CALLBOARD_ALLOWED_ORIGINS", "https://*.example"),
        ("CALLBOARD_RATE_LIMIT", "perhaps"),
        ("CALLBOARD_METRICS_ADDRESS", "9100"),
        ("CALLBOARD_METRICS_ADDRESS", "127.0.0.1"),
        ("CALLBOARD_LOG_FORMAT", "xml"),
        ("CALLBOARD_CHANGE_RETENTION_DAYS", "0"),
        ("CALLBOARD_MAX_PAGE", "many"),
        ("CALLBOARD_REQUEST_SECONDS", "-1"),
    ],
)
def test_a_bad_value_is_one_line_that_names_it(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(BadSetting) as refused:
        read()

    assert str(refused.value).startswith(f"{variable}: ")
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [("0.0.0.0:9100", "0.0.0.0", 9100), ("[::1]:0", "::1", 0), ("metrics:80", "metrics", 80)],
)
def test_metrics_have_the_address_that_is_set(
    address: str, host: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read().metrics_host_and_port is None

    monkeypatch.setenv("CALLBOARD_METRICS_ADDRESS", address)

    assert read().metrics_host_and_port == (host, port)


async def test_what_others_read_from_the_environment_counts_from_the_file_too(place: Path) -> None:
    (place / ".env").write_text("CALLBOARD_KEY=cb_live_of_the_file\n")

    ended = await Installation(place, "sqlite://no.db").run("simulate", "--url", "http://127.0.0.1:9/graphql")

    assert ended.err.splitlines()[-1].startswith("callboard simulate: http://127.0.0.1:9/graphql unreachable")


@pytest.mark.parametrize("named", ["environment", ".env"])
def test_a_secret_may_stand_in_a_file(named: str, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    (place / "secret").write_text(f"{SECRET}\n")
    if named == ".env":
        (place / ".env").write_text(f"CALLBOARD_JWT_SECRET_FILE={place}/secret\n")
    else:
        monkeypatch.setenv("CALLBOARD_JWT_SECRET_FILE", f"{place}/secret")

    secret = read().jwt_secret

    assert secret is not None
    assert secret.get_secret_value() == SECRET


def test_a_secret_stands_in_one_place_that_can_be_read(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("CALLBOARD_JWT_SECRET_FILE", f"{place}/nowhere")
    with pytest.raises(BadSetting, match="CALLBOARD_JWT_SECRET_FILE: the file can't be read"):
        read()

    monkeypatch.setenv("CALLBOARD_JWT_SECRET", SECRET)
    with pytest.raises(BadSetting, match="CALLBOARD_JWT_SECRET and CALLBOARD_JWT_SECRET_FILE exclude each other"):
        read()


def test_the_shared_secret_and_an_identity_provider_exclude_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_JWT_SECRET", SECRET)
    monkeypatch.setenv("CALLBOARD_JWKS_URL", "https://id.example/keys")

    with pytest.raises(BadSetting, match="CALLBOARD_JWT_SECRET and CALLBOARD_JWKS_URL exclude each other") as refused:
        read()

    assert SECRET not in str(refused.value)


def test_several_bad_values_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_MAX_PAGE", "many")
    monkeypatch.setenv("CALLBOARD_RATE_LIMIT", "perhaps")

    with pytest.raises(BadSetting) as refused:
        read()

    assert re.findall(r"CALLBOARD_\w+", str(refused.value)) == ["CALLBOARD_RATE_LIMIT", "CALLBOARD_MAX_PAGE"]


def test_a_secret_does_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_JWT_SECRET", SECRET)

    assert SECRET not in repr(read())


def listed(page: str) -> dict[str, str]:
    """The defaults in the tables of a page, by the settings' names; one may stand for all the names of its row."""
    all_defaults: dict[str, str] = {}
    for row in (ROOT / page).read_text().splitlines():
        if not row.startswith("| `"):
            continue
        names, defaults = (cell.strip() for cell in row.split(" | ")[:2])
        if all(re.fullmatch("`[A-Z_]+`", name) for name in names.removeprefix("| ").split(", ")):
            each = re.findall("[A-Z_]+", names)
            several = defaults.split(", ")
            all_defaults |= zip(each, several * len(each) if len(several) == 1 else several, strict=True)
    return all_defaults


def in_prose(default: object) -> str:
    """A default as the pages write it."""
    match default:
        case None:
            return "unset"
        case "":
            return "none"
        case str():
            return f"`{default}`"
    return f"{default:,}"


def test_the_readme_lists_every_setting_with_its_default() -> None:
    assert listed("README.md") == {
        name.upper(): in_prose(setting.default) for name, setting in Settings.model_fields.items()
    }


def test_the_page_about_limits_has_the_defaults_of_the_settings() -> None:
    limits = listed("docs/limits.md")

    assert limits == {name: in_prose(Settings.model_fields[name.lower()].default) for name in limits}
    assert limits.keys() >= {name for name in listed("README.md") if name.startswith("MAX_") and "PAGE" not in name}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/jwks", "http://localhost/jwks", "https://id.example/jwks"])
def test_keys_come_over_plain_http_from_this_machine_only(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CALLBOARD_JWKS_URL", url)
    assert read().jwks_url == url

    monkeypatch.setenv("CALLBOARD_JWKS_URL", "http://id.example/jwks")
    with pytest.raises(BadSetting, match="CALLBOARD_JWKS_URL: must be https, or on this machine"):
        read()
