"""Environment `clone`: a git clone per session, which the engine only fetches from.

The session begins at the last commit of the repository its work directory is in; what was not
committed there stays there. Its branch is `interlock/<type>-<short id>`. Each commit of the session
is offered to the user's repository as a branch. An agent may do to its clone what it likes: the
engine never runs git with the clone's configuration. It runs as the user, though: this protects
from what an agent does in its clone, and not from one that goes and looks for other places.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from attrs import evolve

from interlock.agents.invocation import Agent
from interlock.engine import Call, Interaction, Result, Session, Shell
from interlock.engine.errors import InvalidInput
from interlock.environments import calls, ports, workspace
from interlock.environments.git import Git
from interlock.environments.local import TIMEOUT, Local
from interlock.environments.making import clone
from interlock.environments.observation import observe
from interlock.environments.options import Options, read_options
from interlock.environments.process_tree import end_strays
from interlock.environments.remote import find_base
from interlock.environments.results import Refusal, refuse
from interlock.environments.snapshot import take_snapshot
from interlock.environments.store_git import StoreGit, check_workdir, deliver, offer
from interlock.environments.workspace import Workspace
from interlock.plugins.contracts import Emit

TRIES = 3  # of a merge, while others move its target
SET_UP = "set-up"  # in the workspace, once the set-up command has succeeded


class Clone:
    """Runs commands in a git clone of the session's own."""

    kind = "clone"
    label = ""
    """What the user is told about it each time, such as whom it is for."""

    def __init__(self, find_agent: Callable[[str], Agent] | None = None) -> None:
        """`find_agent` as for Local."""
        self._find_agent = find_agent

    def check(self, options: tuple[str, ...]) -> None:
        """Raise InvalidInput unless the words after the name are options of this environment."""
        read_options(self.kind, options)

    def execute(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: Event
    ) -> Result:
        """The result of the interaction's command; its `data` has the commits `before` and `after`
        it, which hold all files of the work tree, and the id of the `tree` of the second: the same
        files, the same id."""
        began = time.monotonic()
        try:
            ours = self._enter(session, emit, stop)
            inside = evolve(session, workdir=str(ours.workdir))
            local = Local(self._find_agent, ports.variables(session))
            run = partial(local.execute, inside, emit=emit, stop=stop)
            if fault := _set_up(ours, Options.of(self.kind, session.environment), interaction, run):
                return fault
            words = f"before {interaction.seq} {interaction.step}"
            before = take_snapshot(ours.tree, ours.store, words)
            if isinstance(interaction.command, Call):
                result = self.call(ours, session, interaction.command, stop)
            else:
                result = run(interaction)
        except InvalidInput as error:  # of a session whose environment nobody checked
            result = refuse(Refusal(str(error)))
        except Refusal as refusal:
            result = refuse(refusal)
        else:
            result = observe(result, ours, before, interaction)
        if result.duration_ms is None:
            result = evolve(result, duration_ms=round(1000 * (time.monotonic() - began)))
        return result

    def make(self, folder: Path, git: Git, session: Session, base: str | None) -> Workspace:
        """The session's workspace, which is not there yet, at a commit or at the last one. Raises
        Refusal."""
        return clone(folder, git, self.kind, session.type, base)

    def call(self, ours: Workspace, session: Session, call: Call, stop: Event) -> Result:
        """What the function of a Call answers. Raises Refusal."""
        timeout = TIMEOUT if call.timeout is None else call.timeout
        git = StoreGit(ours, source=os.environ, tag=session.id, stop=stop, timeout=timeout)
        given = {key: value for key, value in call.arguments.items() if isinstance(value, str)}
        if call.function == "commit":
            return _commit(git, call, given)
        if call.function == "merge" and "into" in given:
            return _merge(git, call, given, session.id, stop)
        if call.function == "branch" and "name" in given and git.current() != given["name"]:
            git.refresh(given["name"])
        return calls.perform(call, ours.workdir, git)

    def _enter(self, session: Session, emit: Emit, stop: Event) -> Workspace:
        if left := end_strays(session.id):
            raise Refusal(f"{left} processes of an earlier run of this session could not be ended")
        folder = workspace.place(session.id)
        ours = workspace.read(folder)
        if ours is None:
            if not session.workdir or not Path(session.workdir).is_dir():
                raise Refusal("the session has no work directory: start it with --workdir DIR")
            at = Path(session.workdir)
            git = Git(at, source=os.environ, tag=session.id, stop=stop, timeout=TIMEOUT)
            wanted = Options.of(self.kind, session.environment).base
            base = None if wanted is None else find_base(git, wanted, session.id, stop)
            ours = self.make(folder, git, session, base)
            emit("workspace", _describe(ours, self.label))
        for name in ("index.lock", "snapshot-index.lock", "HEAD.lock"):
            with suppress(FileNotFoundError):  # of a git that was killed: nobody else is here
                (ours.store / name).unlink()
        check_workdir(ours)
        return ours


def _set_up(
    ours: Workspace, options: Options, row: Interaction, run: Callable[[Interaction], Result]
) -> Result | None:
    """What went wrong with the set-up command; None when there is none, or it was done."""
    done = Path(ours.folder, SET_UP)
    if not options.setup or done.exists():
        return None
    result = run(evolve(row, command=Shell(options.setup)))
    if not result.ok:
        return result.failed(f"the set-up command failed: {result.error}")
    done.touch()
    return None


def _describe(ours: Workspace, label: str) -> dict[str, Any]:
    left = f"; what is not committed in {ours.repository} is not here" if ours.changed else ""
    told = f"{ours.kind}{label} at {ours.tree}, branch {ours.branch}, from {ours.base[:12]}{left}"
    return {"text": told, "branch": ours.branch, "base": ours.base, "tree": str(ours.tree)}


def _commit(git: StoreGit, call: Call, given: dict[str, str]) -> Result:
    if given.get("branch", git.current()) == git.current():
        git.refresh(git.current())  # its children may have gone on there
        git.adopt()
    result = calls.perform(call, git.workdir, git)
    fault = offer(git.ours, git.current())
    told = f"; {git.ours.repository} has it as {git.current()}"
    if fault:
        told = f"; {git.ours.repository} could not take it as {git.current()}: {fault}"
    data = {**result.data, "offered": None if fault else git.current()}
    return evolve(result, output=result.output + told, data=data)


def _merge(git: StoreGit, call: Call, given: dict[str, str], tag: str, stop: Event) -> Result:
    began, into = git.current(), given["into"]
    left = TRIES
    while True:
        left -= 1
        for branch in (into, given.get("branch", into)):
            git.refresh(branch)
        before = git.find(into)
        result = calls.perform(call, git.workdir, git)
        try:
            deliver(git.ours, into, tag=tag, stop=stop)
        except Refusal as refusal:
            git.go_back(began, into, before)
            if left and git.has_moved(into, before):
                continue  # another session was faster: theirs is merged too
            raise Refusal(
                f"{into} in {git.ours.repository} cannot have the merge: {refusal}",
                refusal.finished,
            ) from None
        return result
