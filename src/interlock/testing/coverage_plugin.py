"""What `pytest --interlock-cov` does: watch, put together what the workers of xdist saw, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interlock import plugins
from interlock.engine.errors import InterlockError
from interlock.testing.observation import unwatch, watch
from interlock.testing.transition_coverage import TransitionCoverage

OUTPUT = "interlock_transitions"


class CoveragePlugin:
    """Registered for a run with the option."""

    def __init__(self, config: pytest.Config, named: str) -> None:
        self.names = [name.strip() for name in named.split(",") if name.strip()]
        known = {plugin.name for plugin in plugins.available(plugins.SESSION_TYPES)}
        for name in self.names:
            if name not in known and Path(config.invocation_params.dir, name).exists():
                raise pytest.UsageError(
                    f"--interlock-cov takes {name} for a session type; write --interlock-cov= "
                    "for all of them, or put the option last"
                )
        self.fail_under: float | None = config.getoption("--interlock-cov-fail-under")
        self.seen = TransitionCoverage()
        self.problems: list[str] = []
        self._watcher = self.seen.take
        watch(self._watcher)

    def pytest_unconfigure(self) -> None:
        """Leave the engine as it was."""
        unwatch(self._watcher)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker saw."""
        output = getattr(node, "workeroutput", None) or {}
        if OUTPUT in output:
            self.seen.add(output[OUTPUT])
        else:
            self.problems.append("a worker ended badly; what its tests took is not counted")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over as a worker; else judge the whole."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = self.seen.dump()
            return
        self._settle()
        if self.fail_under is not None and self.seen.percent < self.fail_under:
            told = f"{self.seen.percent:.1f} % of the rows is less than {self.fail_under:g} %"
            self.problems.append(told)
        if self.problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report."""
        terminalreporter.section("transitions that sessions took", "-")
        if not self.seen.types:
            terminalreporter.write_line("no session took any in this process")
        else:
            for line in self.seen.report():
                terminalreporter.write_line(line)
        for told in self.problems:
            terminalreporter.write_line(f"FAILED: {told}", red=True, bold=True)

    def _settle(self) -> None:
        """Keep the types that were named, also those of which nothing was seen."""
        if not self.names:
            return
        known = {seen.name for seen in self.seen.types.values()}
        for name in self.names:
            if name in known:
                continue
            try:
                self.seen.know(plugins.load_type(name))
            except InterlockError as error:
                self.problems.append(str(error))
        self.seen = self.seen.only(self.names)
