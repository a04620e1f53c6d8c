"""Which agent programs are on this machine: where, which version, and whether one is logged in."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import uuid4

from attrs import evolve, frozen

from interlock.agents.description import Description
from interlock.agents.invocation import Invocation
from interlock.engine import Result
from interlock.environments.environ import build_environment
from interlock.environments.process import Finished, run_process

PATIENCE = 15.0  # seconds for one answer; the slowest needs three
KEEP = 64 * 1024


@frozen(kw_only=True)
class AgentProgram:
    """One agent's program, as it is found here."""

    name: str
    """The agent's."""
    about: Description
    path: str | None = None
    """Where it lies; None: it is not installed."""
    version: str | None = None
    """None where it is not installed or does not say."""
    fault: str = ""
    """Why it does not say its version, in words."""
    logged_in: bool | None = None
    """None where that cannot be told."""

    @property
    def advice(self) -> str:
        """What should be done or known about it, in words; empty for nothing."""
        if self.path is None:
            return f"`{self.about.install}` installs it; then {self.about.login}"
        doubts = [self.fault or self.about.doubt(self.version or "")]
        doubts += [f"not logged in: {self.about.login}"] if self.logged_in is False else []
        return "; ".join(filter(None, doubts))


def find_programs(agents: Mapping[str, object]) -> list[AgentProgram]:
    """The programs of those of the agents that have one, in their order; asked all at once.

    Each is asked in an empty directory: in that of a project it could run what lies there.
    """
    known = [
        (name, about, getattr(agent, "inherit", ()))
        for name, agent in agents.items()
        if isinstance(about := getattr(agent, "description", None), Description)
    ]
    with tempfile.TemporaryDirectory() as empty, ThreadPoolExecutor(len(known) or 1) as pool:
        return list(pool.map(lambda one: _find(one[0], one[1], one[2], Path(empty)), known))


def name_version(answer: Result, agent: object, asked: Invocation) -> Result:
    """The answer of an agent. Where its program did not know an option, the error says which
    version is here, and which were tried."""
    about = getattr(agent, "description", None)
    unknown_option = answer.status == "error" and answer.data.get("kind") == "options"
    if not unknown_option or not isinstance(about, Description):
        return answer
    with tempfile.TemporaryDirectory() as empty:
        version, _ = _ask_version(about, asked.argv[0], asked.inherit, Path(empty))
    here = f"this is {about.program} {version}" if version else "its version is not known"
    tried = f", and {about.range} was tried" if about.range else ""
    return evolve(answer, error=f"{answer.error}: {here}{tried}")


def _find(name: str, about: Description, inherit: Iterable[str], cwd: Path) -> AgentProgram:
    place = shutil.which(about.program)
    if place is None:
        return AgentProgram(name=name, about=about)
    path = os.path.abspath(place)  # noqa: PTH100 - PATH may have relative places
    found = AgentProgram(name=name, about=about, path=path)
    version, fault = _ask_version(about, path, inherit, cwd)
    logged_in = None if fault else _ask_login(about, path, inherit, cwd)
    return evolve(found, version=version, fault=fault, logged_in=logged_in)


def _ask_version(
    about: Description, program: str, inherit: Iterable[str], cwd: Path
) -> tuple[str | None, str]:
    """The version, or why there is none."""
    answer = _ask((program, *about.version), inherit, cwd)
    words = f"`{about.program} {' '.join(about.version)}`"
    if answer.error or answer.code:
        return None, f"{words} failed: {answer.error or f'exit code {answer.code}'}"
    found = re.search(r"\d+\.\d+(?:\.\d+)*(?:-[\w.]+)?", answer.stdout)
    return (found[0], "") if found else (None, f"{words} names no version")


def _ask_login(about: Description, path: str, inherit: Iterable[str], cwd: Path) -> bool | None:
    if any(os.environ.get(key) for key in about.keys):
        return True
    if not about.login_check:
        return None
    answer = _ask((path, *about.login_check), inherit, cwd)
    return None if answer.code is None else answer.code == 0


def _ask(argv: tuple[str, ...], inherit: Iterable[str], cwd: Path) -> Finished:
    return run_process(
        argv,
        cwd=cwd,
        # What a session's prompt would get, so that the answer is that of a session.
        env=build_environment({}, allow=inherit, source=os.environ),
        stdin=None,
        timeout=PATIENCE,
        emit=lambda stream, text: None,
        stop=Event(),
        keep=KEEP,
        tag=f"asked-{uuid4()}",
    )
