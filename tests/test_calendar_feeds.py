"""A calendar to subscribe to: a user's own interviews at a secret address, as calendar programs read them."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from icalendar import Calendar, Component
from tortoise import connections

import clock
import settings
from resolvers import calendar
from resolvers.calendar import TAKEN_OFF
from resolvers.calendar_feeds import Feed
from tests.people import Person, instant
from tests.readers.kinds import PLAIN
from tests.sql_log import statements
from tests.test_invites import invites
from tests.world import World, in_hours

RESET = "mutation { resetCalendarFeed { user { id calendarFeedUrl } errors { message } } }"


async def reset(person: Person) -> str:
    """The path of the person's feed, from now on."""
    payload = (await person.ask(RESET))["resetCalendarFeed"]
    assert (payload["user"]["id"], payload["errors"]) == (person.id, [])
    url: str = payload["user"]["calendarFeedUrl"]
    assert url.startswith(f"{settings.current().public_url}/calendars/")
    return url.removeprefix(settings.current().public_url)


async def fetched(world: World, path: str, **headers: str) -> httpx.Response:
    return await world.server.http.get(f"{world.server.address}{path}", headers=headers)


async def events(world: World, path: str) -> dict[str, Component]:
    """What a program has read, by subject."""
    answer = await fetched(world, path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    return {str(each["SUMMARY"]): each for each in Calendar.from_ical(answer.text).walk("VEVENT")}


async def test_the_feed_has_the_users_own_interviews_with_their_own_feedback_link(world: World) -> None:
    asked = {"feedbackTemplateId": world.templates["values"]}
    interviews = [world.an_interview("one", "ivo", "noor", **asked), world.an_interview("two", "noor", **asked)]
    pushed = await world.goodtime.push(**world.a_panel("p", *interviews))
    seats = pushed["panel"]["interviews"][0]["interviewers"]
    links = {seat["user"]["email"].partition("@")[0].title(): seat["feedbackForm"]["url"] for seat in seats}

    path = await reset(world.ivo)
    answer = await fetched(world, path)
    [event] = (await events(world, path)).values()

    calendar = Calendar.from_ical(answer.text)
    assert (calendar["METHOD"], str(calendar["NAME"])) == ("PUBLISH", "Interviews of Ivo")
    assert event["UID"] == (await invites(world))["one"]["UID"]
    assert event["DTSTART"].dt == instant(in_hours(24))
    assert "ATTENDEE" not in event
    assert links["Ivo"] in event["DESCRIPTION"]
    assert links["Noor"] not in event["DESCRIPTION"]


async def test_moves_and_cancels_are_in_it(world: World) -> None:
    interviews = [world.an_interview(name, startsAt=in_hours(24)) for name in ("one", "two", "three", "four")]
    await world.goodtime.push(**world.a_panel("p", *interviews, sequence=1))
    path = await reset(world.ivo)
    before = await events(world, path)

    others = [interviews[2], world.an_interview("four", "noor")]
    await world.goodtime.push(**world.a_panel("p", interviews[0] | {"startsAt": in_hours(48)}, *others, sequence=2))
    await world.rita.cancel_one(panelExternalId="p", externalId="three")
    after = await events(world, path)

    assert after["Interview one"]["DTSTART"].dt == instant(in_hours(48))
    assert after["Interview one"]["SEQUENCE"] > before["Interview one"]["SEQUENCE"]
    assert {name: str(event["STATUS"]) for name, event in after.items()} == {
        "Interview one": "CONFIRMED", "Interview two": "CANCELLED", "Interview three": "CONFIRMED",
    }  # fmt: skip
    assert TAKEN_OFF in after["Interview three"]["DESCRIPTION"]
    assert {name: event["UID"] for name, event in after.items()} == {name: before[name]["UID"] for name in after}


async def test_what_is_over_stays_for_ninety_days(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", startsAt=in_hours(24))))
    path = await reset(world.ivo)
    end = instant(in_hours(25))

    with clock.reading(lambda: end + timedelta(days=90)):
        assert len(await events(world, path)) == 1
    with clock.reading(lambda: end + timedelta(days=90, seconds=1)):
        assert await events(world, path) == {}


async def test_what_a_program_has_already_is_not_sent_again(world: World) -> None:
    await world.goodtime.push(**world.a_panel("p", sequence=1))
    path = await reset(world.ivo)
    etag = (await fetched(world, path)).headers["etag"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await fetched(world, path, **{"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    await world.goodtime.push(**world.a_panel("p", world.an_interview("one", note="New"), sequence=2))
    changed = await fetched(world, path, **{"if-none-match": etag})
    assert (changed.status_code, changed.headers["etag"] != etag) == (200, True)


@pytest.mark.once
def test_new_rules_of_a_zone_are_another_text(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed("Interviews of Ivo", [(PLAIN, PLAIN.attendees[0])])
    text, etag = feed.text(), feed.etag

    monkeypatch.setattr(calendar, "ZoneInfo", lambda _: ZoneInfo("America/Chicago"))

    assert feed.text() != text
    assert feed.etag != etag


async def test_a_reset_ends_the_old_address_at_once_and_the_new_one_is_shown_this_once(world: World) -> None:
    old = await reset(world.ivo)
    new = await reset(world.ivo)

    assert (await fetched(world, old)).status_code == 404
    assert (await fetched(world, new)).status_code == 200
    viewer = await world.ivo.ask("{ viewer { ... on User { calendarFeedUrl } } }")
    assert viewer == {"viewer": {"calendarFeedUrl": None}}


async def test_only_the_hash_of_the_address_is_stored(world: World) -> None:
    secret = (await reset(world.ivo)).rpartition("/")[2].removesuffix(".ics")

    rows = await connections.get("default").execute_query_dict("SELECT * FROM calendar_feed")

    assert len(secret) == 43
    assert rows
    assert secret not in str(rows)


async def test_the_feed_ends_with_the_account_for_good(world: World) -> None:
    path = await reset(world.ivo)
    row = {"externalId": "user-ivo", "email": world.email("ivo"), "name": "Ivo", "role": "INTERVIEWER"}

    await world.sam.sync("users", [row | {"deactivated": True}])
    ended = await fetched(world, path)
    await world.sam.sync("users", [row])

    assert ended.status_code == (await fetched(world, path)).status_code == 404


@pytest.mark.parametrize("path", ["/calendars/none.ics", "/calendars/%00.ics", "/calendars/a/b.ics"])
async def test_an_unknown_address_is_not_found(path: str, world: World) -> None:
    assert (await fetched(world, path)).status_code == 404


async def test_addresses_cannot_be_tried_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await reset(world.ivo)
    monkeypatch.setitem(settings.current().__dict__, "rate_limit", "on")
    monkeypatch.setitem(settings.current().__dict__, "failed_sign_ins_per_minute", 3)
    now = clock.now().replace(second=1) + timedelta(minutes=5)

    with clock.reading(lambda: now):
        assert (await fetched(world, path)).status_code == 200
        tried = [await fetched(world, f"/calendars/{number}.ics") for number in range(4)]
        assert [answer.status_code for answer in tried] == [404, 404, 404, 429]
        assert int(tried[-1].headers["retry-after"]) > 0
        assert (await fetched(world, path)).status_code == 200, "it was good before"


async def test_a_key_has_no_feed(world: World) -> None:
    refused = await world.goodtime.answer(RESET)

    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_feed_takes_three_statements_however_many_interviews_it_has(world: World) -> None:
    path, taken = await reset(world.ivo), []
    for size in (1, 12):
        interviews: list[dict[str, Any]] = [world.an_interview(f"{number}") for number in range(size)]
        await world.goodtime.push(**world.a_panel("p", *interviews))
        with statements() as sent:
            assert len(await events(world, path)) == size
        taken.append(len(sent))

    assert taken == [3, 3]
