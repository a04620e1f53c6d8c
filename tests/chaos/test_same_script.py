"""The same script on two databases: all that they say and keep is the same, to the byte."""

from contextlib import closing
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

import apsw
import pytest

from interlock import plugins
from interlock.sessions import recent
from interlock.store.connection import connect, disconnect
from tests.acceptance.user import User
from tests.chaos.scale import Chance, sizes
from tests.chaos.script import Script
from tests.server import Server, close_connections
from tests.sessions.conftest import WORKFLOWS
from tests.sessions.moves import spare_the_disk

TURNS = 100
"""Of each script."""
TOGETHER = 20
"""So many scripts are performed on one database after the other, before the other has its turn."""
SHOWN = 400
"""Characters of a longer answer that are kept to be shown; of the rest a digest."""


def of_large_pages(folder: Path) -> str:
    """The URL of a file whose pages have another size."""
    file = folder / "of large pages.db"
    with closing(apsw.Connection(str(file))) as made:
        made.execute("PRAGMA page_size = 32768; CREATE TABLE t(x); DROP TABLE t")
    return f"sqlite:///{file}"


def perform(url: str, seeds: list[int], *, forgetful: bool) -> dict[int, list[str]]:
    """What the scripts of these seeds said on the database at a URL."""
    recent.forget()
    connect(url)
    spare_the_disk()
    said = {}
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patch:
            script = Script(seed, forgetful)
            said[seed] = [shorten(answer) for answer in script.perform(TURNS, patch)]
    disconnect()
    close_connections()
    return said


def shorten(answer: str) -> str:
    """The answer, or its beginning and the digest of all of it."""
    if len(answer) <= SHOWN:
        return answer
    digest = sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{answer[:SHOWN]} [...] {digest}"


def compare(first: str, other: str, chance: Chance, size: int) -> None:
    """Have so many scripts performed on both, and on the second one by somebody who remembers
    nothing."""
    answers = 0
    for done in range(0, size, TOGETHER):
        seeds = [chance.randrange(10**9) for _ in range(min(TOGETHER, size - done))]
        expected = perform(first, seeds, forgetful=False)
        found = perform(other, seeds, forgetful=True)
        for seed in seeds:
            for one, two in zip_longest(expected[seed], found[seed]):
                assert two == one, f"seed {seed}"
            answers += len(expected[seed])
    chance.report("steps", 2 * size * TURNS)
    chance.report("answers", answers)


@sizes(4, 100)
def test_a_script_says_the_same_on_a_file_of_another_kind(
    user: User, quick_disk: Path, chance: Chance, size: int
) -> None:
    """Size of the pages, path and what a process remembers make no difference."""
    disconnect()
    plugins.trust(WORKFLOWS)
    first = f"sqlite:///{quick_disk / 'interlock.db'}"
    compare(first, of_large_pages(quick_disk), chance, size)


@sizes(10, 1000)
def test_a_script_says_the_same_on_a_server(
    user: User, quick_disk: Path, server: Server, chance: Chance, size: int
) -> None:
    """PostgreSQL answers and keeps what SQLite does: exports, digests, sums and refusals."""
    disconnect()
    plugins.trust(WORKFLOWS)
    with server.database() as other:
        compare(f"sqlite:///{quick_disk / 'interlock.db'}", other, chance, size)
