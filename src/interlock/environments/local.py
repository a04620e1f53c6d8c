"""Environment `local`: commands run on this machine, in the session's work directory."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

from attrs import evolve

from interlock.agents.invocation import PYTHON, Agent, Invocation, Reader, StreamingAgent
from interlock.engine import Call, Interaction, Prompt, Result, Session, Shell
from interlock.engine.errors import InterlockError
from interlock.environments.asking import Listen, Listener, lay_files
from interlock.environments.calls import perform
from interlock.environments.environ import command_variables
from interlock.environments.git import Git
from interlock.environments.options import read_options
from interlock.environments.process import MEBIBYTE, run_process
from interlock.environments.process_tree import end_strays
from interlock.environments.results import Refusal, judge, refuse
from interlock.plugins.contracts import Emit
from interlock.secrets.inlet import clear, redaction_for
from interlock.secrets.redaction import Redaction

TIMEOUT = 3600.0  # seconds, for a command that has no limit of its own
STRUCTURED_KEEP = 64 * MEBIBYTE


class Local:
    """Runs commands in the session's directory, on your own files.

    What goes wrong with a command is its Result.
    """

    def __init__(
        self,
        find_agent: Callable[[str], Agent] | None = None,
        about: Mapping[str, str] | None = None,
    ) -> None:
        """`find_agent` gives the agent of a name; without it those that are installed. Each
        command gets the variables `about`, unless it brings its own of that name."""
        self._find_agent = find_agent or _load_agent
        self._about = dict(about or {})

    def check(self, options: tuple[str, ...]) -> None:
        """Raise InvalidInput unless the words after the name are options of this environment."""
        read_options("local", options)

    def execute(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: Event
    ) -> Result:
        """The result of the interaction's command. It ends early when `stop` is set. What a
        killed run of this session left running is ended first."""
        began = time.monotonic()
        try:
            result = self._perform(session, interaction.command, emit, stop)
        except Refusal as refusal:
            result = refuse(refusal)
        if result.duration_ms is None:
            result = evolve(result, duration_ms=round(1000 * (time.monotonic() - began)))
        return result

    def _perform(self, session: Session, command: object, emit: Emit, stop: Event) -> Result:
        workdir = _workdir(session)
        if left := end_strays(session.id):
            raise Refusal(
                f"{left} processes of an earlier run of this session could not be ended: "
                f"end those with INTERLOCK_TAG={session.id} in their environment by hand"
            )
        if isinstance(command, Shell):
            asked = Invocation(command.argv, command.input, {**self._about, **command.env})
            cwd = _inside(workdir, command.cwd or ".")
            variables = command_variables(session, asked, os.environ)
            run = Run(session, cwd, variables, emit, stop)
            return run.finish(asked, command.timeout)
        if isinstance(command, Prompt):
            return self._prompt(session, workdir, command, emit, stop)
        if isinstance(command, Call):
            timeout = TIMEOUT if command.timeout is None else command.timeout
            git = Git(workdir, source=os.environ, tag=session.id, stop=stop, timeout=timeout)
            return perform(command, workdir, git)
        raise Refusal(f"local runs Shell, Prompt and Call, not {command!r:.200}")

    def _prompt(
        self, session: Session, workdir: Path, prompt: Prompt, emit: Emit, stop: Event
    ) -> Result:
        name, options = _split(prompt.agent or session.agent)
        reader: Reader | None = None
        try:
            agent = self._find_agent(name)
            asked = agent.invoke(prompt, session, options)
            if isinstance(agent, StreamingAgent):
                reader = agent.reader(prompt, session, options)
        except InterlockError as error:
            raise Refusal(f"agent {name}: {error}") from None
        except Exception as error:
            raise Refusal(f"agent {name} raised {type(error).__name__}: {error}") from None
        if not isinstance(asked, Invocation):
            raise Refusal(f"agent {name} made {asked!r:.200}, which is no Invocation")
        asked = evolve(asked, env={**self._about, **asked.env})
        with lay_files(asked, session.id) as laid:
            variables = command_variables(session, laid, os.environ)
            run = Run(session, workdir, variables, emit, stop)
            listener = None if reader is None else Listener(reader, run.emit)
            listen = None if listener is None else listener.feed
            result = run.finish(laid, prompt.timeout, listen)
        try:
            if listener is not None:
                listener.close()
                if listener.fault is not None:
                    raise listener.fault
            answer = agent.read(prompt, result) if reader is None else reader.finish(result)
        except Exception as error:
            fault = f"agent {name}: reading raised {type(error).__name__}: {error}"
            return clear(run.redaction, result.failed(fault))
        if not isinstance(answer, Result):
            return result.failed(f"agent {name} read {answer!r:.200}, which is no Result")
        if answer.status == "error" and answer.data.get("kind") == "options":
            from interlock.environments.agent_programs import name_version  # rarely needed

            answer = name_version(answer, agent, asked)
        return clear(run.redaction, answer)


def _load_agent(name: str) -> Agent:
    from interlock.plugins.registry import load_agent  # not for one who brings the agents along

    return load_agent(name)


def _workdir(session: Session) -> Path:
    if not session.workdir or not Path(session.workdir).is_absolute():
        raise Refusal("the session has no work directory: start it with --workdir DIR")
    try:
        if Path(session.workdir).is_dir():
            return Path(session.workdir)
    except (OSError, ValueError) as error:
        raise Refusal(f"the work directory {session.workdir!r} is unusable: {error}") from None
    raise Refusal(f"the work directory {session.workdir} does not exist: make it again")


def _inside(workdir: Path, cwd: str) -> Path:
    try:
        directory = (workdir / cwd).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise Refusal(f"the directory {cwd!r} cannot be used: {error}") from None
    if not directory.is_relative_to(workdir.resolve()):
        raise Refusal(f"the directory {cwd} is outside the work directory: name one inside")
    return directory


def _split(agent: str | None) -> tuple[str, tuple[str, ...]]:
    try:
        words = shlex.split(agent or "")
    except ValueError as error:
        raise Refusal(f"the agent {agent!r} cannot be split into words: {error}") from None
    if not words:
        raise Refusal("the session has no agent: start it with --agent, as in 'program ruff'")
    return words[0], tuple(words[1:])


class Run:
    """One process of a session, with all that it and its reader tell cleared of secrets."""

    def __init__(
        self, session: Session, cwd: Path, variables: Mapping[str, str], emit: Emit, stop: Event
    ) -> None:
        self.redaction: Redaction | None = redaction_for(session.account_id, variables)
        self._session = session
        self._cwd = cwd
        self._variables = variables
        self._emit = emit
        self._stop = stop

    def emit(self, kind: str, data: Mapping[str, Any]) -> None:
        """Emits an event. What a reader decodes may hold what its line did not show."""
        self._emit(kind, data if self.redaction is None else self.redaction.value(data))

    def finish(
        self, asked: Invocation, timeout: float | None, listen: Listen | None = None
    ) -> Result:
        """The result of the process, after its end."""

        def tell(stream: str, text: str) -> None:
            if not (asked.structured and stream == "stdout"):
                self._emit("output", {"stream": stream, "text": text})

        python = asked.argv[:1] == (PYTHON,)
        finished = run_process(
            (sys.executable, *asked.argv[1:]) if python else asked.argv,
            cwd=self._cwd,
            env=self._variables,
            stdin=_encode(asked.stdin),
            timeout=TIMEOUT if timeout is None else timeout,
            idle=asked.idle,
            emit=tell,
            stop=self._stop,
            keep=STRUCTURED_KEEP if asked.structured and listen is None else MEBIBYTE,
            listen=listen,
            redaction=self.redaction,
            tag=self._session.id,
        )
        return judge(finished, asked.ok_codes)


def _encode(text: str | None) -> bytes | None:
    try:
        return None if text is None else text.encode()
    except UnicodeEncodeError as error:
        raise Refusal(
            f"the text for standard input has a lone surrogate at {error.start}: remove it"
        ) from None
