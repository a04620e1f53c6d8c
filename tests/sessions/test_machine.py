"""Whatever is done to sessions, in whatever order: they are as the model says."""

from tests.sessions.lease_machine import try_out
from tests.sessions.moves import spare_the_disk


def test_sessions_are_as_the_model_says() -> None:
    """Created, asked, answered, cancelled, revived, run, claimed, taken over, deleted in any order:
    what zombies hand in moves nothing."""
    spare_the_disk()
    try_out(sequences=50, steps=40)
