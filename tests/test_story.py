"""The story of the help article, in its order, told to a real server process over real HTTP and WebSockets."""

from tests.help_article import Scheduler, demo_account, follow_help_article
from tests.processes import Installation


async def test_from_the_toggle_to_a_live_panel_and_off_the_profile_again(empty: Installation) -> None:
    async with demo_account(empty) as story:
        await follow_help_article(story, Scheduler("GOODTIME", "GoodTime", "/candidates?id=cand-1&"))
