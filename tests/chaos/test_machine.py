"""The machine of tests/sessions, for much longer."""

from interlock import plugins
from interlock.store.connection import connect, disconnect
from tests.chaos.scale import SHARE, Chance, sizes
from tests.sessions.conftest import WORKFLOWS
from tests.sessions.lease_machine import HeldSessions, try_out
from tests.sessions.moves import spare_the_disk

SEQUENCES, STEPS = 50, 50
"""How many are tried with one seed, and how long each is."""


@sizes(None, 170_000)  # with the server's share 200,000
def test_sessions_are_as_the_model_says_in_the_long_run(
    url: str, chance: Chance, size: int
) -> None:
    """So many steps, in sequences that are drawn anew each time."""
    connect(url)
    plugins.trust(WORKFLOWS)
    spare_the_disk()
    before, steps = HeldSessions.steps, size // SHARE[url.partition(":")[0]]
    while HeldSessions.steps < before + steps:
        try_out(SEQUENCES, STEPS, chance.randrange(10**9))
    disconnect()
    chance.report("steps", HeldSessions.steps - before)
