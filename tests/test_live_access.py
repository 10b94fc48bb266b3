"""Access at every delivery: what followers may see is asked anew, and nobody keeps others waiting."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import models
from feed import channel as channels
from feed import subscription
from feed.notify import SIGNALS
from operations.admission import Admitted
from operations.rendering import Renderings
from resolvers import changes
from tests.live import channel_of, followed, pushed
from tests.people import FOLLOW
from tests.subscribers import eventually
from tests.world import World


async def test_a_narrowed_viewer_no_longer_gets_what_waited_for_them(world: World) -> None:
    await pushed(world, "one")
    async with followed(world.rita) as feed:
        waiting = asyncio.create_task(anext(feed))
        [subscriber] = (await channel_of(world)).subscribers
        await eventually(lambda: subscriber.live)
        await pushed(world, "two")
        await waiting
        await pushed(world, "three")
        await eventually(lambda: len(subscriber._waiting) == 1)
        await models.User.filter(id=world.rita.id).update(role=models.Role.INTERVIEWER)
        await eventually(lambda: subscriber.viewer.role is models.Role.INTERVIEWER)
        await world.goodtime.push(**world.a_panel("four", world.an_interview("one", "rita")))

        as_of_now, change = await anext(feed)

    assert as_of_now.role is models.Role.INTERVIEWER
    assert (await models.Panel.get(id=change.panel_id)).external_id == "four"


async def test_who_has_a_form_to_fill_in_reads_no_answers_though_a_colleague_does(
    world: World,
) -> None:
    """They share a role, but not what follows from their own forms: nothing is rendered once for both."""
    answers = "subscription { interviewPanelChanges { panel { interviews { interviewers { feedbackForm { "
    answers += "answers { values } } } } } } }"
    synced = await world.sam.sync("users", [{"email": world.email("tom"), "name": "Tom", "role": "TEAM_MEMBER"}])
    tom = world.person(await models.User.get(id=synced["users"][0]["id"]))
    interview = world.an_interview("one", "ivo", "tom", feedbackTemplateId=world.templates["values"])
    panel = (await world.goodtime.push(**world.a_panel("one", interview)))["panel"]
    async with world.rita.following(answers) as ritas, tom.following(answers) as toms:
        await world.ivo.fill(panel["interviews"][0]["interviewers"][0]["feedbackForm"]["id"])
        shown = [(await each.next())["panel"]["interviews"][0]["interviewers"][0] for each in (ritas, toms)]

    assert [each["feedbackForm"]["answers"] for each in shown] == [[{"values": ["Hire"]}], None]


async def test_who_is_promoted_while_a_change_is_delivered_does_not_let_others_see_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "subscription { interviewPanelChanges { panel { managedBy { apiKeys { id } } } } }"
    tell = channels.Channel._write_to_group

    async def promoted(*arguments: Any) -> None:
        first = arguments[2].subscribers[0].viewer.user
        await models.User.filter(id=first.id).update(role=models.Role.SUPER_ADMIN)
        await world.server.process.hub._renew()
        await tell(*arguments)

    another = await world.sam.sync("users", [{"email": world.email("abe"), "name": "Abe", "role": "ADMIN"}])
    abe = world.person(await models.User.get(id=another["users"][0]["id"]))
    async with world.ada.following(secret) as adas, abe.following(secret) as abes:
        monkeypatch.setattr(channels.Channel, "_write_to_group", promoted)
        await pushed(world, "one")
        answers = [(await following.message())["payload"] for following in (adas, abes)]
        monkeypatch.undo()

    of_those_who_stayed = [answer for answer in answers if answer.get("errors")]
    assert "FORBIDDEN" in {answer["errors"][0]["extensions"]["code"] for answer in of_those_who_stayed}


@pytest.fixture
def pass_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass for whoever follows, without waiting for them."""
    now, passed = subscription._now, [0.0]
    for module in (subscription, channels):
        monkeypatch.setattr(module, "_now", lambda: now() + sum(passed))
    return passed.append


async def test_who_may_see_a_change_is_asked_anew_where_telling_it_took_long(
    world: World, monkeypatch: pytest.MonkeyPatch, pass_seconds: Callable[[float], None]
) -> None:
    asked = changes.LOG.audiences

    async def slow(news: Any) -> Any:
        seen_by = await asked(news)
        await models.Candidate.filter(id=world.candidates["lea"]).update(owner_id=None)
        pass_seconds(2)
        return seen_by

    monkeypatch.setitem(vars(changes.LOG), "audiences", slow)
    async with world.leo.following() as following:
        await pushed(world, "lea's", candidateExternalId="lea")
        await pushed(world, "carla's with Leo", interviews=[world.an_interview("one", "leo")])

        assert (await following.next())["panel"]["externalId"] == "carla's with Leo"


async def test_who_may_see_a_change_that_has_waited_is_asked_anew(
    world: World, pass_seconds: Callable[[float], None]
) -> None:
    """The log is read ahead: whoever takes the next change only seconds later gets what is theirs by then."""
    await pushed(world, "lea's first", "lea's second", candidateExternalId="lea")
    async with followed(world.leo, changes.cursor_at(0)) as slow:
        await anext(slow)
        lea = {"externalId": "lea", "name": "Lea Fontaine", "stage": "On-site"}
        assert (await world.sam.sync("candidates", [lea]))["errors"] == []
        pass_seconds(2)
        await pushed(world, "carla's with Leo", interviews=[world.an_interview("one", "leo")])

        _, change = await anext(slow)

    assert (await models.Panel.get(id=change.panel_id)).external_id == "carla's with Leo"


async def test_who_asks_for_much_does_not_keep_others_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    render, most = Renderings._render, 3 * channels._HANDED_OUT_AT_ONCE
    await pushed(world, "one")
    panel = await models.Panel.get(account_id=world.account.id)

    async def slowly(renderings: Renderings, admitted: Admitted, *others: Any) -> bytes:
        if "much" in admitted.operation.document.loc.source.body:
            await asyncio.sleep(5)
        return await render(renderings, admitted, *others)

    monkeypatch.setattr(Renderings, "_render", slowly)
    async with world.ada.following(FOLLOW + "# much"), world.rita.following() as ritas:
        columns = {"kind": models.InterviewPanelChangeKind.UPDATED, "at": panel.created_at, "actor_id": world.sam.id}
        columns |= {"account_id": world.account.id, "panel_id": panel.id, "candidate_id": panel.candidate_id}
        await models.Change.bulk_create([models.Change(position=2 + number, **columns) for number in range(most)])
        await models.Account.filter(id=world.account.id).update(position=1 + most)
        SIGNALS.publish(world.account.id)

        async with asyncio.timeout(4):
            cursors = [(await ritas.next())["cursor"] for _ in range(most)]

    assert cursors[-1] == changes.cursor_at(1 + most)
