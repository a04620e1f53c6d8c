"""Two machines and a server: one is cut off in the middle of a step, the other takes over."""

import subprocess
from contextlib import ExitStack

import pytest

from interlock import accounts, sessions
from tests.acceptance.user import COMMAND, User, wait_until
from tests.chaos import ledger
from tests.chaos.bench import Bench
from tests.chaos.conftest import URL, url_of
from tests.chaos.hosts import Host, missing
from tests.proxy import Proxy

SECONDS = "12"
"""How long the step takes that is cut off: less than a lease, and more than its holder needs to
notice that nobody hears him."""
WHY_NOT = missing()


class Machine:
    """A worker on a host of its own."""

    def __init__(self, user: User, number: int) -> None:
        self.host = Host(number)
        self._user = user
        self._said = user.home / f"worker {number}"

    def begin(self, stack: ExitStack) -> None:
        """Let it work until the stack ends."""
        stack.enter_context(self.host.up())
        proxy = Proxy(url_of(self._user), host=self.host.gateway)
        stack.callback(proxy.close)
        said = stack.enter_context(self._said.open("ab"))
        process = subprocess.Popen(
            self.host.words(COMMAND, "worker", "--concurrency", "1"),
            cwd=self._user.project,
            env=self._user.environ | {URL: proxy.url},
            stdout=said,
            stderr=said,
        )
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)


@pytest.fixture
def machines(user: User) -> tuple[Machine, Machine]:
    """Two, of which none works yet."""
    return Machine(user, 1), Machine(user, 2)


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
@pytest.mark.parametrize("user", ["postgres"], indirect=True)
def test_a_host_that_is_cut_off_loses_its_session_to_the_other(
    user: User, machines: tuple[Machine, Machine]
) -> None:
    """Its command's outcome is unknown, what it says late is refused, and the step is done by the
    host that can be reached. Once its wire is mended it works again."""
    scope = accounts.enter("acme", "site")
    first, second = machines
    bench = Bench(user, scope)
    with ExitStack() as stack:
        first.begin(stack)
        session = bench.errand({"first": ["slow", SECONDS]}, queue="default")
        wait_until(lambda: bool(ledger.lines(bench.effects)))
        first.host.cut()
        with ExitStack() as meanwhile:
            second.begin(meanwhile)
            wait_until(lambda: not sessions.get(scope, session.id).active)
        first.host.mend()
        other = bench.errand(queue="default")
        wait_until(lambda: not sessions.get(scope, other.id).active)
    rows = list(sessions.history(scope, session.id))
    assert [(row.step, row.status) for row in rows] == [
        ("first", "unknown"),
        *((step, "done") for step in ("first", "second", "third")),
    ]
    acted = ledger.effects(bench.effects)
    assert ledger.faults(scope, acted, {}) == []
    assert len(acted[session.id, 1]) == 1
    ledger.require_sound(user, "")
