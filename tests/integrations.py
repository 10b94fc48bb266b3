"""What the tests of integrations share: the switch, keys, and a clock that stands later."""

from typing import Any

from tests.world import World

SWITCH = """mutation ($on: Boolean!) { setIntegrationEnabled(provider: GOODTIME, enabled: $on) {
  integration { id enabled enabledAt enabledBy { name } } errors { code path } } }"""

GENERATE = """mutation ($grace: Int = 24) { generateApiKey(provider: GOODTIME, graceHours: $grace) {
  apiKey { id prefix createdAt createdBy { name } lastUsedAt expiresAt revokedAt } secret errors { code path } } }"""

REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id revokedAt } errors { code path } } }"

KEYS = """{ integration(provider: GOODTIME) {
  apiKeys { id prefix createdAt createdBy { name } lastUsedAt expiresAt revokedAt } } }"""

LOOK = "{ account { slug } }"


async def switch(world: World, on: bool) -> dict[str, Any]:
    return dict((await world.sam.ask(SWITCH, on=on))["setIntegrationEnabled"]["integration"])


async def generate(world: World, **arguments: Any) -> dict[str, Any]:
    return dict((await world.sam.ask(GENERATE, **arguments))["generateApiKey"])


async def live_keys(world: World) -> list[dict[str, Any]]:
    return list((await world.sam.ask(KEYS))["integration"]["apiKeys"])
